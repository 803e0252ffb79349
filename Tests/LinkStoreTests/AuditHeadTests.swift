import LinkStore
import LinkTesting
import Postgres
import Testing

/// Against a head that was kept elsewhere nothing can be cut off, and not even all of it be rewritten.
@Suite struct AuditHeadTests {
    @Test func headsAreReadAsTheyAreWritten() {
        let text = "17:" + String(repeating: "0f", count: 32) + ":" + String(repeating: "a9", count: 32)
        #expect(AuditHead(text)?.description == text)
        #expect(AuditHead(text.prefix(67))?.description == String(text.prefix(67)))
        let rest = String(text.dropFirst(3))
        for wrong in ["", "17", "0:\(rest)", "+1:\(rest)", "\(text)00", text.uppercased(), "\(text):"] {
            #expect(AuditHead(wrong) == nil, "\(wrong)")
        }
        let lines = "Nov 22 host assetlinkd[7]: audit head head=\(text) (batch 17)\nnothing\n\(text.prefix(67))"
        #expect(AuditHead.all(in: lines).map(\.description) == [text, String(text.prefix(67))])
    }

    @Test func bothMakeTheSameHeads() async throws {
        let books = try await Books.withAudit()
        for last in Int64(1)...8 {
            let head = try await AuditReader(books.connection).head(upTo: last)
            #expect(try await books.value("SELECT head FROM assetlink.audit_head(\(last))") == head?.description)
            // And as one tree over all leaves, without going through its parts.
            #expect(
                try await books.value(
                    """
                    SELECT encode(assetlink_internal.merkle_root(
                        string_agg(sha256('\\x00'::bytea || b.digest), ''::bytea ORDER BY b.batch_id)), 'hex')
                    FROM assetlink_internal.batch AS b WHERE b.batch_id <= \(last)
                    """) == head?.root.map { Hexadecimal.text($0) })
        }
        #expect(try await AuditReader(books.connection).head(upTo: 9) == nil)
    }

    @Test func whatIsCutOffOrRewrittenIsFound() async throws {
        let books = try await Books.withAudit()
        let reader = AuditReader(books.connection)
        let head = try #require(try await reader.head())
        let older = try #require(try await reader.head(upTo: 5))
        func compare(_ head: AuditHead) async throws -> [String] {
            var findings = AuditFindings()
            try await reader.verify(head, into: &findings)
            let words = findings.words
            #expect(try await books.problems("assetlink.audit_verify_head('\(head)')") == words)
            return words
        }
        #expect(try await compare(head) == [])
        #expect(try await compare(older) == [])
        try await books.tampered(
            """
            DELETE FROM assetlink_internal.audit WHERE batch_id > 6; DELETE FROM assetlink_internal.batch WHERE batch_id > 6
            """
        ) { () async throws in
            #expect(try await books.audited() == [])
            #expect(try await books.read() == [])
            #expect(
                try await compare(head)
                    == ["7||it is missing, and so is all behind it up to 8, of which a head was kept"])
            #expect(try await compare(older) == [])
        }
        // Row 6 is another one, and every digest from there on is made anew.
        try await books.tampered(
            """
            UPDATE assetlink_internal.audit SET actor = 'nobody' WHERE audit_id = 6;
            CREATE TEMPORARY TABLE copy AS SELECT * FROM assetlink_internal.batch WHERE batch_id > 1;
            DELETE FROM assetlink_internal.batch WHERE batch_id > 1;
            SELECT pg_temp.seal(c.batch_id, c.committed_at, c.row_digests IS NOT NULL)
            FROM (SELECT * FROM copy ORDER BY batch_id) AS c;
            """
        ) { () async throws in
            #expect(try await books.audited() == [])
            #expect(try await books.read() == [])
            let (digest, root) = (
                "its digest is not that of the head that was kept",
                "the tree over the batches does not give the root that was kept"
            )
            #expect(try await compare(head) == ["8||\(digest)", "8||\(root)"])
            #expect(try await compare(older) == ["5||\(digest)", "5||\(root)"])
        }
        // A batch is replaced by another with the digest that the head has: the tree shows it.
        try await books.tampered("UPDATE assetlink_internal.batch SET digest = sha256(digest) WHERE batch_id = 4") {
            () async throws in
            #expect(try await compare(older) == ["5||the tree over the batches does not give the root that was kept"])
        }
        await #expect(throws: PostgresError.self) {
            _ = try await books.rows("SELECT * FROM assetlink.audit_verify_head('8:00')")
        }
    }
}
