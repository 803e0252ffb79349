/// Reads what a client says, piece by piece, for the two things that a proxy wants to know.
struct ClientMessages {
    /// What a piece had in it.
    struct Found {
        /// The `application_name` of the startup message.
        var name: String?
        /// Where in the piece a COMMIT begins: its Bind, or its simple Query.
        var commit: Int?
    }

    private var buffer: [UInt8] = []
    private var hasStarted = false
    /// Names of prepared statements whose text is COMMIT.
    private var commits: Set<[UInt8]> = []

    /// Takes the next piece.
    mutating func take(_ piece: [UInt8]) -> Found {
        var found = Found()
        // Bytes of the buffer that came before this piece.
        let before = buffer.count
        buffer += piece
        var start = 0
        while let message = message(at: start) {
            if message.type == nil {
                if let name = Self.applicationName(message.body) {
                    found.name = name
                    hasStarted = true
                }
            } else if isCommit(message), found.commit == nil {
                found.commit = max(0, start - before)
            }
            start = message.end
        }
        buffer.removeFirst(start)
        return found
    }

    private struct Message {
        /// `nil` = a startup message, which has none.
        var type: UInt8?
        var body: ArraySlice<UInt8>
        var end: Int
    }

    private func message(at start: Int) -> Message? {
        let head = hasStarted ? 1 : 0
        guard buffer.count >= start + head + 4 else { return nil }
        let length = buffer[(start + head)..<(start + head + 4)].reduce(0) { $0 << 8 | Int($1) }
        let end = start + head + length
        guard length >= 4, buffer.count >= end else { return nil }
        return Message(
            type: hasStarted ? buffer[start] : nil, body: buffer[(start + head + 4)..<end], end: end)
    }

    private mutating func isCommit(_ message: Message) -> Bool {
        let parts = message.body.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
        switch message.type {
        case UInt8(ascii: "Q"): return parts.first.map { $0.elementsEqual("COMMIT".utf8) } ?? false
        case UInt8(ascii: "P"):
            guard parts.count > 1 else { return false }
            if parts[1].elementsEqual("COMMIT".utf8) {
                commits.insert(Array(parts[0]))
            } else {
                commits.remove(Array(parts[0]))
            }
            return false
        // The portal's name, then the statement's.
        case UInt8(ascii: "B"): return parts.count > 1 && commits.contains(Array(parts[1]))
        default: return false
        }
    }

    /// Of a startup message: four bytes of version, then names and values.
    private static func applicationName(_ body: ArraySlice<UInt8>) -> String? {
        let words = body.dropFirst(4).split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard let index = words.firstIndex(of: "user"), words.indices.contains(index + 1) else { return nil }
        guard let name = words.firstIndex(of: "application_name"), words.indices.contains(name + 1) else { return "" }
        return words[name + 1]
    }
}
