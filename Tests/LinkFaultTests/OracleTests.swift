import LinkFaults
import Testing

/// An oracle that cannot fail is none: each of these must be found.
@Suite(.serialized) struct OracleTests {
    @Test func findsWhatIsWrong() async throws {
        let stage = Stage(name: "oracle", seed: 1, effort: .short)
        let arena = try await stage.arena(on: Cluster.shared.value)
        let load = arena.load()
        let daemon = try await arena.start()
        try await load.run(40)
        try await arena.quiet()
        #expect(try await Oracle.problems(arena.connection, load: load) == [])
        // Nobody is there to put it right.
        try await daemon.stop()
        // A superuser can do anything, and the oracle must see it.
        try await arena.run(
            """
            ALTER TABLE assetlink_internal.audit DISABLE TRIGGER never_rewritten;
            ALTER TABLE assetlink_internal.batch DISABLE TRIGGER never_rewritten;
            """)
        var known: Set<String> = []
        for (tampering, place) in [
            (
                "UPDATE itam.asset SET serial_number = 'NEVER SAID' WHERE asset_id = (SELECT min(asset_id) FROM itam.asset)",
                "source:"
            ),
            ("DELETE FROM cmdb.ci WHERE ci_id = (SELECT min(ci_id) FROM cmdb.ci)", "feed:"),
            (
                """
                UPDATE assetlink_internal.ci_decision SET state = 'orphaned', reason = 'no_identifier'
                WHERE ci_ref = (SELECT min(ci_ref) FROM assetlink_internal.ci_decision WHERE state = 'linked')
                """, "model:"
            ),
            (
                """
                INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id,
                    link_id, from_state, to_state, reason, rule_set_version, evidence, cause)
                SELECT batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id,
                    link_id, from_state, to_state, reason, rule_set_version, evidence, cause
                FROM assetlink_internal.audit WHERE action = 'link' ORDER BY audit_id DESC LIMIT 1
                """, "moves twice in batch"
            ),
            (
                "DELETE FROM assetlink_internal.audit WHERE audit_id = (SELECT min(audit_id) FROM assetlink_internal.audit)",
                "is missing"
            ),
            (
                "UPDATE assetlink_internal.batch SET epoch = 0 WHERE batch_id = (SELECT max(batch_id) FROM assetlink_internal.batch)",
                "is of epoch 0"
            ),
            (
                "DROP INDEX assetlink_internal.link_open; CREATE INDEX link_open ON assetlink_internal.link (ci_ref)",
                "no unique index"
            ),
        ] {
            try await arena.run("SET session_replication_role = replica; \(tampering); RESET session_replication_role")
            let problems = try await Oracle.problems(arena.connection, load: load)
            let new = problems.filter { !known.contains($0) }
            #expect(new.contains { $0.contains(place) }, "not found: \(tampering)\n\(new.joined(separator: "\n"))")
            known.formUnion(problems)
        }
        await arena.close()
    }
}
