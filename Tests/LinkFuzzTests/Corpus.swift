import FoundationEssentials

/// The inputs that the repository keeps for a decoder: one file each, written by us or found by a run.
enum Corpus {
    /// Where they are.
    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("Corpus").path

    /// The folders, each the name of a decoder.
    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// The inputs of a decoder in the order of their names.
    ///
    /// `.hex` is read as hexadecimal digits with `#` comments; of any other file the last line feed is not part.
    static func inputs(_ name: String) throws -> [[UInt8]] {
        try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(name)").sorted().map { file in
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)/\(file)") else {
                throw CocoaError(.fileReadUnknown)
            }
            if file.hasSuffix(".hex") { return bytes(ofHex: String(decoding: data, as: UTF8.self)) }
            return Array(data.last == 0x0A ? data.dropLast() : data)
        }
    }

    /// The bytes that hexadecimal digits show; everything else between them is ignored.
    static func bytes(ofHex text: String) -> [UInt8] {
        let lines = text.split(separator: "\n").map { $0.prefix { $0 != "#" } }
        let digits = lines.joined().compactMap { $0.hexDigitValue }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Bytes as hexadecimal digits, for a file that is to be kept.
    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
