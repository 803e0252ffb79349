import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// What a preview says of rules is what their activation then does, whatever the world and the change.
@Suite(.serialized) struct PreviewTests {
    /// What is decided, as far as a preview speaks of it.
    private struct Decided {
        /// By CI: the asset it is linked to, if any.
        var links: [String: String] = [:]
        var states: [String: Int] = [:]
        var conflicts: Set<String> = []

        static func read(_ connection: PostgresConnection) async throws -> Decided {
            var decided = Decided()
            let rows = try await connection.pipeline([
                Statement(
                    """
                    SELECT ci_source || '/' || ci_id, CASE WHEN state = 'linked' THEN asset_source || '/' || asset_id END,
                        state || ' ' || coalesce(reason, '')
                    FROM assetlink.ci_state
                    """),
                Statement(
                    "SELECT kind || ' ' || identity FROM assetlink_internal.conflict WHERE closed_at IS NULL"),
            ])
            for row in rows[0] {
                if let asset = try row.textOrNil(1) { decided.links[try row.text(0)] = asset }
                decided.states[try row.text(2), default: 0] += 1
            }
            decided.conflicts = Set(try rows[1].map { try $0.text(0) })
            return decided
        }
    }

    /// The differences in the words of a preview.
    private static func changes(_ before: Decided, _ after: Decided) -> Set<String> {
        var result: Set<String> = []
        for ci in Set(before.links.keys).union(after.links.keys) {
            switch (before.links[ci], after.links[ci]) {
            case (let old?, nil): result.insert("lost \(ci) \(old)")
            case (nil, let new?): result.insert("gained \(ci) \(new)")
            case (let old?, let new?) where old != new: result.insert("moved \(ci) \(old) \(new)")
            default: break
            }
        }
        for conflict in after.conflicts.subtracting(before.conflicts) { result.insert("opened \(conflict)") }
        for conflict in before.conflicts.subtracting(after.conflicts) { result.insert("closed \(conflict)") }
        return result
    }

    private static func changes(_ report: PreviewReport) -> Set<String> {
        var result = Set(
            report.examples.map {
                [$0.change.rawValue, $0.ci, $0.before, $0.after].compactMap(\.self).joined(separator: " ")
            })
        for conflict in report.openedConflicts { result.insert("opened \(conflict)") }
        for conflict in report.closedConflicts { result.insert("closed \(conflict)") }
        return result
    }

    /// Each kind of edit once, in an order of the seed's, one after the other on one world.
    @Test(arguments: [UInt64.random(in: 1_000...1_000_000), 7])
    func itSaysWhatActivationDoes(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        var generator = WorldGenerator(seed: seed, features: .all)
        var world = generator.world(size: 40)
        let conninfo = try await migratedDatabase("preview_\(seed)")
        let writer = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        var limits = BatchLimits()
        limits.bulk = random.pick([9, 5_000])
        limits.holders = random.pick([2, 2_000])
        limits.breakerMinimum = 1_000_000
        let runner = try await EngineRunner(conninfo, limits: limits)
        let player = WorldPlayer(writer, tables: ["itam", "cmdb"])
        try await player.play(world) { try await runner.drain() }
        try await runner.drain()
        var edits = RuleEdit.allCases
        edits.shuffle(using: &random)
        var seen: Set<String> = []
        for edit in edits {
            edit.apply(to: &world.ruleSet)
            let before = try await Decided.read(writer)
            let session = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
            let report = try await BatchEngine.preview(
                session, world.ruleSet, page: limits.bulk, examples: 1_000_000, logger: quietLogger)
            await session.close()
            #expect(!report.isUnderWay)
            try await player.play(.edit(edit))
            try await runner.drain()
            let after = try await Decided.read(writer)
            let (said, done) = (Self.changes(report), Self.changes(before, after))
            #expect(
                said == done,
                """
                seed \(seed), \(edit.rawValue): said and not done: \(said.subtracting(done).sorted().prefix(6)); \
                done and not said: \(done.subtracting(said).sorted().prefix(6))
                """)
            for item in report.states {
                let name = "\(item.state) \(item.reason ?? "")"
                #expect(before.states[name, default: 0] == item.before, "seed \(seed), \(edit.rawValue): \(name)")
                #expect(after.states[name, default: 0] == item.after, "seed \(seed), \(edit.rawValue): \(name)")
            }
            #expect(report.gained + report.lost + report.moved == report.examples.count)
            #expect(report.opened == report.openedConflicts.count && report.closed == report.closedConflicts.count)
            seen.formUnion(done.compactMap { $0.split(separator: " ").first.map(String.init) })
        }
        // The edits must do something: what they do in any one world is its own.
        #expect(!seen.isEmpty, "seed \(seed)")
        if seed == 7 { #expect(seen.isSuperset(of: ["lost", "gained", "opened", "closed"]), "only \(seen.sorted())") }
        await writer.close()
        await runner.connection.close()
    }
}
