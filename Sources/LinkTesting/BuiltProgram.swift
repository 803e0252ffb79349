import Glibc

/// A program of this package, as built beside the one that runs.
package enum BuiltProgram {
    /// Its path.
    package static func path(_ name: String) throws -> String {
        let program = place(of: name)
        guard access(program, X_OK) == 0 else {
            throw ChildProcess.Failure(description: "\(program) is not there; run: swift build --product \(name)")
        }
        return program
    }

    /// Where it is when it was built.
    package static func place(of name: String) -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { chars in
                chars.baseAddress.map { readlink("/proc/self/exe", $0, chars.count) } ?? 0
            }
        }
        let own = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        return String(own.prefix(through: own.lastIndex(of: "/") ?? own.startIndex)) + name
    }
}
