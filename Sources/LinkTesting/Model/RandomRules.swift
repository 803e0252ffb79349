package import LinkCore

/// Random rule sets, well formed, with texts that are hard to write down.
package struct RandomRules: Sendable {
    private var random: SplitMix64

    /// The same seed gives the same rule sets.
    package init(seed: UInt64) { random = SplitMix64(seed: seed) }

    /// A whole rule set.
    package mutating func ruleSet() -> RuleSet {
        var classes = [CIClass(name: "ci", parent: nil, rule: random.percent(50) ? .none : .own(rule("ci")))]
        for number in 0..<random.below(8) {
            let name = random.percent(30) ? "a class/\(number) ü" : "class_\(number)"
            let rule: CIClass.Rule =
                switch random.below(3) {
                case 0: .inherited
                case 1: .none
                default: .own(self.rule(name))
                }
            classes.append(
                CIClass(
                    name: name, parent: random.pick(classes).name, rule: rule,
                    agedAfterDays: random.percent(30) ? 1 + random.below(400) : nil,
                    suspectLimits: random.percent(30) ? limits() : [:]))
        }
        var aliases: [String: String] = [:]
        for number in 0..<random.below(4) { aliases["alias \(number)"] = "maker \(random.below(2))" }
        return RuleSet(
            version: 0, classes: classes, placeholders: placeholders(), lifecycle: lifecycle(),
            manufacturerAliases: aliases, suspectLimits: limits())
    }

    private mutating func limits() -> [IdentifierKind: Int] {
        var limits: [IdentifierKind: Int] = [:]
        for kind in IdentifierKind.allCases where kind.isIdentifying && random.percent(40) {
            limits[kind] = random.below(9)
        }
        return limits
    }

    private mutating func placeholders() -> [Placeholder] {
        (0..<random.below(6)).map { number in
            let isPattern = random.percent(30)
            return Placeholder(
                id: number + 1, kind: random.pick(IdentifierKind.allCases),
                value: isPattern ? "0+\(number)" : text() + "\(number)", isPattern: isPattern,
                manufacturer: random.percent(30) ? text() : nil, note: random.percent(50) ? text() : nil)
        }
    }

    private mutating func lifecycle() -> [LifecycleMapping] {
        (0..<random.below(8)).map { number in
            let isCI = random.percent(40)
            return LifecycleMapping(
                side: isCI ? .ci : .asset, source: random.percent(30) ? random.pick(["lab", "No", "a: b"]) : nil,
                rawState: "state/\(number)",
                meaning: isCI
                    ? random.pick(["active", "retired"]) : random.pick(LifecyclePhase.allCases.map(\.rawValue)))
        }
    }

    private mutating func rule(_ name: String) -> IdentificationRule {
        var priority = 0
        var isDependent = false
        var entries: [IdentifierEntry] = []
        for _ in 0...random.below(4) {
            priority += 1 + random.below(20)
            isDependent = isDependent || random.percent(20)
            entries.append(
                IdentifierEntry(
                    priority: priority, comparison(), isDependent: isDependent,
                    when: conditions(Attribute.columns.filter(\.isOfCIs)),
                    among: conditions(Attribute.columns.filter(\.isOfAssets))))
        }
        let required = Attribute.columns.filter { $0.isOfCIs && random.percent(10) }
        let related = random.percent(20) ? [RelatedEntry("software", attributes: ["name", "version"])] : []
        return IdentificationRule(name: name, entries: entries, required: required, related: related)
    }

    private mutating func comparison() -> IdentifierEntry.Comparison {
        let words = ["bios", "system", "on", "1"].filter { _ in random.percent(40) }
        var lookup = Lookup(
            random.pick([.serials, .macAddresses, .member("wwns"), .member("a, b")]),
            types: words.isEmpty ? nil : Set(words))
        switch random.below(3) {
        case 0: return .regular(pairs(), allowNull: random.percent(30))
        case 1:
            lookup.exactCount = random.percent(30)
            return .lookup(lookup)
        default: return .hybrid(pairs(), lookup)
        }
    }

    private mutating func pairs() -> [AttributePair] {
        (0...random.below(2)).map { number in
            if random.percent(20) { return AttributePair(.member("slot \(number)")) }
            let both = Attribute.columns.filter { $0.isOfCIs && $0.isOfAssets }
            if random.percent(60) { return AttributePair(random.pick(both)) }
            return AttributePair(ci: random.pick(both + [.ciClass]), asset: random.pick(both + [.assetClass]))
        }
    }

    private mutating func conditions(_ attributes: [Attribute]) -> [Condition] {
        guard random.percent(25) else { return [] }
        let chosen = Set((0...random.below(2)).map { _ in random.pick(attributes) })
        return attributes.filter(chosen.contains).map { attribute in
            Condition(attribute, Set((0...random.below(2)).map { _ in text() }))
        }
    }

    /// Texts that look like something else, or are hard to quote.
    private mutating func text() -> String {
        random.pick([
            "plain", "two words", "0000", "true", "No", "null", "~", "- dash", "a: b", "# no comment", "\"quoted\"",
            "it's", "back\\slash", "tab\there", "ü", "日本", "line\nend", "\u{7F}", "{x}", "[y]", "1e3", "*star", "&and",
            "\u{1F600}", "a\u{308}", "%", "@at", "!bang", "|", ">", "trailing.", "x\u{FEFF}y",
        ])
    }
}
