import Glibc

/// A file of text.
package enum TextFile {
    /// Why a file or a folder could not be read.
    package struct Unreadable: Error, Hashable {
        /// In words, without its path.
        package let message: String

        package init(errno code: Int32) { message = String(cString: strerror(code)) }
        package init(_ message: String) { self.message = message }
    }

    /// The whole file; refuses what is not UTF-8, and what is longer than `limit` bytes.
    package static func read(_ path: String, limit: Int = .max) throws(Unreadable) -> String {
        let bytes = try bytes(path, atMost: limit == .max ? .max : limit + 1)
        guard bytes.count <= limit else { throw Unreadable("it has more than \(limit) bytes") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Unreadable("it is not UTF-8") }
        return text
    }

    /// The first line without its end; refuses what is not UTF-8, and a line of more than 4,095 bytes.
    package static func firstLine(_ path: String) throws(Unreadable) -> String {
        let bytes = try bytes(path, atMost: 4_096)
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard line.count < 4_096 else { throw Unreadable("its first line is too long") }
        guard let text = String(validating: line, as: UTF8.self) else { throw Unreadable("it is not UTF-8") }
        return text
    }

    private static func bytes(_ path: String, atMost limit: Int) throws(Unreadable) -> [UInt8] {
        guard let file = fopen(path, "re") else { throw Unreadable(errno: errno) }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 65_536))
        while bytes.count < limit {
            let wanted = min(chunk.count, limit - bytes.count)
            let count = fread(&chunk, 1, wanted, file)
            bytes += chunk.prefix(count)
            if count < wanted { break }
        }
        if ferror(file) != 0 { throw Unreadable(errno: errno) }
        return bytes
    }
}
