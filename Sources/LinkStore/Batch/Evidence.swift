import LinkCore

/// The evidence columns: every value that a record showed, with what became of it; written without a tree, because
/// every record that is read has one.
enum Evidence {
    static func asset(_ values: [ReadValue]) -> String {
        var out = "["
        for value in values {
            if out.utf8.count > 1 { out += ", " }
            out += "{"
            member("a", value.attribute, &out)
            out += ","
            member("k", value.kind.rawValue, &out)
            fate(of: value, &out)
            out += "}"
        }
        out += "]"
        return out
    }

    static func ci(_ reading: CIReading, rules: CompiledRuleSet, spaceIDs: [Int32]) -> String {
        var out = "["
        for entry in reading.entries {
            let space = rules.spaces[entry.entry.space]
            let type =
                switch entry.entry.entry.comparison {
                case .regular: entry.entry.isDependent ? "dependent" : "regular"
                case .lookup: entry.entry.isDependent ? "dependent" : "lookup"
                case .hybrid: "hybrid"
                }
            let head = "{\"p\":\(entry.entry.priority),\"t\":\"\(type)\","
            let tail = ",\"sp\":\(spaceIDs[entry.entry.space])"
            for value in entry.values {
                if out.utf8.count > 1 { out += ", " }
                out += head
                member("k", value.kind.rawValue, &out)
                out += ","
                member("a", value.attribute, &out)
                if let type = value.type {
                    out += ","
                    member("ty", type, &out)
                }
                fate(of: value, &out)
                out += tail
                // A value stands with the key it takes part in; a lookup member with its own.
                if let usable = value.usable, let key = entry.keys.first(where: { $0.values.contains(usable) }) {
                    out += ","
                    member("key", KeyText.of(key, in: space), &out)
                }
                out += "}"
            }
        }
        out += "]"
        return out
    }

    /// Raw, canonical, and what suppressed it.
    private static func fate(of value: ReadValue, _ out: inout String) {
        out += ","
        member("r", value.raw, &out)
        if let canonical = value.canonical {
            out += ","
            member("c", canonical, &out)
        }
        if let suppression = value.suppression {
            out += ","
            member("s", suppression.description, &out)
        }
    }

    private static func member(_ name: StaticString, _ value: String, _ out: inout String) {
        out += "\""
        out += name.description
        out += "\":"
        JSONString.append(value, to: &out)
    }
}
