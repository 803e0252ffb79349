/// A text as inventories write them: a string, a number or a boolean; anything else counts as absent.
struct LooseText: Decodable {
    let value: String?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            value = nil
        } else if let text = try? container.decode(String.self) {
            value = text
        } else if let flag = try? container.decode(Bool.self) {
            value = flag ? "true" : "false"
        } else if let number = try? container.decode(Int64.self) {
            value = String(number)
        } else if let number = try? container.decode(UInt64.self) {
            value = String(number)
        } else if let number = try? container.decode(Double.self) {
            value = String(number)
        } else {
            value = nil
        }
    }
}

/// A list of texts, or one text that stands for a list of one; members that are no text are left out.
struct LooseList: Decodable {
    let values: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let list = try? container.decode([LooseText].self) {
            values = list.compactMap(\.value)
        } else if let one = try? container.decode(LooseText.self), let text = one.value {
            values = [text]
        } else {
            values = []
        }
    }
}

extension KeyedDecodingContainer {
    /// The text under a key; nil where it is missing or no text.
    func text(_ key: Key) -> String? { (try? decodeIfPresent(LooseText.self, forKey: key))?.value }

    /// The first of several names for one thing.
    func text(_ keys: Key...) -> String? { keys.lazy.compactMap { text($0) }.first }

    /// The texts under a key.
    func texts(_ key: Key) -> [String] { (try? decodeIfPresent(LooseList.self, forKey: key))?.values ?? [] }
}
