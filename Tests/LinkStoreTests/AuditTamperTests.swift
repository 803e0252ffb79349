import LinkStore
import LinkTesting
import Postgres
import Testing

/// What somebody does with the rights of a superuser is found and located, by the database's own function and by the
/// program, which share nothing but the format.
@Suite struct AuditTamperTests {
    @Test func nothingIsFoundWhereNothingWasDone() async throws {
        let books = try await Books.withAudit()
        #expect(try await books.audited() == [])
        #expect(try await books.read() == [])
        for (first, last) in [(1, 8), (2, 8), (3, 5), (8, 8)] as [(Int64, Int64)] {
            #expect(try await books.audited("\(first), \(last)") == [])
            #expect(try await books.read(from: first, to: last) == [])
        }
        let findings = try await AuditReader(books.connection).verify()
        #expect(findings.batches == 1...8 && findings.rows == 25)
    }

    private static let altered = ["2|6|it was altered"]

    /// Row 6 is the second of batch 2.
    private static let edits: [(String, [String])] = [
        ("audit_id = 600", ["2||row 2 of 4 is missing", "2|600|it was inserted"]),
        (
            "batch_id = 4",
            [
                "2||it should have 4 audit rows, and has 3", "2||row 2 of 4 is missing",
                "4||it should have 4 audit rows, and has 5", "4|6|it was inserted",
            ]
        ),
        ("at = at + interval '1 microsecond'", altered), ("at = 'infinity'", altered), ("actor = 'nobody'", altered),
        ("action = 'pin'", altered), ("ci_source = 'far'", altered), ("ci_id = 'Be\u{301}'", altered),
        ("asset_source = NULL", altered), ("asset_id = ''", altered), ("link_id = -2", altered),
        ("from_state = 'active'", altered), ("to_state = NULL", altered), ("reason = 'R'", altered),
        ("rule_set_version = 2", altered), ("evidence = '{\"k\":1}'", altered), ("cause = NULL", altered),
    ]

    @Test func everyColumnOfARow() async throws {
        let books = try await Books.withAudit()
        let columns = try await books.rows(
            """
            SELECT attname FROM pg_attribute WHERE attrelid = 'assetlink_internal.audit'::regclass AND attnum > 0
                AND NOT attisdropped
            """)
        #expect(columns.count == Set(Self.edits.map { $0.0.prefix { $0 != " " } }).count, "a column is not tried")
        for (edit, problems) in Self.edits {
            try await expect("UPDATE assetlink_internal.audit SET \(edit) WHERE audit_id = 6", problems, books)
        }
    }

    private static let unsealed = "its time and its row digests do not give its digest"

    @Test func everyColumnOfTheChain() async throws {
        let books = try await Books.withAudit()
        for (edit, problems) in [
            (
                "batch_id = 20",
                [
                    "2||it is missing", "2||there are 4 audit rows of a batch that does not exist",
                    "9||it is missing, and so are all up to 19", "20||it should have 4 audit rows, and has 0",
                    "20||\(Self.unsealed)",
                ] + (1...4).map { "20||row \($0) of 4 is missing" }
            ),
            ("committed_at = committed_at + interval '1 microsecond'", ["2||\(Self.unsealed)"]),
            ("committed_at = 'infinity'", ["2||\(Self.unsealed)"]),
            ("audit_rows = 5", ["2||it should have 5 audit rows, and has 4"]),
            (
                "previous_digest = digest",
                ["2||it does not follow the digest of the batch before", "2||\(Self.unsealed)"]
            ),
            (
                "digest = previous_digest",
                ["2||\(Self.unsealed)", "3||it does not follow the digest of the batch before"]
            ),
            ("row_digests = NULL", ["2||its audit rows do not give its digest"]),
            (
                "row_digests = substr(row_digests, 33)",
                ["2||\(Self.unsealed)", "2|5|it was inserted"]
            ),
            (
                "row_digests = substr(row_digests, 2)",
                [
                    "2||\(Self.unsealed)", "2|5|it was altered", "2|6|it was altered", "2|7|it was altered",
                    "2|8|it was inserted",
                ]
            ),
        ] {
            try await expect("UPDATE assetlink_internal.batch SET \(edit) WHERE batch_id = 2", problems, books)
        }
    }

