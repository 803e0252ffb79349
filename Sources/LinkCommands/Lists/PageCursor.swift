/// Where a page ended: the values that order its last row, in a form that survives a shell.
struct PageCursor: Equatable {
    /// The list it is of.
    let list: String
    /// One value for each key of the list's order, as PostgreSQL writes it.
    let values: [String]

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    init(list: String, values: [String]) {
        self.list = list
        self.values = values
    }

    /// Reads one that a page of the same list gave.
    ///
    /// - Throws: ``Failure`` when it is none, or another list's.
    init(_ text: String, of list: String, keys: Int) throws {
        guard let bytes = Self.decode(text) else { throw Self.wrong(text) }
        let parts = String(decoding: bytes, as: UTF8.self).split(
            separator: "\u{1F}", omittingEmptySubsequences: false
        ).map(String.init)
        guard let name = parts.first, parts.count == keys + 1 else { throw Self.wrong(text) }
        guard name == list else {
            throw Failure(
                .usage, "--after: this cursor is one of \(name.harmless), not of \(list).",
                hint: "Give the one that the page before ended with.")
        }
        self.init(list: name, values: Array(parts.dropFirst()))
    }

    /// The opaque text: base64 as URLs have it, without padding.
    var text: String {
        let bytes = Array(([list] + values).joined(separator: "\u{1F}").utf8)
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0...group.count { out.append(Self.alphabet[word >> (18 - 6 * place) & 63]) }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var word = 0
        var bits = 0
        for byte in text.utf8 {
            guard let value = alphabet.firstIndex(of: byte) else { return nil }
            word = (word << 6 | value) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: word >> bits))
            }
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static func wrong(_ text: String) -> Failure {
        Failure(
            .usage, "--after: \(text.harmless) is no cursor.", hint: "Give the one that the page before ended with.")
    }
}
