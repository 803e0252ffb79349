import Testing

/// The hash chain over the audit, as SQL computes and verifies it.
@Suite struct AuditChainTests {
    @Test func auditChainFindsEveryChange() async throws {
        let books = try await Books()
        try await books.run(
            """
            INSERT INTO assetlink_internal.audit (
                batch_id, at, actor, action, ci_source, ci_id, link_id, to_state, rule_set_version, evidence)
            SELECT b, timestamptz '2026-05-01 12:00:00.000001+00', 'assetlinkd', 'link', 'net', 'Cé' || n, n, 'active',
                1, '{"k": 1}'
            FROM generate_series(1, 4) AS b, generate_series(1, 3) AS n ORDER BY b, n;
            SELECT pg_temp.batch(n) FROM generate_series(1, 5) AS n;
            """)
        #expect(try await books.rows("SELECT * FROM assetlink.audit_verify()") == [])
        #expect(try await books.rows("SELECT * FROM assetlink.audit_verify(3)") == [])
        #expect(
            try await books.rows("SELECT audit_id, evidence ->> 'k', cause FROM assetlink.audit WHERE audit_id = 1")
                == ["(1,1,)"])
        for (tampering, problems) in [
            (
                "UPDATE assetlink_internal.audit SET to_state = 'stale' WHERE audit_id = 5",
                ["(2,\"its audit rows do not give its digest\")"]
            ),
            (
                "DELETE FROM assetlink_internal.audit WHERE audit_id = 5",
                [
                    "(2,\"it should have 3 audit rows, and has 2\")", "(2,\"its audit rows do not give its digest\")",
                ]
            ),
            (
                "DELETE FROM assetlink_internal.batch WHERE batch_id = 2",
                [
                    "(2,\"there are 3 audit rows of a batch that does not exist\")",
                    "(3,\"the batch before it is missing\")",
                ]
            ),
            (
                "UPDATE assetlink_internal.batch SET digest = previous_digest WHERE batch_id = 2",
                [
                    "(2,\"its audit rows do not give its digest\")",
                    "(3,\"it does not follow the digest of the batch before\")",
                ]
            ),
            (
                "UPDATE assetlink_internal.batch SET previous_digest = digest WHERE batch_id = 1",
                [
                    "(1,\"it does not follow the digest of the batch before\")",
                    "(1,\"its audit rows do not give its digest\")",
                ]
            ),
        ] {
            try await books.run(
                """
                BEGIN;
                ALTER TABLE assetlink_internal.audit DISABLE TRIGGER never_rewritten;
                ALTER TABLE assetlink_internal.batch DISABLE TRIGGER never_rewritten;
                \(tampering);
                """)
            #expect(try await books.rows("SELECT * FROM assetlink.audit_verify()") == problems, "\(tampering)")
            try await books.run("ROLLBACK")
        }
    }

    /// The format is for ever: the same row must give the same bytes in every release.
    @Test func auditBytesAreAsPublished() async throws {
        let books = try await Books()
        let row = """
            ROW(1, 2, '2026-05-01 12:00:00.000001+00', 'd', 'é', NULL, '', NULL, NULL, 3, NULL, 's', NULL, 1, '{}', \
            NULL)::assetlink_internal.audit
            """
        let bytes = """
            01 00000008 0000000000000001 00000008 0000000000000002 00000008 000650c05200f001 00000001 64 00000002 c3a9
            ffffffff 00000000 ffffffff ffffffff 00000008 0000000000000003 ffffffff 00000001 73 ffffffff
            00000008 0000000000000001 00000002 7b7d ffffffff
            """.filter { !$0.isWhitespace }
        for zone in ["UTC", "Asia/Kolkata"] {
            try await books.run("SET TimeZone = '\(zone)'; SET DateStyle = 'German'; SET bytea_output = 'escape'")
            #expect(try await books.value("SELECT encode(assetlink_internal.audit_bytes(\(row)), 'hex')") == bytes)
        }
        #expect(
            try await books.value(
                "SELECT encode(assetlink_internal.batch_digest(decode(repeat('00', 32), 'hex'), 1, ''), 'hex')")
                == "08e00266fff0aacc64974f22a53622a7dc458ac1b5fd446ae7c99a4a99a564e6")
    }
}
