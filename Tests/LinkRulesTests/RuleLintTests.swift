import LinkCore
import LinkRules
import LinkTesting
import Testing

/// What lint finds, and what it leaves alone.
@Suite struct RuleLintTests {
    private static func rule(_ entries: String...) -> String {
        "classes:\n  ci:\n    rule:\n      entries:\n" + entries.map { "        - {\($0)}" }.joined(separator: "\n")
    }

    static let faults: [(String, RuleProblem.Code, String)] = [
        (
            rule("priority: 1, attributes: [name]", "priority: 2, attributes: [name, model]"), .unreachableEntry,
            "entry 1 (name)"
        ),
        (
            rule(
                "priority: 1, type: lookup, list: serials",
                "priority: 2, type: hybrid, list: serials, attributes: [name]"),
            .unreachableEntry, "whatever it matches"
        ),
        (
            rule(
                "priority: 1, type: lookup, list: serials, types: [bios, standard]",
                "priority: 2, attributes: [serial_number]"),
            .unreachableEntry, "any of serials"
        ),
        (
            rule(
                "priority: 1, attributes: [uuid], when: {manufacturer: [dell, hp]}",
                "priority: 2, attributes: [uuid, name], when: {manufacturer: dell}"), .unreachableEntry, "entry 1"
        ),
        (
            rule("priority: 1, attributes: [position]", "priority: 2, attributes: [position], dependent: true"),
            .unreachableEntry, "entry 1"
        ),
        (
            rule("priority: 1, attributes: [name]", "priority: 2, attributes: [uuid]"), .weakBeforeStrong,
            "entry 2 (uuid)"
        ),
        (
            rule(
                "priority: 1, type: lookup, list: serials, exact_count: true",
                "priority: 2, attributes: [serial_number]"),
            .lookupAgainstRegular, "accepts"
        ),
        (
            rule(
                "priority: 1, type: lookup, list: mac_addresses, exact_count: true",
                "priority: 2, type: lookup, list: mac_addresses"),
            .lookupAgainstRegular, "accepts"
        ),
        (rule("priority: 1, type: lookup, list: mac_addresses, types: [a]"), .typesWithoutEffect, "types"),
        (rule("priority: 1, attributes: [name], when: {uuid: none}"), .impossibleCondition, "cannot be read"),
        (
            "classes:\n  ci: {}\n  a: {parent: ci, rule: {entries: [{priority: 1, attributes: [uuid], when: {ci_class: b}}]}}\n  b: {parent: ci}",
            .impossibleCondition, "no class that has this rule is b"
        ),
        ("placeholders: {serial: [{pattern: unknown}]}", .openPattern, "nothing but itself"),
        ("placeholders: {serial: [{pattern: ^0+}]}", .openPattern, "one end"),
        ("placeholders: {serial: [{pattern: .*0.*}]}", .openPattern, "needs only 1"),
        ("placeholders: {serial: [{pattern: \"(\"}]}", .badPattern, "cannot be read"),
        ("placeholders: {uuid: [none]}", .unreadableValue, "never matters"),
        ("manufacturers: {hp: [hpe], hpe: [compaq]}", .aliasOfAlias, "itself an alias"),
        (
            "classes:\n  ci: {rule: none}\n  a: {parent: ci, suspect_limits: {mac: 3}}", .limitWithoutEffect,
            "limit of mac"
        ),
        (
            rule("priority: 1, attributes: [uuid]") + "\n  a: {parent: ci, suspect_limits: {uuid: 3, serial: 0}}",
            .limitWithoutEffect, "limit of serial"
        ),
    ]

    @Test(arguments: faults) func faultsAreFound(_ yaml: String, _ code: RuleProblem.Code, _ words: String) {
        let problems = RuleLint.problems(of: RuleFile.read(yaml: yaml))
        let found = problems.first { $0.code == code }
        #expect(found?.severity == code.severity && found?.place != nil && found?.remedy != nil, "\(problems)")
        #expect(found?.message.contains(words) == true, "\(problems)")
    }

