import LinkCore
import Yams

/// Reads a rule file node by node; goes on after a mistake, so that all are told at once.
struct RuleFileReader {
    var file = RuleFile(ruleSet: RuleSet(version: 0, classes: [], suspectLimits: [:]))

    static func read(_ text: String) -> RuleFile {
        var reader = RuleFileReader()
        do {
            if let root = try Yams.compose(yaml: text) {
                reader.read(root)
            } else {
                reader.fail(.missing, nil, "the file says nothing", "assetlinkctl rules export shows the form.")
            }
        } catch let error as YamlError {
            reader.note(error)
        } catch {
            reader.fail(.notYAML, nil, "this is no YAML", nil)
        }
        reader.file.problems.sort { ($0.place ?? Place(line: 0, column: 0)) < ($1.place ?? Place(line: 0, column: 0)) }
        return reader.file
    }

    private mutating func read(_ root: Node) {
        let members = members(of: root, "the file", RuleSection.allCases.map(\.rawValue))
        for section in RuleSection.allCases {
            guard let node = members[section.rawValue] else { continue }
            file.sections.insert(section)
            file.places[.section(section)] = node.place
            switch section {
            case .classes: readClasses(node)
            case .placeholders: readPlaceholders(node)
            case .lifecycle: readLifecycle(node)
            case .manufacturers: readManufacturers(node)
            case .suspectLimits: readSuspectLimits(node)
            }
        }
    }

    private mutating func note(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            fail(.notYAML, Place(mark), "this is no YAML: \(problem)", nil)
        case .duplicatedKeysInMapping(let names, let context):
            fail(
                .duplicate, Place(context.mark), "stands here twice: \(names.joined(separator: ", "))",
                "Keep one of them.")
        case .reader(let problem, _, _, _):
            fail(.notYAML, nil, "this is no text that YAML allows: \(problem)", "Write such characters as \"\\u0007\".")
        default: fail(.notYAML, nil, "this is no YAML", nil)
        }
    }

    mutating func fail(
        _ code: RuleProblem.Code, _ place: Place?, about subject: String? = nil, _ message: String, _ remedy: String?
    ) {
        file.problems.append(RuleProblem(.error, code, at: place, about: subject, message, remedy: remedy))
    }

    // MARK: Shapes

    /// The members of a mapping; what is not known there is told, with the nearest right name.
    mutating func members(of node: Node, _ what: String, _ known: [String]) -> [String: Node] {
        var result: [String: Node] = [:]
        for (key, value) in pairs(of: node, what) {
            if known.contains(key.text) {
                result[key.text] = value
            } else {
                fail(
                    .unknownKey, key.place, "\(what) has no \"\(key.text)\"",
                    Nearest.advice(for: key.text, in: known))
            }
        }
        return result
    }

    /// Names and values of a mapping in their order.
    mutating func pairs(of node: Node, _ what: String) -> [(key: (text: String, place: Place?), value: Node)] {
        guard case .mapping(let mapping) = node else {
            fail(.wrongShape, node.place, "\(what) must be names with values", "Write \"name: value\", one a line.")
            return []
        }
        return mapping.compactMap { key, value in
            guard case .scalar(let scalar) = key else { return nil }
            return ((scalar.string, key.place), value)
        }
    }

    /// The items of a sequence.
    mutating func items(of node: Node, _ what: String) -> [Node] {
        guard case .sequence(let sequence) = node else {
            fail(.wrongShape, node.place, "\(what) must be a list", "Write \"[a, b]\", or \"- a\", one a line.")
            return []
        }
        return Array(sequence)
    }

    /// A text; what YAML takes for nothing must be quoted to be one.
    mutating func text(of node: Node?, _ what: String, _ place: Place?) -> String? {
        guard let node else {
            fail(.missing, place, "\(what) is missing", nil)
            return nil
        }
        guard case .scalar(let scalar) = node else {
            fail(.wrongShape, node.place, "\(what) must be a text", nil)
            return nil
        }
        if node.isNothing {
            fail(.wrongShape, node.place, "\(what) is empty", "A text that reads \"\(scalar.string)\" needs quotes.")
            return nil
        }
        return scalar.string
    }

    /// A list of texts; one alone may stand without a list.
    mutating func texts(of node: Node, _ what: String) -> [String] {
        if case .scalar = node { return text(of: node, what, node.place).map { [$0] } ?? [] }
        return items(of: node, what).compactMap { text(of: $0, what, $0.place) }
    }

    /// A whole number of at least `least`.
    mutating func number(of node: Node?, _ what: String, from least: Int, _ place: Place?) -> Int? {
        if let node, case .scalar(let scalar) = node, let number = Int(scalar.string),
            (least...999_999_999).contains(number)
        {
            return number
        }
        fail(
            node == nil ? .missing : .wrongShape, node?.place ?? place,
            node == nil ? "\(what) is missing" : "\(what) must be a whole number from \(least)", nil)
        return nil
    }

    /// `true` or `false`; nothing is false.
    mutating func flag(of node: Node?, _ what: String) -> Bool {
        guard let node else { return false }
        if case .scalar(let scalar) = node, ["true", "false"].contains(scalar.string) {
            return scalar.string == "true"
        }
        fail(.wrongShape, node.place, "\(what) must be true or false", nil)
        return false
    }
}

extension Place {
    init(_ mark: Mark) { self.init(line: mark.line, column: mark.column) }
}

extension Node {
    /// Where it begins.
    var place: Place? { mark.map(Place.init) }

    /// Whether it is an empty value, or one of YAML's words for it.
    var isNothing: Bool {
        guard case .scalar(let scalar) = self, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null"].contains(scalar.string)
    }
}
