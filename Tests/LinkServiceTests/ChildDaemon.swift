import Glibc

/// The real `assetlinkd`, as built beside the tests, in a process of its own.
struct ChildDaemon {
    /// It could not be started, or ended otherwise than asked.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let pid: pid_t

    /// Starts it with what it logs on standard error.
    init(database: String) throws {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { chars in
                chars.baseAddress.map { readlink("/proc/self/exe", $0, chars.count) } ?? 0
            }
        }
        let own = String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
        let program = String(own.prefix(through: own.lastIndex(of: "/") ?? own.startIndex)) + "assetlinkd"
        guard access(program, X_OK) == 0 else {
            throw Failure(description: "\(program) is not there; run: swift build --product assetlinkd")
        }
        let words = [program, "--log-level", "warning", "--database", database]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var child = pid_t()
        guard posix_spawn(&child, program, nil, nil, &arguments, environ) == 0 else {
            throw Failure(description: "\(program) could not be started")
        }
        pid = child
    }

    /// The most memory that it has had so far, in kB; fails where it has ended.
    func peakMemory() throws -> Int {
        guard let file = fopen("/proc/\(pid)/status", "r") else { throw Failure(description: "the daemon has ended") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let peak = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            throw Failure(description: "the daemon has ended")
        }
        return peak
    }

    /// Asks it to stop and waits until it has.
    func stop() throws {
        kill(pid, SIGTERM)
        var status: CInt = 0
        guard waitpid(pid, &status, 0) == pid, status == 0 else {
            throw Failure(description: "the daemon ended with status \(status)")
        }
    }
}
