import LinkCore
import Yams

extension RuleFileReader {
    /// Placeholders by kind.
    mutating func readPlaceholders(_ node: Node) {
        struct Identity: Hashable {
            let kind: IdentifierKind
            let value: String
            let isPattern: Bool
            let manufacturer: String?
        }
        var seen: Set<Identity> = []
        for (key, list) in pairs(of: node, "\"placeholders\"") {
            guard let kind = IdentifierKind(rawValue: key.text) else {
                let known = IdentifierKind.allCases.map(\.rawValue)
                fail(
                    .unknownWord, key.place, "there is no kind \"\(key.text)\"",
                    Nearest.advice(for: key.text, in: known))
                continue
            }
            for item in items(of: list, "placeholders of kind \(key.text)") {
                guard var placeholder = readPlaceholder(item, kind) else { continue }
                placeholder.id = file.ruleSet.placeholders.count + 1
                let identity = Identity(
                    kind: kind, value: placeholder.value, isPattern: placeholder.isPattern,
                    manufacturer: placeholder.manufacturer)
                if !seen.insert(identity).inserted {
                    fail(.duplicate, item.place, "this placeholder stands here twice", "Keep one of them.")
                }
                file.places[.placeholder(file.ruleSet.placeholders.count)] = item.place
                file.ruleSet.placeholders.append(placeholder)
            }
        }
    }

    private mutating func readPlaceholder(_ node: Node, _ kind: IdentifierKind) -> Placeholder? {
        if case .scalar = node {
            return text(of: node, "a placeholder", node.place).map { Placeholder(id: 0, kind: kind, value: $0) }
        }
        let members = members(of: node, "a placeholder", ["value", "pattern", "manufacturer", "note"])
        let isPattern = members["pattern"] != nil
        guard (members["value"] == nil) == isPattern else {
            fail(.wrongShape, node.place, "a placeholder has either \"value\" or \"pattern\"", nil)
            return nil
        }
        guard let value = text(of: members["value"] ?? members["pattern"], "a placeholder", node.place) else {
            return nil
        }
        var placeholder = Placeholder(id: 0, kind: kind, value: value, isPattern: isPattern)
        if let maker = members["manufacturer"], !maker.isNothing {
            placeholder.manufacturer = text(of: maker, "\"manufacturer\"", node.place)
        }
        if let note = members["note"], !note.isNothing {
            placeholder.note = text(of: note, "\"note\"", node.place)
        }
        return placeholder
    }

    /// Raw states by side and meaning, of any source and of single ones.
    mutating func readLifecycle(_ node: Node) {
        struct Identity: Hashable {
            let side: String
            let source: String?
            let state: String
        }
        var seen: Set<Identity> = []
        func read(_ reader: inout RuleFileReader, _ side: String, _ value: Node, source: String?) {
            guard let kind = LifecycleMapping.Side(rawValue: side) else { return }
            let meanings = kind == .ci ? ["active", "retired"] : LifecyclePhase.allCases.map(\.rawValue)
            for (meaning, list) in reader.pairs(of: value, "\"lifecycle\" of \(side)") {
                guard meanings.contains(meaning.text) else {
                    reader.fail(
                        .unknownWord, meaning.place, "no state of this side means \"\(meaning.text)\"",
                        Nearest.advice(for: meaning.text, in: meanings))
                    continue
                }
                for item in reader.items(of: list, "the states that mean \(meaning.text)") {
                    guard let text = reader.text(of: item, "a raw state", item.place) else { continue }
                    let state = text.trimmed.lowercased()
                    if !seen.insert(Identity(side: side, source: source, state: state)).inserted {
                        reader.fail(.duplicate, item.place, "the state \"\(state)\" stands here twice", nil)
                    }
                    reader.file.ruleSet.lifecycle.append(
                        LifecycleMapping(side: kind, source: source, rawState: state, meaning: meaning.text))
                }
            }
        }
        let members = members(of: node, "\"lifecycle\"", ["asset", "ci", "sources"])
        for side in ["asset", "ci"] {
            if let value = members[side] { read(&self, side, value, source: nil) }
        }
        guard let sources = members["sources"] else { return }
        for (source, sides) in pairs(of: sources, "\"sources\"") {
            let members = self.members(of: sides, "\"lifecycle\" of source \(source.text)", ["asset", "ci"])
            for side in ["asset", "ci"] {
                if let value = members[side] { read(&self, side, value, source: source.text) }
            }
        }
    }

    /// Manufacturers with their other spellings.
    mutating func readManufacturers(_ node: Node) {
        for (name, list) in pairs(of: node, "\"manufacturers\"") {
            for item in items(of: list, "the spellings of \(name.text)") {
                guard let text = text(of: item, "a spelling", item.place) else { continue }
                let alias = text.trimmed.lowercased()
                if file.ruleSet.manufacturerAliases[alias] != nil {
                    fail(.duplicate, item.place, "\"\(alias)\" stands here twice", "It can stand for one only.")
                }
                file.places[.alias(alias)] = item.place
                file.ruleSet.manufacturerAliases[alias] = name.text.trimmed.lowercased()
            }
        }
    }

    /// K of each kind that has one.
    mutating func readSuspectLimits(_ node: Node) {
        file.ruleSet.suspectLimits = limits(of: node, "\"suspect_limits\"")
    }

    /// K by kind, of all CIs and assets or of the CIs of a class.
    mutating func limits(of node: Node, _ what: String) -> [IdentifierKind: Int] {
        let known = IdentifierKind.allCases.filter(\.isIdentifying).map(\.rawValue)
        var limits: [IdentifierKind: Int] = [:]
        for (name, value) in members(of: node, what, known).sorted(by: { $0.key < $1.key }) {
            guard let kind = IdentifierKind(rawValue: name),
                let limit = number(of: value, "the limit of \(name)", from: 0, value.place)
            else { continue }
            limits[kind] = limit
        }
        return limits
    }
}
