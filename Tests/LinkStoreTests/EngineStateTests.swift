import LinkCore
import LinkStore
import Testing

/// Domain.md section 6: every reason of a state, as `assetlink.ci_state` shows it after the engine's batches.
@Suite struct EngineStateTests {
    struct Scene: CustomTestStringConvertible, Sendable {
        /// The reason that CI 1 then has.
        var reason: StateReason
        var state: CIState
        var steps: [String]
        var testDescription: String { reason.rawValue }

        init(_ state: CIState, _ reason: StateReason, _ steps: String...) {
            self.state = state
            self.reason = reason
            self.steps = steps
        }
    }

    private static func asset(_ id: Int, _ serial: String?) -> String {
        "INSERT INTO itam.asset (asset_id, serial_number) VALUES (\(id), \(serial.map { "'\($0)'" } ?? "NULL"));"
    }
    private static func ci(_ id: Int, _ serial: String?, _ class: String = "server") -> String {
        """
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
        VALUES (\(id), '\(`class`)', \(serial.map { "'\($0)'" } ?? "NULL"));
        """
    }
    private static func parent(_ parent: Int, of child: Int) -> String {
        "INSERT INTO cmdb.ci_relationship VALUES (\(parent), \(child));"
    }

    static let scenes = [
        Scene(.excluded, .ciRetired, ci(1, "S") + asset(1, "S"), "UPDATE cmdb.ci SET state = 'retired'"),
        Scene(.excluded, .classExcluded, ci(1, "S", "virtual_machine") + asset(1, "S")),
        Scene(.conflicted, .duplicateAsset, ci(1, "S") + asset(1, "S"), asset(2, "S")),
        Scene(
            .conflicted, .contradictingEvidence, asset(1, "S1"), ci(1, "S2"),
            "UPDATE itam.asset SET uuid = 'a0000000-0000-4000-8000-00000000000a'; "
                + "UPDATE cmdb.ci SET uuid = 'a0000000-0000-4000-8000-00000000000a'"),
        Scene(.conflicted, .duplicateCI, asset(1, "S") + ci(1, "S"), ci(2, "S")),
        Scene(
            .conflicted, .assetAlreadyLinked, asset(1, "S") + ci(1, "S") + ci(2, nil),
            "SELECT assetlink.pin('cmdb', '2', 'itam', '1', 'test')"),
        Scene(
            .orphaned, .incomplete, asset(1, "S") + ci(1, "S"),
            """
            UPDATE assetlink.ci_class SET rule = '{"required": ["name"], "entries": [
                {"priority": 10, "type": "regular", "attributes": ["serial_number"]}]}' WHERE class = 'server'
            """),
        Scene(
            .orphaned, .blockedByOperator, asset(1, "S") + ci(1, "S"),
            "SELECT assetlink.block('cmdb', '1', 'itam', '1', 'test')"),
        Scene(.orphaned, .assetDecommissioned, asset(1, "S") + ci(1, "S"), "UPDATE itam.asset SET state = 'disposed'"),
        Scene(.orphaned, .assetDeleted, asset(1, "S") + ci(1, "S"), "DELETE FROM itam.asset"),
        Scene(.orphaned, .noMatchingAsset, ci(1, "S")),
        Scene(
            .orphaned, .parentCycle,
            ci(1, nil, "module") + ci(2, nil, "module") + parent(2, of: 1) + "UPDATE cmdb.ci SET position = 'slot 1'",
            parent(1, of: 2)),
        Scene(
            .orphaned, .parentNotLinked,
            ci(1, nil, "module") + ci(2, "P", "chassis") + parent(2, of: 1) + "UPDATE cmdb.ci SET position = 'slot 1'"),
        Scene(
            .orphaned, .suspectIdentifier, asset(1, "S") + ci(1, "S"),
            (2...6).map { asset($0, "S") }.joined()),
        Scene(
            .orphaned, .placeholderIdentifier, ci(1, "S") + asset(1, "S"),
            "UPDATE cmdb.ci SET serial_number = 'To be filled by O.E.M.'"),
        Scene(.orphaned, .noIdentifier, ci(1, "S") + asset(1, "S"), "UPDATE cmdb.ci SET serial_number = ' '"),
    ]

