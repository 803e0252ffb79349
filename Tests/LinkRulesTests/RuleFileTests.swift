import LinkCore
import LinkRules
import LinkTesting
import Testing

/// Rule sets as files: what is written is read back, and mistakes are told where they stand.
@Suite struct RuleFileTests {
    /// What of a rule set a file holds: neither version nor numbers of placeholders, nor any order.
    static func content(_ ruleSet: RuleSet) -> String { DocumentValue(ruleSet).json }

    private func roundTrip(_ ruleSet: RuleSet, _ place: String) {
        let yaml = DocumentValue(ruleSet).yaml
        let file = RuleFile.read(yaml: yaml)
        #expect(file.problems.isEmpty, "\(place): \(file.problems.first?.message ?? "")")
        #expect(file.sections == Set(RuleSection.allCases))
        #expect(Self.content(file.ruleSet) == Self.content(ruleSet), "\(place)")
        #expect(DocumentValue(file.ruleSet).yaml == yaml, "\(place): writing is stable")
        let json = RuleFile.read(json: DocumentValue(ruleSet).json)
        #expect(json.problems.isEmpty && Self.content(json.ruleSet) == Self.content(ruleSet), "\(place), as JSON")
    }

    @Test func theShippedRules() { roundTrip(RuleSet(version: 1, classes: DefaultRules.classes), "shipped") }

    @Test func theRulesOfGeneratedWorlds() { roundTrip(GeneratedRules.ruleSet(.all), "generated") }

    @Test(arguments: 0..<200) func randomRules(_ seed: UInt64) {
        var random = RandomRules(seed: seed)
        roundTrip(random.ruleSet(), "seed \(seed)")
    }

    @Test func shorthandsAreRead() throws {
        let file = RuleFile.read(
            yaml: """
                classes:
                  ci: {rule: none}
                  box:
                    parent: ci
                    rule:
                      entries:
                        - {priority: 1, attributes: [serial_number], when: {manufacturer: dell}}
                placeholders:
                  serial: [0000, No, "null", {pattern: x+}]
                """)
        #expect(file.problems.isEmpty)
        #expect(file.sections == [.classes, .placeholders])
        #expect(file.ruleSet.placeholders.map(\.value) == ["0000", "No", "null", "x+"])
        guard case .own(let rule) = try #require(file.ruleSet.classes.last).rule else {
            Issue.record("no rule")
            return
        }
        #expect(rule.entries.first?.when == [Condition(.manufacturer, ["dell"])])
        let base = RuleSet(version: 7, classes: [], manufacturerAliases: ["a": "b"])
        #expect(file.completed(by: base).manufacturerAliases == ["a": "b"])
        #expect(file.completed(by: base).classes.count == 2)
    }

    static let mistakes: [(String, RuleProblem.Code, String, String)] = [
        ("classes: [", .notYAML, "", "no YAML"),
        ("", .missing, "", "says nothing"),
        ("clases: {}", .unknownKey, "1:1", "Did you mean \"classes\"?"),
        ("classes:\n  ci: {rule: none}\n  ci: {rule: none}", .duplicate, "", "twice"),
        ("classes:\n  box: {parent: ci}", .noRoot, "2:3", "root"),
        ("classes:\n  ci: {rule: none}\n  box: {parent: cii}", .unknownClass, "3:17", "Did you mean \"ci\"?"),
        ("classes:\n  ci: {rule: none}\n  box:", .missing, "3:3", "no parent"),
        ("classes:\n  ci:\n  a: {parent: b}\n  b: {parent: a}", .classRing, "3:15", "lead to \"ci\""),
        ("classes:\n  ci: {rule: nobody}", .wrongShape, "2:14", "nearest ancestor"),
        (entry("{priority: 1, attributes: [serial]}"), .unknownAttribute, "5:38", "Did you mean \"serial_number\"?"),
        (entry("{priority: 1, attributes: [ci_class]}"), .unknownAttribute, "5:38", "no attribute \"ci_class\""),
        (entry("{priority: 1, type: lookup, list: macs}"), .unknownAttribute, "5:45", "mac_addresses"),
        (entry("{priority: 1, type: dependent}"), .unknownWord, "5:31", "dependent: true"),
        (entry("{priority: 0, attributes: [uuid]}"), .wrongShape, "5:22", "whole number from 1"),
        (entry("{attributes: [uuid]}"), .missing, "5:11", "priority"),
        (entry("{priority: 1, attribute: [uuid]}"), .unknownKey, "5:25", "Did you mean \"attributes\"?"),
        (entry("{priority: 1, type: lookup, list: serials, allow_null: true}"), .wrongShape, "5:66", "regular"),
        (entry("{priority: 1, attributes: [uuid], dependent: maybe}"), .wrongShape, "5:56", "true or false"),
        (entry("{priority: 1, attributes: [uuid], when: {maker: dell}}"), .unknownAttribute, "5:52", "there is no"),
        (entry("{priority: 1, attributes: [uuid], among: {ci_class: x}}"), .unknownAttribute, "5:53", "asset_class"),
        (entry("{priority: 1, type: hybrid, list: serials}"), .missing, "5:11", "attributes"),
        (
            entry("{priority: 2, attributes: [uuid]}", "{priority: 2, attributes: [name]}"), .equalPriorities, "6:11",
            "gaps"
        ),
        (
            entry("{priority: 2, attributes: [uuid]}", "{priority: 1, attributes: [name]}"), .priorityOrder, "6:11",
            "first"
        ),
        (
            entry("{priority: 2, attributes: [position], dependent: true}", "{priority: 3, attributes: [name]}"),
            .dependentNotLast, "6:11", "last"
        ),
        ("placeholders:\n  serail: [x]", .unknownWord, "2:3", "Did you mean \"serial\"?"),
        ("placeholders:\n  serial: [x, x]", .duplicate, "2:15", "twice"),
        ("placeholders:\n  serial: [null]", .wrongShape, "2:12", "quotes"),
        ("lifecycle: {asset: {in_used: [a]}}", .unknownWord, "1:21", "Did you mean \"in_use\"?"),
        ("lifecycle: {ci: {active: [A], retired: [a]}}", .duplicate, "1:41", "twice"),
        ("manufacturers: {hp: [hpe], dell: [HPE]}", .duplicate, "1:35", "twice"),
        ("suspect_limits: {serial: -1}", .wrongShape, "1:26", "from 0"),
        ("classes: {ci: {suspect_limits: {serail: 1}}}", .unknownKey, "1:33", "Did you mean \"serial\"?"),
        ("classes: {ci: {suspect_limits: {uuid: many}}}", .wrongShape, "1:39", "from 0"),
    ]

    private static func entry(_ entries: String...) -> String {
        "classes:\n  ci:\n    rule:\n      entries:\n" + entries.map { "        - \($0)" }.joined(separator: "\n")
    }

    @Test(arguments: mistakes) func mistakesAreTold(
        _ yaml: String, _ code: RuleProblem.Code, _ place: String, _ words: String
    ) {
        let file = RuleFile.read(yaml: yaml)
        #expect(!file.isSound)
        let problem = file.problems.first { $0.code == code }
        let told = file.problems.map { "\($0.place?.description ?? "") \($0.code.rawValue): \($0.message)" }
        #expect(problem != nil, "\(told)")
        if !place.isEmpty { #expect(problem?.place?.description == place, "\(told)") }
        let text = (problem?.message ?? "") + " " + (problem?.remedy ?? "")
        #expect(text.contains(words), "\(told) \(text)")
    }
}