    @Test(arguments: [
        rule("priority: 1, attributes: [name, model]", "priority: 2, attributes: [name]"),
        rule("priority: 1, attributes: [uuid], when: {manufacturer: dell}", "priority: 2, attributes: [uuid, name]"),
        rule("priority: 1, attributes: [uuid], among: {model: x}", "priority: 2, attributes: [uuid]"),
        rule("priority: 1, attributes: [asset_tag]", "priority: 2, attributes: [asset_tag, name], allow_null: true"),
        rule("priority: 1, type: lookup, list: serials, types: [bios]", "priority: 2, attributes: [serial_number]"),
        rule(
            "priority: 1, type: lookup, list: serials, types: [bios]",
            "priority: 2, type: lookup, list: serials, types: [bios, system]"),
        rule(
            "priority: 1, type: lookup, list: serials, exact_count: true, types: [bios]",
            "priority: 2, attributes: [serial_number]"),
        rule("priority: 1, attributes: [attributes.asset_code]", "priority: 2, attributes: [uuid]"),
        "placeholders: {serial: [{pattern: 0+}, {pattern: .*default string.*}, {pattern: not filled.*}]}",
        rule("priority: 1, attributes: [uuid]") + "\n  a: {parent: ci, suspect_limits: {uuid: 3}}\n  b: {parent: a}",
    ]) func whatIsMeantIsLeftAlone(_ yaml: String) {
        #expect(RuleLint.problems(of: RuleFile.read(yaml: yaml)) == [])
    }

    @Test func theShippedClassesAreClean() {
        #expect(RuleLint.problems(of: RuleSet(version: 1, classes: DefaultRules.classes)) == [])
    }

    /// An entry that lint calls unreachable never decides, in any world.
    @Test(arguments: UInt64(0)..<40) func unreachableEntriesNeverDecide(_ seed: UInt64) {
        var generator = WorldGenerator(seed: seed)
        var world = generator.world(size: 60)
        // Every entry again, as the weakest of its rule and in a random variation: some of them cannot be reached.
        var random = SplitMix64(seed: seed)
        for index in world.ruleSet.classes.indices {
            guard case .own(let rule) = world.ruleSet.classes[index].rule else { continue }
            var entries = rule.entries
            for entry in rule.entries.filter({ !$0.isDependent }).shuffled(using: &random) {
                var copy = entry
                copy.priority = (entries.last?.priority ?? 0) + 1
                copy.isDependent = entries.last?.isDependent ?? false
                if random.percent(50), case .regular(let pairs, let nulls) = copy.comparison {
                    copy.comparison = .regular(pairs + [AttributePair(.name)], allowNull: nulls)
                }
                entries.append(copy)
            }
            world.ruleSet.classes[index].rule = .own(
                IdentificationRule(name: rule.name, entries: entries, required: rule.required))
        }
        let unreachable = Set(
            RuleLint.problems(of: world.ruleSet).filter { $0.code == .unreachableEntry }.compactMap(\.subject))
        #expect(!unreachable.isEmpty)
        for outcome in ReferenceModel.decide(world).ciStates.values {
            guard let rule = outcome.rule, let priority = outcome.entryPriority else { continue }
            #expect(!unreachable.contains("class \(rule), entry \(priority)"), "seed \(seed)")
        }
    }

    @Test func derivationIsOverriddenHalfWayDown() throws {
        let file = RuleFile.read(
            yaml: """
                classes:
                  ci: {rule: none, aged_after_days: 90}
                  a:
                    parent: ci
                    rule:
                      required: [name]
                      entries: [{priority: 1, attributes: [uuid]}]
                      related: [{class: software, attributes: [name]}]
                  b: {parent: a, aged_after_days: 7}
                  c: {parent: b, rule: {entries: [{priority: 5, attributes: [serial_number]}]}}
                  d: {parent: c}
                  e: {parent: d, rule: none}
                  f: {parent: e}
                """)
        #expect(file.problems.isEmpty)
        let rules = file.ruleSet
        func of(_ name: String) throws -> Derivation { try #require(Derivation(of: name, in: rules)) }
        #expect(try of("b").source == "a" && of("b").rule?.related.count == 1 && of("b").agedAfterDays == 7)
        #expect(try of("d").source == "c" && of("d").rule?.required == [] && of("d").rule?.related == [])
        #expect(try of("d").agedSource == "b" && of("a").agedSource == "ci")
        #expect(try of("f").source == "e" && of("f").rule == nil)
        #expect(try of("d").path.map(\.name) == ["d", "c", "b", "a", "ci"])
        #expect(Derivation(of: "g", in: rules) == nil)
        #expect(Derivation.classes(having: "c", in: rules) == ["c", "d"])
    }
}
