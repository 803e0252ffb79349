import FoundationEssentials
import LinkCore
import LinkRules
import LinkTesting
import Testing
import Yams

/// The worked examples of `deploy/docs/rules.md`: they are read, found without fault, and decided as they say.
@Suite struct RuleReferenceTests {
    private static let text: String = {
        let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let data = FileManager.default.contents(atPath: top.appending(path: "deploy/docs/rules.md").path)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }()

    /// The YAML blocks with the heading that each stands under: rules, then records with what is decided of them.
    private static let blocks: [(heading: String, yaml: String)] = {
        var blocks: [(String, String)] = []
        var heading = ""
        var block: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = block {
                if line == "```" {
                    blocks.append((heading, open))
                    block = nil
                } else {
                    block = open + line + "\n"
                }
            } else if line == "```yaml" {
                block = ""
            } else if line.hasPrefix("#") || line.hasPrefix("**") {
                heading = String(line.prefix { $0 != "." })
            }
        }
        return blocks
    }()

    private static let examples = (0..<blocks.count / 2).map { blocks[$0 * 2].heading }.enumerated().map { $0 }

    @Test func thereAreExamplesOfEveryType() {
        #expect(Self.blocks.count == 24, "\(Self.blocks.count)")
        let all = Self.blocks.map(\.yaml).joined()
        for word in [
            "lookup", "hybrid", "dependent", "allow_null", "exact_count", "when", "among", "types", "required",
        ] {
            #expect(all.contains(word), "\(word)")
        }
    }

    @Test(arguments: examples.map(\.offset)) func examplesHold(_ index: Int) throws {
        let heading = Self.blocks[index * 2].heading
        let file = RuleFile.read(yaml: Self.blocks[index * 2].yaml)
        #expect(RuleLint.problems(of: file).isEmpty, "\(heading): \(RuleLint.problems(of: file))")
        let records = try #require(try Yams.compose(yaml: Self.blocks[index * 2 + 1].yaml), "\(heading)")
        var world = World(ruleSet: file.completed(by: RuleSet(version: 1, classes: [])))
        for (key, fields) in try members(records["assets"]) {
            world.assets[RecordKey("itam", key)] = WorldAsset(try asset(fields))
        }
        for (key, fields) in try members(records["cis"]) {
            world.cis[RecordKey("cmdb", key)] = WorldCI(try ci(fields))
        }
        let states = ReferenceModel.decide(world).ciStates
        let decided = try members(records["decided"])
        #expect(decided.count == world.cis.count, "\(heading): everything is decided")
        for (key, words) in decided {
            let outcome = states[RecordKey("cmdb", key)]
            #expect(text(outcome) == words.string, "\(heading): \(key)")
        }
    }

    @Test func everyCodeOfLintIsExplained() {
        for code in RuleProblem.Code.allCases { #expect(Self.text.contains("`\(code.rawValue)`"), "\(code.rawValue)") }
    }

    private func text(_ outcome: CIOutcome?) -> String {
        guard let outcome else { return "nothing" }
        if let asset = outcome.asset { return "linked to \(asset.id) by entry \(outcome.entryPriority ?? 0)" }
        return "\(outcome.state.rawValue), \(outcome.reason?.rawValue ?? "")"
    }

    // MARK: Records

    private func members(_ node: Node?) throws -> [(key: String, value: Node)] {
        let mapping = try #require(node?.mapping)
        return try mapping.map { (try #require($0.key.string), $0.value) }
    }

    private func typed(_ node: Node) throws -> [TypedValue] {
        try members(node).map { TypedValue(type: $0.key, value: try #require($0.value.string)) }
    }

    private func texts(_ node: Node) throws -> [String] { try #require(node.sequence).compactMap(\.string) }

    private func asset(_ fields: Node) throws -> AssetRecord {
        var record = AssetRecord()
        for (key, value) in try members(fields) {
            switch key {
            case "serial_number": record.serialNumber = value.string
            case "other_serials": record.otherSerials = try texts(value)
            case "asset_tag": record.assetTag = value.string
            case "mac_addresses": record.macAddresses = try texts(value)
            case "name": record.name = value.string
            case "manufacturer": record.manufacturer = value.string
            case "asset_class": record.assetClass = value.string
            case "position": record.position = value.string
            case "parent": record.parentAssetID = value.string
            default:
                let name = String(try #require(key.split(separator: ".").last, "\(key)"))
                if value.mapping == nil {
                    record.attributes[name] = value.string
                } else {
                    record.lists[name] = try typed(value)
                }
            }
        }
        return record
    }

    private func ci(_ fields: Node) throws -> CIRecord {
        var record = CIRecord()
        for (key, value) in try members(fields) {
            switch key {
            case "class": record.ciClass = value.string
            case "serial_number": record.serialNumber = value.string
            case "serials": record.serials = try typed(value)
            case "asset_tag": record.assetTag = value.string
            case "mac_addresses": record.macAddresses = try texts(value)
            case "name": record.name = value.string
            case "manufacturer": record.manufacturer = value.string
            case "position": record.position = value.string
            case "parent": record.parentCIID = value.string
            default:
                let name = String(try #require(key.split(separator: ".").last, "\(key)"))
                if value.mapping == nil {
                    record.attributes[name] = value.string
                } else {
                    record.lists[name] = try typed(value)
                }
            }
        }
        return record
    }
}
