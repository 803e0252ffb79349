/// A relation or a reference between two items of a payload.
package struct DiscoveryRelation: Sendable {
    package enum Kind: String, Hashable, Sendable {
        case relation, reference
    }

    package var kind: Kind
    /// Its place in its list.
    package var number: Int
    /// Items by number; of a reference, the one that is referred to and the one that refers.
    package var parent: Int?
    package var child: Int?
    /// The type, canonical; of a reference, the member of `attributes` that is set.
    package var type = ""
    /// The qualifier chain as JSON; `nil`: the payload says nothing of one.
    package var qualifiers: String?
    /// Why it is not written, whatever becomes of its items.
    package var problem: DiscoveryProblem?

    /// The parent by which dependent CIs are identified.
    package static let parentType = "contains"

    package var isParent: Bool { kind == .relation && type == Self.parentType && problem == nil }

    /// The end that must know of a problem: the child where there is one.
    package var blamed: Int? { child ?? parent }

    /// - Parameters:
    ///   - json: the body; `nil` when it was too large to keep.
    ///   - items: how many items the payload has.
    package init(
        _ kind: Kind, number: Int, parent: Int?, child: Int?, json: JSONValue?, items: Int, types: Set<String>
    ) {
        self.kind = kind
        self.number = number
        self.parent = parent.flatMap { $0 < items ? $0 : nil }
        self.child = child.flatMap { $0 < items ? $0 : nil }
        do throws(DiscoveryProblem) {
            try read(json, types)
        } catch {
            problem = error
        }
    }

    private var word: String { "\(kind.rawValue) \(number)" }

    private mutating func read(_ json: JSONValue?, _ types: Set<String>) throws(DiscoveryProblem) {
        guard let json, case .object(let members) = json else {
            throw .invalid("\(word) is no object, or too large.")
        }
        let known =
            kind == .relation
            ? ["parent", "child", "type", "qualifierChain"] : ["referenced", "referencedBy", "referenceField"]
        for member in members where !known.contains(where: { $0.utf8.elementsEqual(member.name.utf8) }) {
            throw .invalid("\(word): unknown member \(DiscoveryProblem.quoted(member.name)).")
        }
        let name = json[known[2]]
        guard let name, case .string(let text) = name else { throw .invalid("\(word) has no \(known[2]).") }
        guard let parent, let child else { throw .invalid("\(word) names no item of the payload at one end.") }
        guard parent != child else { throw .invalid("\(word) is of an item with itself.") }
        if kind == .reference {
            type = String(WhiteSpace.trimmed(text))
            guard !type.isEmpty, type.utf8.count <= 200 else { throw .invalid("\(word) has no referenceField.") }
            return
        }
        type = Self.canonicalType(text)
        guard types.contains(type) else {
            throw DiscoveryProblem(
                .metadataRuleMissing,
                "\(word): the type \(DiscoveryProblem.quoted(text)) is unknown; known are "
                    + types.sorted().joined(separator: ", ") + ".")
        }
        try readQualifiers(json["qualifierChain"])
    }

    private mutating func readQualifiers(_ json: JSONValue?) throws(DiscoveryProblem) {
        guard let chain = DiscoveryItem.given(json) else { return }
        guard case .array(let links) = chain, links.count <= 32 else {
            throw .invalid("\(word): qualifierChain is a list of at most 32.")
        }
        for link in links {
            switch link {
            case .string: continue
            case .object(let members):
                let isFlat = members.allSatisfy { member in
                    switch member.value {
                    case .array, .object: false
                    case .null, .bool, .number, .string: true
                    }
                }
                if isFlat { continue }
            case .null, .bool, .number, .array: break
            }
            throw .invalid("\(word): qualifierChain holds texts or objects of plain values.")
        }
        qualifiers = chain.text
    }

    /// `Contains::Contained by` and `contains` are the same type.
    static func canonicalType(_ text: String) -> String {
        var bytes: [UInt8] = []
        let all = Array(WhiteSpace.trimmed(text).lowercased().utf8)
        for (index, byte) in all.enumerated() {
            if byte == UInt8(ascii: ":"), index + 1 < all.count, all[index + 1] == byte { break }
            bytes.append(byte == 0x20 || byte == UInt8(ascii: "-") ? UInt8(ascii: "_") : byte)
        }
        return WhiteSpace.trimmed(String(decoding: bytes, as: UTF8.self))
    }
}

/// How the items of a payload hang together.
package struct DiscoveryGraph: Sendable {
    package private(set) var relations: [DiscoveryRelation]
    /// The parent of an item, in the payload.
    package private(set) var parents: [Int: Int] = [:]
    /// What is wrong with items because of their relations.
    package private(set) var problems: [Int: DiscoveryProblem] = [:]

    package init(_ relations: [DiscoveryRelation]) {
        self.relations = relations
        findDuplicates()
        for relation in self.relations {
            guard let problem = relation.problem, let item = relation.blamed else { continue }
            problems[item] = problems[item] ?? problem
        }
        for relation in self.relations where relation.isParent {
            guard let parent = relation.parent, let child = relation.child else { continue }
            if parents[child] != nil {
                problems[child] =
                    problems[child] ?? DiscoveryProblem(.multipleDependencies, "The item has several parents.")
            } else {
                parents[child] = parent
            }
        }
        findRings()
    }

    /// How many parents an item has above it in the payload, where it has any.
    package func levels() -> [Int: Int] {
        var levels: [Int: Int] = [:]
        for start in parents.keys {
            var path: [Int] = []
            var at = start
            // Rings are cut, so every way up ends.
            while levels[at] == nil, let parent = parents[at] {
                path.append(at)
                at = parent
            }
            var level = levels[at] ?? 0
            for item in path.reversed() {
                level += 1
                levels[item] = level
            }
        }
        return levels
    }

    private mutating func findDuplicates() {
        struct Ends: Hashable {
            var kind: DiscoveryRelation.Kind
            var parent: Int?
            var child: Int?
            var type: String
        }
        var seen: Set<Ends> = []
        for (index, relation) in relations.enumerated() where relation.problem == nil {
            // A field refers to one item only.
            let parent = relation.kind == .relation ? relation.parent : nil
            let ends = Ends(kind: relation.kind, parent: parent, child: relation.child, type: relation.type)
            if seen.insert(ends).inserted { continue }
            relations[index].problem = DiscoveryProblem(
                .duplicateRelationshipTypes,
                "\(relation.kind.rawValue) \(relation.number) is there twice between the same items.")
        }
    }

    private mutating func findRings() {
        var state: [Int: Int] = [:]  // 1: on the way up that is walked now, 2: done
        for start in parents.keys.sorted() where state[start] == nil {
            var path: [Int] = []
            var at: Int? = start
            while let here = at, state[here] == nil {
                state[here] = 1
                path.append(here)
                at = parents[here]
            }
            if let ring = at, state[ring] == 1, let first = path.firstIndex(of: ring) {
                for item in path[first...] {
                    problems[item] =
                        problems[item] ?? DiscoveryProblem(.qualificationLoop, "The item is its own ancestor.")
                }
                for item in path[first...] { parents[item] = nil }
            }
            for item in path { state[item] = 2 }
        }
    }
}
