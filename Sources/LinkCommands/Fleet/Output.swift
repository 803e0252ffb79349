import Glibc

/// Standard output and standard error, where `print` is not enough.
enum Output {
    /// Prints a line and makes it visible at once, also through a pipe.
    static func tell(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// Writes a line to standard error.
    static func complain(_ line: String) {
        var bytes = ArraySlice((line + "\n").utf8)
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}

/// A file written line by line; it has its name only once it is whole.
struct LineWriter: ~Copyable {
    private let descriptor: CInt
    private let path: String?
    private var isWhole = false
    private var buffer: [UInt8] = []
    /// What is no file of its own, as a pipe or a terminal, cannot be renamed.
    private let isDirect: Bool

    /// Makes or replaces a file; without a path it is standard output.
    init(path: String?) throws(LineReader.Failure) {
        self.path = path
        var facts = stat()
        isDirect = path.map { stat($0, &facts) == 0 && facts.st_mode & S_IFMT != S_IFREG } ?? true
        let name = isDirect ? path : path.map(Self.draft)
        descriptor = name.map { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) } ?? 1
        guard descriptor >= 0 else {
            throw LineReader.Failure(description: "cannot write \(path ?? ""): \(String(cString: strerror(errno)))")
        }
    }

    /// Adds a line.
    mutating func write(_ line: String) throws(LineReader.Failure) {
        buffer += line.utf8
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count >= 65_536 { try flush() }
    }

    /// Writes what is left.
    consuming func finish() throws(LineReader.Failure) {
        try flush()
        guard !isDirect, let path else { return }
        // On disk before it has its name: what it was made from may be gone afterwards.
        guard fsync(descriptor) == 0, rename(Self.draft(path), path) == 0 else {
            throw LineReader.Failure(description: "cannot write \(path): \(String(cString: strerror(errno)))")
        }
        isWhole = true
    }

    private static func draft(_ path: String) -> String { path + ".part" }

    private mutating func flush() throws(LineReader.Failure) {
        var rest = buffer[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else {
                throw LineReader.Failure(description: "cannot write: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(written)
        }
        buffer.removeAll(keepingCapacity: true)
    }

    deinit {
        if descriptor > 1 { close(descriptor) }
        if !isWhole, !isDirect, let path { unlink(Self.draft(path)) }
    }
}
