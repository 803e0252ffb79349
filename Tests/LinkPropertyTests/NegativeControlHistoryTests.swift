import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// The checks of history see what was done to the tables behind the engine's back.
@Suite struct NegativeControlHistoryTests {
    /// A statement that no batch would make, and what must say so.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let name: String
        let sql: String
        /// What the per-batch checks, the replay or the invariants say; nothing is tampered with: nothing.
        let isSeenBy: String?
        var testDescription: String { name }
    }

    /// Made between two batches: the check of the batch behind it must see what no row of the audit says.
    static let betweenBatches = [
        Tampering(name: "nothing", sql: "SELECT", isSeenBy: nil),
        Tampering(
            name: "a link ends for a reason that does not hold",
            sql: """
                UPDATE assetlink_internal.link SET status = 'closed', closed_at = now(), close_reason = 'class_excluded';
                UPDATE assetlink_internal.ci_decision SET link_id = NULL
                """, isSeenBy: "law"),
        Tampering(
            name: "a second open link",
            sql: """
                DROP INDEX assetlink_internal.link_open;
                INSERT INTO assetlink_internal.link (ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id,
                    status, method, linked_at, linked_by)
                SELECT ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, 'active', 'automatic', now(), 'x'
                FROM assetlink_internal.link
                """, isSeenBy: "law"),
        Tampering(
            name: "a state that nobody audited",
            sql:
                "UPDATE assetlink_internal.ci_decision SET state = 'orphaned', reason = 'no_identifier', link_id = NULL",
            isSeenBy: "ledger"),
        Tampering(
            name: "a transition audited twice",
            sql: """
                INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id,
                    link_id, from_state, to_state, reason, rule_set_version)
                SELECT batch_id + 1, at, actor, action, ci_source, ci_id, asset_source, asset_id, link_id, from_state,
                    to_state, reason, rule_set_version
                FROM assetlink_internal.audit WHERE action = 'link'
                """, isSeenBy: "ledger"),
    ]

    @Test(arguments: betweenBatches) func everyBatchIsWatched(_ tampering: Tampering) async throws {
        let bench = try await ControlBench("control_watch")
        var watch = Watch(bench.writer)
        _ = try await watch.observe()
        try await bench.write(ControlBench.pair())
        while case .done = try await bench.runner.engine.run() {
            let found = try await watch.observe()
            #expect(found.isEmpty, "\(found)")
        }
        try await bench.writer.script(tampering.sql)
        // Touches nothing of what was tampered with.
        try await bench.write([.upsertAsset(ControlBench.other, AssetRecord(serialNumber: "SN-9"))])
        try await bench.drain()
        let checks = Set(try await watch.observe().map(\.check))
        if let check = tampering.isSeenBy { #expect(checks.contains(check)) } else { #expect(checks.isEmpty) }
    }

    /// Made at the end: the replay of the audit, the invariants or the questions about the past must see it.
    static let afterwards = [
        Tampering(name: "nothing", sql: "SELECT", isSeenBy: nil),
        Tampering(
            name: "an audit row is gone",
            sql: "DELETE FROM assetlink_internal.audit WHERE action = 'link' AND to_state = 'stale'",
            isSeenBy: "replay"),
        Tampering(
            name: "an audit row was changed",
            sql: "UPDATE assetlink_internal.audit SET reason = 'asset_deleted' WHERE to_state = 'stale'",
            isSeenBy: "replay"),
        Tampering(
            name: "an actor was changed",
            sql: "UPDATE assetlink_internal.audit SET actor = 'nobody' WHERE to_state = 'stale'",
            isSeenBy: "invariant"),
        Tampering(
            name: "a link was changed", sql: "UPDATE assetlink_internal.link SET stale_reason = 'asset_deleted'",
            isSeenBy: "replay"),
        Tampering(
            name: "a conflict was reopened",
            sql:
                "INSERT INTO assetlink_internal.conflict (kind, identity, opened_at) VALUES ('duplicate_ci', 'x', now())",
            isSeenBy: "replay"),
        Tampering(
            name: "an act nobody took in",
            sql: "INSERT INTO assetlink_internal.act (kind, reason) VALUES ('requeue', 'x')", isSeenBy: "replay"),
        Tampering(
            name: "a period was changed",
            sql: "UPDATE assetlink_internal.link_period SET from_batch = from_batch + 1 WHERE status = 'stale'",
            isSeenBy: "as-of"),
    ]

    @Test(arguments: afterwards) func theWholeHistoryIsReplayed(_ tampering: Tampering) async throws {
        let bench = try await ControlBench("control_replay")
        var watch = Watch(bench.writer)
        _ = try await watch.observe()
        try await bench.write(ControlBench.pair())
        try await bench.drain()
        _ = try await watch.observe()
        let ended = AssetRecord(serialNumber: "SN-7", lifecycleRaw: "retired")
        try await bench.write([.upsertAsset(ControlBench.asset, ended)])
        try await bench.drain()
        _ = try await watch.observe()
        try await bench.writer.script("ALTER TABLE assetlink_internal.audit DISABLE TRIGGER ALL; \(tampering.sql)")
        var checks: Set<String> = []
        if try await !AuditReplay.problems(bench.writer).isEmpty { checks.insert("replay") }
        if try await !EngineInvariants.problems(bench.writer).isEmpty { checks.insert("invariant") }
        if try await !watch.problemsOfThePast().isEmpty { checks.insert("as-of") }
        if let check = tampering.isSeenBy {
            #expect(checks.contains(check), "\(checks)")
        } else {
            #expect(checks.isEmpty)
        }
    }
}
