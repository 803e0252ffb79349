extension DocumentValue {
    /// YAML, the same for the same value: what fits on a line stands on it.
    package var yaml: String {
        var lines: [String] = []
        write(to: &lines, indent: 0, depth: 0)
        return lines.joined(separator: "\n") + "\n"
    }

    private static let width = 110

    private func write(to lines: inout [String], indent: Int, depth: Int) {
        let space = String(repeating: " ", count: indent)
        switch self {
        case .text, .number, .flag: lines.append(space + flow)
        case .list(let items):
            for item in items { item.write(after: space + "-", to: &lines, indent: indent + 2, depth: depth + 1) }
        case .map(let members):
            for (name, value) in members {
                value.write(
                    after: space + Self.plainOrQuoted(name) + ":", to: &lines, indent: indent + 2, depth: depth + 1)
            }
        }
    }

    /// Behind a dash or a name where it fits, else below it.
    private func write(after head: String, to lines: inout [String], indent: Int, depth: Int) {
        if isEmptyOrPlain || depth > 1 && !holdsMapsInLists && head.count + 1 + flow.count <= Self.width {
            lines.append(head + " " + flow)
            return
        }
        if head.hasSuffix("-"), case .map = self {
            // The first member of a map in a list stands behind the dash.
            let first = lines.count
            write(to: &lines, indent: indent, depth: depth)
            lines[first] = head + lines[first].dropFirst(head.count)
            return
        }
        lines.append(head)
        write(to: &lines, indent: indent, depth: depth)
    }

    private var isEmptyOrPlain: Bool {
        switch self {
        case .text, .number, .flag: true
        case .list(let items): items.isEmpty
        case .map(let members): members.isEmpty
        }
    }

    /// Lists of maps are easier to read, and to compare, one below the other.
    private var holdsMapsInLists: Bool {
        switch self {
        case .text, .number, .flag: false
        case .list(let items):
            items.contains { item in
                if case .map = item { return true }
                return item.holdsMapsInLists
            }
        case .map(let members): members.contains { $0.value.holdsMapsInLists }
        }
    }

    /// On one line.
    private var flow: String {
        switch self {
        case .text(let text): Self.plainOrQuoted(text)
        case .number, .flag: json
        case .list(let items): "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .map(let members):
            "{" + members.map { "\(Self.plainOrQuoted($0.name)): \($0.value.flow)" }.joined(separator: ", ") + "}"
        }
    }

    /// As it is where nobody could take it for anything but a text.
    private static func plainOrQuoted(_ text: String) -> String {
        let words: Set = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        let isPlain = text.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "/"),
                UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: ")"):
                index > 0
            default: false
            }
        }
        let isSafe = isPlain && !text.isEmpty && text.last != " " && !words.contains(text.lowercased())
        return isSafe ? text : quoted(text)
    }
}
