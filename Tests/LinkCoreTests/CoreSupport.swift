import LinkCore

/// Short hands for tests of the core by hand-made rules.
enum CoreSample {
    static let uuid = "11223344-5566-4788-99aa-bbccddeeff00"
    static let otherUUID = "00112233-5566-4788-99aa-bbccddeeff01"
    static let mac = "02:00:00:00:00:01"
    static let otherMAC = "02:00:00:00:00:02"

    /// The canonical form of a raw value.
    static func canonical(_ raw: String, _ kind: IdentifierKind) -> String {
        guard case .value(let value) = Canonical.read(raw, as: kind) else { return "" }
        return value
    }

    /// A rule set with one class, `ci`, that has these entries.
    static func rules(
        _ entries: [IdentifierEntry], required: [Attribute] = [], placeholders: [Placeholder] = [],
        aliases: [String: String] = [:], limits: [IdentifierKind: Int] = [.serial: 5, .uuid: 5]
    ) -> CompiledRuleSet {
        let rule = IdentificationRule(name: "ci", entries: entries, required: required)
        return CompiledRuleSet(
            RuleSet(
                version: 1, classes: [CIClass(name: "ci", parent: nil, rule: .own(rule))],
                placeholders: placeholders,
                lifecycle: [
                    LifecycleMapping(side: .ci, rawState: "retired", meaning: "retired"),
                    LifecycleMapping(side: .asset, rawState: "retired", meaning: "retired"),
                ],
                manufacturerAliases: aliases, suspectLimits: limits))
    }
}

extension CompiledRuleSet {
    /// What these rules make of a CI, with these values suspect.
    func read(_ record: CIRecord, suspects: Set<KindValue> = []) -> CIReading {
        CIReading(record, source: "cmdb", reader: ValueReader(rules: self) { suspects.contains($0) })
    }

    /// What these rules make of an asset, with these values suspect.
    func read(_ record: AssetRecord, suspects: Set<KindValue> = []) -> AssetReading {
        AssetReading(record, source: "itam", reader: ValueReader(rules: self) { suspects.contains($0) })
    }
}

extension IdentifierEntry {
    /// An entry that compares the same attributes on both sides.
    static func regular(
        _ priority: Int, _ attributes: Attribute..., allowNull: Bool = false, isDependent: Bool = false
    ) -> IdentifierEntry {
        IdentifierEntry(
            priority: priority, .regular(attributes.map { AttributePair($0) }, allowNull: allowNull),
            isDependent: isDependent)
    }

    /// An entry that compares the members of a list.
    static func lookup(
        _ priority: Int, _ list: LookupList, types: Set<String>? = nil, exactCount: Bool = false,
        isDependent: Bool = false
    ) -> IdentifierEntry {
        IdentifierEntry(
            priority: priority, .lookup(Lookup(list, types: types, exactCount: exactCount)), isDependent: isDependent)
    }

    /// An entry that compares a member of a list together with attributes.
    static func hybrid(
        _ priority: Int, _ attributes: Attribute..., list: LookupList, types: Set<String>? = nil,
        isDependent: Bool = false
    ) -> IdentifierEntry {
        IdentifierEntry(
            priority: priority, .hybrid(attributes.map { AttributePair($0) }, Lookup(list, types: types)),
            isDependent: isDependent)
    }
}
