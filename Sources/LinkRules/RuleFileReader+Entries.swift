import LinkCore
import Yams

extension RuleFileReader {
    private static let names = [
        "priority", "type", "attributes", "list", "types", "exact_count", "allow_null", "dependent", "when", "among",
    ]

    /// An entry; `nil` when it is of no use.
    mutating func readEntry(_ node: Node, _ about: String) -> IdentifierEntry? {
        let members = members(of: node, about, Self.names)
        guard !members.isEmpty else { return nil }
        let priority = number(of: members["priority"], "the priority of \(about)", from: 1, node.place)
        var type = "regular"
        if let word = members["type"] { type = text(of: word, "the type of \(about)", node.place) ?? type }
        guard ["regular", "lookup", "hybrid"].contains(type) else {
            fail(
                .unknownWord, members["type"]?.place, about: about, "there is no type \"\(type)\"",
                type == "dependent"
                    ? "Write \"type: regular\" or \"type: lookup\" with \"dependent: true\"."
                    : Nearest.advice(for: type, in: ["regular", "lookup", "hybrid"]))
            return nil
        }
        checkOptions(members, type, about, node.place)
        let pairs = type == "lookup" ? [] : members["attributes"].map { self.pairs(of: $0, about: about) } ?? []
        let lookup = type == "regular" ? nil : self.lookup(members, about)
        let comparison: IdentifierEntry.Comparison
        switch (type, lookup) {
        case ("regular", _) where !pairs.isEmpty:
            comparison = .regular(pairs, allowNull: flag(of: members["allow_null"], "\"allow_null\""))
        case ("lookup", let lookup?): comparison = .lookup(lookup)
        case ("hybrid", let lookup?) where !pairs.isEmpty: comparison = .hybrid(pairs, lookup)
        default: return nil
        }
        let isDependent = flag(of: members["dependent"], "\"dependent\"")
        let when = members["when"].map { self.conditions(of: $0, "\"when\"", of: \.isOfCIs) } ?? []
        let among = members["among"].map { self.conditions(of: $0, "\"among\"", of: \.isOfAssets) } ?? []
        return priority.map {
            IdentifierEntry(priority: $0, comparison, isDependent: isDependent, when: when, among: among)
        }
    }

    /// What goes with which type.
    private mutating func checkOptions(_ members: [String: Node], _ type: String, _ about: String, _ place: Place?) {
        if type != "lookup", members["attributes"] == nil {
            fail(.missing, place, about: about, "an entry of type \(type) needs \"attributes\"", nil)
        }
        if type != "regular", members["list"] == nil {
            fail(.missing, place, about: about, "an entry of type \(type) needs \"list\"", "Such as \"list: serials\".")
        }
        let wrong: [(name: String, isFor: Set<String>, advice: String)] = [
            ("attributes", ["regular", "hybrid"], "A member of a list together with attributes is \"type: hybrid\"."),
            ("list", ["lookup", "hybrid"], "Write \"type: lookup\"."),
            ("types", ["lookup", "hybrid"], "Only members of lists have types."),
            ("allow_null", ["regular"], "It is for regular entries."),
            ("exact_count", ["lookup"], "It is for lookup entries."),
        ]
        for (name, types, advice) in wrong {
            guard let node = members[name], !types.contains(type), !node.isOff else { continue }
            fail(.wrongShape, node.place, about: about, "an entry of type \(type) has no \"\(name)\"", advice)
        }
    }

    private mutating func lookup(_ members: [String: Node], _ about: String) -> Lookup? {
        guard let node = members["list"], let name = text(of: node, "the list of \(about)", node.place) else {
            return nil
        }
        guard let list = LookupList(signature: name) else {
            fail(
                .unknownAttribute, node.place, about: about, "there is no list \"\(name)\"",
                Nearest.advice(for: name, in: LookupList.allCases.map(\.signature))
                    + " A list in attributes is written attributes.member.")
            return nil
        }
        var types: Set<String>?
        if let node = members["types"], !node.isNothing {
            types = Set(texts(of: node, "\"types\"").map { $0.trimmed.lowercased() })
            if types?.isEmpty == true {
                fail(.wrongShape, node.place, about: about, "\"types\" is empty", "Leave it out for all types.")
            }
        }
        return Lookup(list, types: types, exactCount: flag(of: members["exact_count"], "\"exact_count\""))
    }

    private mutating func pairs(of node: Node, about: String) -> [AttributePair] {
        items(of: node, "\"attributes\" of \(about)").compactMap { item in
            guard case .mapping = item else {
                guard let both = attribute(item, about, of: { $0.isOfCIs && $0.isOfAssets }) else { return nil }
                return AttributePair(both)
            }
            let members = members(of: item, "a pair of attributes", ["ci", "asset"])
            guard let ci = members["ci"], let asset = members["asset"] else {
                fail(.missing, item.place, about: about, "a pair names \"ci\" and \"asset\"", nil)
                return nil
            }
            guard let left = attribute(ci, about, of: \.isOfCIs),
                let right = attribute(asset, about, of: \.isOfAssets)
            else { return nil }
            return AttributePair(ci: left, asset: right)
        }
    }

    /// Attributes by name.
    mutating func attributes(of node: Node, _ what: String, of isRight: (Attribute) -> Bool) -> [Attribute] {
        items(of: node, what).compactMap { attribute($0, what, of: isRight) }
    }

    private mutating func attribute(
        _ node: Node, _ about: String, of isRight: (Attribute) -> Bool
    ) -> Attribute? {
        guard let name = text(of: node, "an attribute of \(about)", node.place) else { return nil }
        return attribute(name, node.place, about, of: isRight)
    }

    private mutating func attribute(
        _ name: String, _ place: Place?, _ about: String, of isRight: (Attribute) -> Bool
    ) -> Attribute? {
        if let attribute = Attribute(signature: name), isRight(attribute) { return attribute }
        fail(
            .unknownAttribute, place, about: about, "there is no attribute \"\(name)\" here",
            Nearest.advice(for: name, in: Attribute.columns.filter(isRight).map(\.signature))
                + " A member of attributes is written attributes.member.")
        return nil
    }

    private mutating func conditions(
        of node: Node, _ what: String, of isRight: (Attribute) -> Bool
    ) -> [Condition] {
        pairs(of: node, what).compactMap { key, value in
            guard let attribute = attribute(key.text, key.place, what, of: isRight) else { return nil }
            let values = Set(texts(of: value, "\(what) \(key.text)"))
            if values.isEmpty { fail(.wrongShape, value.place, "\(what) \(key.text) names no value", nil) }
            return Condition(attribute, values)
        }
    }
}

extension Node {
    /// Whether it is `false`: an option switched off is as good as none.
    fileprivate var isOff: Bool {
        guard case .scalar(let scalar) = self else { return false }
        return scalar.string == "false" || isNothing
    }
}

extension String {
    /// Without white space at its ends.
    var trimmed: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
