import Glibc

/// A file line by line, in the memory of its longest line.
struct LineReader: Sequence, IteratorProtocol {
    /// Why a file cannot be read.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let file: Handle
    private var chunk: ArraySlice<UInt8> = []
    private var isAtEnd = false

    /// Opens a file; `-` is the standard input.
    init(path: String) throws(Failure) {
        file = try Handle(path)
    }

    /// The next line without its end; nil after the last.
    mutating func next() -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            if let end = chunk.firstIndex(of: UInt8(ascii: "\n")) {
                line += chunk[..<end]
                chunk = chunk[(end + 1)...]
                return line
            }
            line += chunk
            chunk = file.read()[...]
            if chunk.isEmpty { return line.isEmpty ? nil : line }
        }
    }

    /// An open file; closed with the last reference.
    private final class Handle {
        let descriptor: CInt

        init(_ path: String) throws(Failure) {
            descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw Failure(description: "cannot read \(path): \(String(cString: strerror(errno)))")
            }
        }

        deinit {
            if descriptor > 0 { close(descriptor) }
        }

        /// Up to 64 KiB; nothing at the end, or when the file cannot be read any further.
        func read() -> [UInt8] {
            [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                count = Swift.max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
            }
        }
    }
}