    @Test func whatIsRemovedInsertedOrMoved() async throws {
        let books = try await Books.withAudit()
        let stray =
            "INSERT INTO assetlink_internal.audit (audit_id, batch_id, at, actor, action, rule_set_version) VALUES"
        for (tampering, problems) in [
            (
                "DELETE FROM assetlink_internal.audit WHERE audit_id = 5",
                ["2||it should have 4 audit rows, and has 3", "2||row 1 of 4 is missing"]
            ),
            (
                "DELETE FROM assetlink_internal.audit WHERE audit_id IN (6, 8)",
                ["2||it should have 4 audit rows, and has 2", "2||row 2 of 4 is missing", "2||row 4 of 4 is missing"]
            ),
            (
                """
                DELETE FROM assetlink_internal.audit WHERE audit_id = 5;
                UPDATE assetlink_internal.audit SET actor = 'nobody' WHERE audit_id = 7
                """,
                [
                    "2||it should have 4 audit rows, and has 3", "2||row 1 of 4 is missing", "2|7|it was altered",
                ]
            ),
            (
                "DELETE FROM assetlink_internal.audit WHERE audit_id = 10",
                ["3||it should have 4 audit rows, and has 3", "3||its audit rows do not give its digest"]
            ),
            (
                "\(stray) (500, 2, now(), 'x', 'link', 1), (501, 77, now(), 'x', 'link', 1), (-1, 0, now(), 'x', 'l', 1)",
                [
                    "0||there are 1 audit rows of a batch that does not exist",
                    "2||it should have 4 audit rows, and has 5", "2|500|it was inserted",
                    "77||there are 1 audit rows of a batch that does not exist",
                ]
            ),
            (
                "INSERT INTO assetlink_internal.audit SELECT * FROM assetlink_internal.audit WHERE audit_id = 6",
                ["2||it should have 4 audit rows, and has 5", "2|6|it was inserted"]
            ),
            (
                """
                UPDATE assetlink_internal.audit AS a SET ci_id = b.ci_id FROM assetlink_internal.audit AS b
                WHERE (a.audit_id, b.audit_id) IN ((5, 6), (6, 5))
                """, ["2|5|it was altered", "2|6|it was altered"]
            ),
            (
                """
                UPDATE assetlink_internal.audit SET audit_id = 1000 WHERE audit_id = 5;
                UPDATE assetlink_internal.audit SET audit_id = 5 WHERE audit_id = 6;
                UPDATE assetlink_internal.audit SET audit_id = 6 WHERE audit_id = 1000
                """, ["2|5|it was altered", "2|6|it was altered"]
            ),
            (
                "DELETE FROM assetlink_internal.audit WHERE batch_id = 8; DELETE FROM assetlink_internal.batch WHERE batch_id = 7",
                ["7||it is missing", "8||it should have 1 audit rows, and has 0", "8||row 1 of 1 is missing"]
            ),
            (
                """
                DELETE FROM assetlink_internal.batch WHERE batch_id IN (4, 5);
                DELETE FROM assetlink_internal.audit WHERE batch_id = 5
                """,
                [
                    "4||it is missing, and so are all up to 5",
                    "4||there are 4 audit rows of a batch that does not exist",
                ]
            ),
            (
                """
                DELETE FROM assetlink_internal.batch WHERE batch_id < 3;
                DELETE FROM assetlink_internal.audit WHERE batch_id < 3
                """, ["1||it is missing, and so are all up to 2"]
            ),
            (
                """
                INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes,
                    audit_rows, previous_digest, digest)
                SELECT 0, 1, snapshot, committed_at, 1, 0, 0, '', '' FROM assetlink_internal.batch WHERE batch_id = 1
                """, ["0||it is here, and was before all that is left"]
            ),
        ] {
            try await expect(tampering, problems, books)
        }
    }

    /// Whole or from a batch on, both find the same whatever was done; that they find anything is asked above.
    @Test func bothFindTheSame() async throws {
        let books = try await Books.withAudit()
        var random = SplitMix64(seed: 20_260_501)
        for round in 0..<40 {
            let steps = (0...Int.random(in: 0..<3, using: &random)).map { _ in
                let row = Int.random(in: 1...25, using: &random)
                let batch = Int.random(in: 1...8, using: &random)
                return [
                    "DELETE FROM assetlink_internal.audit WHERE audit_id = \(row)",
                    "UPDATE assetlink_internal.audit SET actor = 'nobody' WHERE audit_id = \(row)",
                    "UPDATE assetlink_internal.audit SET batch_id = \(batch) WHERE audit_id = \(row)",
                    "UPDATE assetlink_internal.audit SET audit_id = audit_id + 100 WHERE audit_id = \(row)",
                    "INSERT INTO assetlink_internal.audit SELECT * FROM assetlink_internal.audit WHERE audit_id = \(row)",
                    "DELETE FROM assetlink_internal.batch WHERE batch_id = \(batch)",
                    "UPDATE assetlink_internal.batch SET audit_rows = audit_rows + 1 WHERE batch_id = \(batch)",
                    "UPDATE assetlink_internal.batch SET digest = sha256(digest) WHERE batch_id = \(batch)",
                    "UPDATE assetlink_internal.batch SET row_digests = row_digests || digest WHERE batch_id = \(batch)",
                ].randomElement(using: &random) ?? ""
            }
            let first = Int64.random(in: 1...8, using: &random)
            try await books.tampered(steps.joined(separator: "; ")) { () async throws in
                let whole = try await books.read()
                #expect(try await books.audited() == whole, "round \(round): \(steps)")
                let part = try await books.read(from: first, to: 8)
                #expect(
                    try await books.audited("\(first), 8") == part, "round \(round), from batch \(first): \(steps)")
            }
        }
    }

    private func expect(
        _ tampering: String, _ problems: [String], _ books: Books, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await books.tampered(tampering) { (try await books.audited(), try await books.read()) }
        #expect(found.0 == problems, "SQL: \(tampering)", sourceLocation: location)
        #expect(found.1 == problems, "the program: \(tampering)", sourceLocation: location)
    }
}
