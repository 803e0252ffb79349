/// As much of JSON Schema (2020-12) as our published schemas use: what does not fit, and where.
package struct JSONSchema {
    private let root: JSONTree

    /// Takes the text of a schema; nil where it is no JSON.
    package init?(_ text: String) {
        guard let tree = JSONTree(Array(text.utf8)) else { return nil }
        root = tree
    }

    /// What of an answer does not fit; empty when all does.
    package func problems(in text: String) -> [String] {
        guard let tree = JSONTree(Array(text.utf8)) else { return ["this is no JSON"] }
        return problems(tree, root, at: "$")
    }

    private func problems(_ value: JSONTree, _ schema: JSONTree, at path: String) -> [String] {
        if case .string(let reference)? = schema["$ref"] {
            guard let target = reference.split(separator: "/").last.flatMap({ root["$defs"]?[String($0)] }) else {
                return ["\(path): the schema refers to nothing: \(reference)"]
            }
            return problems(value, target, at: path)
        }
        var found: [String] = []
        if case .array(let choices)? = schema["anyOf"],
            !choices.contains(where: { problems(value, $0, at: path).isEmpty })
        {
            found.append("\(path): fits none of the choices: \(value.text.prefix(80))")
        }
        if let expected = schema["const"], expected != value { found.append("\(path): is not \(expected.text)") }
        if let type = schema["type"] {
            let types: [JSONTree] = if case .array(let list) = type { list } else { [type] }
            if !types.contains(where: { value.isOf(type: $0) }) {
                return found + ["\(path): \(value.text.prefix(80)) is not of type \(type.text)"]
            }
        }
        switch value {
        case .array(let items):
            guard let item = schema["items"] else { break }
            for (index, value) in items.enumerated() { found += problems(value, item, at: "\(path)[\(index)]") }
        case .object(let members): found += problems(of: members, schema, at: path)
        default: break
        }
        return found
    }

    private func problems(of members: [JSONTree.Member], _ schema: JSONTree, at path: String) -> [String] {
        var found: [String] = []
        if case .array(let required)? = schema["required"] {
            for case .string(let name) in required where !members.contains(where: { $0.name == name }) {
                found.append("\(path): \(name) is missing")
            }
        }
        for member in members {
            if let property = schema["properties"]?[member.name] {
                found += problems(member.value, property, at: "\(path).\(member.name)")
            } else if schema["additionalProperties"] == .word("false") {
                found.append("\(path): \(member.name) is not in the schema")
            }
        }
        return found
    }
}

extension JSONTree {
    /// A member of an object.
    package subscript(_ name: String) -> JSONTree? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// As text for people: two columns deeper each level.
    package func pretty(_ indent: String = "") -> String {
        let deeper = indent + "  "
        switch self {
        case .array(let items) where items.contains { if case .object = $0 { true } else { false } }:
            return "[\n" + items.map { deeper + $0.pretty(deeper) }.joined(separator: ",\n") + "\n\(indent)]"
        case .object(let members) where !members.isEmpty:
            let lines = members.map { "\(deeper)\(JSONTree.string($0.name).text): \($0.value.pretty(deeper))" }
            return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
        default: return text
        }
    }

    fileprivate func isOf(type: JSONTree) -> Bool {
        guard case .string(let type) = type else { return false }
        switch (self, type) {
        case (.word("null"), "null"), (.word("true"), "boolean"), (.word("false"), "boolean"), (.string, "string"),
            (.array, "array"), (.object, "object"):
            return true
        case (.word(let word), "number"): return Double(word) != nil
        case (.word(let word), "integer"): return Int64(word) != nil
        default: return false
        }
    }
}
