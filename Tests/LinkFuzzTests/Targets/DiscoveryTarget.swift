import LinkTesting

@testable import LinkCore

/// Names of members that payloads have, and values that mean something in them.
private let payloadMutator = JSONMutator(
    names: [
        "items", "relations", "referenceItems", "className", "values", "lookup", "related", "sys_id", "ci_id",
        "sourceName", "sourceRecencyTimestamp", "parent", "child", "type", "qualifierChain", "referenced",
        "referencedBy", "referenceField", "name", "serial_number", "uuid", "asset_tag", "position", "attributes",
        "attributes.wwns", "mac", "value", "lifecycle_raw", "manufacturer",
    ],
    values: [
        "server", "linux_server", "module", "stack_member", "switch", "virtual_machine", "serials",
        "network_adapters", "attributes.wwns", "S-1", "Default string", "02:00:00:00:00:01", "bios", "contains",
        "Contains::Contained by", "connects_to", "2026-03-01T12:00:00Z", "9999-12-31", "2026-02-30", "1", "retired",
    ])

extension FuzzTargets {
    /// Discovery payloads, from their text to what would be written.
    ///
    /// What is read is written the same again; every item gets a result; and a payload that is sent once more changes
    /// nothing of the items that were identified.
    static let discovery = FuzzTarget("discovery", mutator: payloadMutator) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let json: JSONValue
        do { json = try JSONValue.parse(text, depth: 64) } catch { return "no JSON" }
        try FuzzFinding.unless(
            try JSONValue.parse(json.text, depth: 64).isSame(as: json), "written, it is another text")
        guard case .array(let bodies)? = json["items"] else { return "no items" }
        let reading = PayloadReading(json, bodies)
        var planner = PayloadReading.planner()
        let first = reading.decide(&planner)
        for (number, outcome) in first {
            try FuzzFinding.unless(
                (outcome.ciID != nil) == (outcome.code == nil), "item \(number): a result is half of one")
        }
        var again = planner.forAnotherPayload()
        for (number, outcome) in reading.decide(&again) {
            guard let before = first[number], before.code == nil else { continue }
            try FuzzFinding.unless(outcome.ciID == before.ciID, "item \(number) is another CI when it comes again")
            try FuzzFinding.unless(outcome.state == .noChange, "item \(number) changes its CI when it comes again")
        }
        let states = Set(first.values.map { $0.code?.rawValue ?? $0.state.rawValue })
        return states.sorted().prefix(3).joined(separator: ", ")
    }
}

/// A payload as the engine takes it apart.
private struct PayloadReading {
    /// When the payload came.
    static let time: Timestamp = 1_772_366_400_000_000
    private let bodies: [JSONValue]
    private let graph: DiscoveryGraph

    init(_ json: JSONValue, _ bodies: [JSONValue]) {
        self.bodies = bodies
        func relations(_ kind: DiscoveryRelation.Kind, _ list: String, _ ends: (String, String)) -> [DiscoveryRelation]
        {
            guard case .array(let rows)? = json[list] else { return [] }
            return rows.enumerated().map { number, row in
                DiscoveryRelation(
                    kind, number: number, parent: Self.number(row[ends.0]), child: Self.number(row[ends.1]), json: row,
                    items: bodies.count, types: ["contains", "connects_to"])
            }
        }
        graph = DiscoveryGraph(
            relations(.relation, "relations", ("parent", "child"))
                + relations(.reference, "referenceItems", ("referenced", "referencedBy")))
    }

    private static func number(_ json: JSONValue?) -> Int? {
        guard case .number(let text)? = json, let number = Int(text), number >= 0 else { return nil }
        return number
    }

    /// The shipped rules, and one CI.
    static func planner() -> DiscoveryPlanner {
        let rules = CompiledRuleSet(RuleSet(version: 1, classes: DefaultRules.classes))
        var planner = DiscoveryPlanner(
            source: "cmdb", reader: ValueReader(rules: rules) { _ in false }, submittedAt: time)
        var record = CIRecord(ciClass: "server", name: "there", serialNumber: "S-1")
        record.lastDiscoveredAt = time - 1_000_000_000
        planner.add(KnownCI(id: "1", record: record))
        return planner
    }

    func decide(_ planner: inout DiscoveryPlanner) -> [Int: DiscoveryOutcome] {
        var outcomes: [Int: DiscoveryOutcome] = [:]
        let levels = graph.levels()
        for number in bodies.indices.sorted(by: { (levels[$0] ?? 0, $0) < (levels[$1] ?? 0, $1) }) {
            do throws(DiscoveryProblem) {
                let item = try DiscoveryItem(bodies[number], now: Self.time)
                if let problem = graph.problems[number] { throw problem }
                let parent: ParentIdentity =
                    graph.parents[number].map { at in outcomes[at]?.ciID.map { .known($0) } ?? .unknown } ?? .none
                outcomes[number] = planner.decide(number, item, parent: parent)
            } catch {
                outcomes[number] = DiscoveryOutcome(error)
            }
        }
        return outcomes
    }
}