    @Test(arguments: scenes) func aReasonIsSeen(_ scene: Scene) async throws {
        let bench = try await EngineBench()
        for step in scene.steps {
            try await bench.run(step)
            try await bench.drain()
            try await bench.check()
        }
        #expect(
            try await bench.rows(
                """
                SELECT concat_ws(' ', state, reason, asset_id, method, rule, entry_priority, matched_on)
                FROM assetlink.ci_state WHERE ci_id = '1'
                """) == ["\(scene.state.rawValue) \(scene.reason.rawValue)"])
    }

    /// The decision depends on what is, not on how it came about.
    @Test(arguments: scenes) func aReasonIsSeenOfASingleBatch(_ scene: Scene) async throws {
        let bench = try await EngineBench()
        for step in scene.steps where !step.contains("assetlink.") { try await bench.run(step) }
        try await bench.drain()
        // Operators' functions know only what was read.
        for step in scene.steps where step.contains("assetlink.") { try await bench.run(step) }
        try await bench.drain()
        try await bench.check()
        // What was never read leaves no tombstone.
        let isRead = scene.reason != .assetDeleted
        #expect(
            try await bench.state(1)
                == (isRead ? "\(scene.state.rawValue) \(scene.reason.rawValue)" : "orphaned no_matching_asset"))
    }

    @Test func everyReasonHasItsScene() {
        #expect(Set(Self.scenes.map(\.reason)) == Set(StateReason.allCases))
    }

    @Test func aTombstoneIsForgottenAndItsReasonGoesOver() async throws {
        let bench = try await EngineBench()
        try await bench.run(Self.asset(1, "S") + Self.ci(1, "S"))
        try await bench.drain()
        try await bench.run("DELETE FROM itam.asset")
        try await bench.drain()
        #expect(try await bench.state(1) == "orphaned asset_deleted")
        let seen = try await bench.audit(
            "ci_state",
            after: """
                SELECT assetlink_internal.log_change('tombstone', NULL, asset_ref::text, 'expiry')
                FROM assetlink_internal.asset
                """)
        #expect(seen == ["cmdb 1: orphaned > orphaned, no_matching_asset"])
    }

    @Test func aSuspectValueIsTrusted() async throws {
        let bench = try await EngineBench()
        try await bench.run((1...6).map { Self.asset($0, "S") }.joined() + Self.ci(1, "S"))
        try await bench.drain()
        #expect(try await bench.state(1) == "orphaned suspect_identifier")
        try await bench.run("SELECT assetlink.trust_identifier('serial', 's', 'test')")
        try await bench.drain()
        #expect(try await bench.state(1) == "conflicted duplicate_asset")
        try await bench.run("DELETE FROM itam.asset WHERE asset_id > 1")
        try await bench.drain()
        #expect(try await bench.state(1) == "linked to 1")
        try await bench.check()
    }

    @Test func theStrongestClaimWinsAndRequeueChangesNothing() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            Self.asset(1, "S") + Self.ci(1, "S") + Self.ci(2, nil)
                + "UPDATE itam.asset SET asset_tag = 'T'; UPDATE cmdb.ci SET asset_tag = 'T' WHERE ci_id = 2")
        try await bench.drain()
        #expect(try await bench.state(1) == "linked to 1")
        #expect(try await bench.state(2) == "conflicted duplicate_ci")
        #expect(try await bench.audit("ci_state", after: "SELECT assetlink.requeue('cmdb', '1', 'test')") == [])
        #expect(try await bench.audit("requeue", after: "SELECT assetlink.requeue('cmdb', '2', 'why not')").count == 1)
        try await bench.run("SELECT assetlink.set_composite('itam', '1', true, 'a stack')")
        try await bench.drain()
        #expect(try await bench.state(2) == "linked to 1")
        try await bench.check()
    }
}
