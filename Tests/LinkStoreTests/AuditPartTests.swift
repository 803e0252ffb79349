import LinkStore
import LinkTesting
import Postgres
import Testing

/// Parts that are taken out of the database, on record, and their files.
@Suite struct AuditPartTests {
    private func exported(_ books: Books, _ last: Int64) async throws -> [String] {
        var lines: [String] = []
        let part = try await AuditReader(books.connection, page: 3).export(upTo: last) { lines.append($0) }
        #expect(part?.batches.upperBound == last)
        return lines
    }

    private func verify(_ lines: [String], _ books: Books) async throws -> [String] {
        try await AuditReader(books.connection).verify(file: lines.map { Array($0.utf8) }).words
    }

    @Test func whatIsLeftIsVerifiedFromTheRecordOn() async throws {
        let books = try await Books.withAudit()
        let reader = AuditReader(books.connection, page: 3)
        let head = try #require(try await reader.head())
        let row = try #require(try await books.value("SELECT max(audit_id) FROM assetlink.audit").flatMap { Int64($0) })
        let proof = try await reader.prove(row).batchPath
        for (last, rows) in [(Int64(3), "12"), (6, "12")] {
            #expect(try await books.value("SELECT assetlink.detach_audit(\(last), 'older than a year')") == rows)
            #expect(try await books.audited() == [])
            #expect(try await books.read() == [])
            #expect(try await reader.head() == head)
            #expect(try await books.problems("assetlink.audit_verify_head('\(head)')") == [])
            #expect(try await reader.prove(row).batchPath == proof)
        }
        #expect(try await books.value("SELECT count(*) FROM assetlink.audit") == "1")
        var findings = AuditFindings()
        let inside = "4:" + String(repeating: "00", count: 32)
        try await reader.verify(try #require(AuditHead(inside)), into: &findings)
        #expect(
            findings.words == [
                "4||the head that was kept is of a part that was detached: compare it with that part's file"
            ])
        #expect(try await books.problems("assetlink.audit_verify_head('\(inside)')") == findings.words)
        await #expect(throws: AuditProof.Refusal.detached(lastBatch: 3)) { _ = try await reader.prove(2) }

        // What is not on record, or another record.
        for (tampering, problems) in [
            (
                "UPDATE assetlink_internal.audit_detached SET digest = previous_digest WHERE last_batch = 6",
                ["7||it does not follow the digest of the batch before"]
            ),
            (
                "UPDATE assetlink_internal.audit_detached SET first_batch = 5 WHERE last_batch = 6",
                ["5||the record of the part that was detached does not follow the one before"]
            ),
            (
                "UPDATE assetlink_internal.audit_detached SET digest = previous_digest WHERE last_batch = 3",
                ["4||the record of the part that was detached does not follow the one before"]
            ),
            (
                "DELETE FROM assetlink_internal.audit_detached WHERE last_batch = 6",
                ["4||it is missing, and so are all up to 6"]
            ),
            ("DELETE FROM assetlink_internal.audit_detached", ["1||it is missing, and so are all up to 6"]),
        ] {
            let found = try await books.tampered(tampering) { (try await books.audited(), try await books.read()) }
            #expect(found.0 == problems, "SQL: \(tampering)")
            #expect(found.1 == problems, "the program: \(tampering)")
        }
    }

    @Test func onlyWhatIsWholeAndOldIsDetached() async throws {
        let books = try await Books.withAudit()
        for (last, reason) in [("8", "r"), ("0", "r"), ("3", " "), ("NULL", "r")] {
            let refused = await refusal(books.connection, "SELECT assetlink.detach_audit(\(last), '\(reason)')")
            #expect(refused?.sqlState == "22023", "\(last)")
        }
        // Nothing goes beside it, not even by the tables' owner.
        #expect(
            await refusal(books.connection, "DELETE FROM assetlink_internal.audit WHERE batch_id = 1")?.sqlState
                == "23001")
        try await books.tampered("UPDATE assetlink_internal.audit SET actor = 'nobody' WHERE audit_id = 6") {
            () async throws in
            let refused = await refusal(books.connection, "SELECT assetlink.detach_audit(3, 'r')")
            #expect(refused?.sqlState == "22000")
        }
        #expect(try await books.value("SELECT assetlink.detach_audit(2, 'r')") == "8")
        #expect(await refusal(books.connection, "DELETE FROM assetlink_internal.audit")?.sqlState == "23001")
        #expect(await refusal(books.connection, "DELETE FROM assetlink_internal.audit_detached")?.sqlState == "23001")
        #expect(await refusal(books.connection, "SELECT assetlink.detach_audit(2, 'r')")?.sqlState == "22023")
    }

    @Test func aFileIsVerifiedByItselfAndAgainstTheRecord() async throws {
        let books = try await Books.withAudit()
        let lines = try await exported(books, 6)
        #expect(lines.count == 32)
        #expect(try await verify(lines, books) == [])
        _ = try await books.rows("SELECT assetlink.detach_audit(3, 'r')")
        let rest = try await exported(books, 6)
        #expect(try await verify(lines, books) == [])
        #expect(try await verify(rest, books) == [])
        _ = try await books.rows("SELECT assetlink.detach_audit(6, 'r')")
        #expect(try await verify(lines, books) == [])
        #expect(try await verify(rest, books) == [])

        // Line 7 is the second batch, 8 and 9 its first rows.
        var changed = lines
        changed[7].replace("assetlinkd", with: "nobody")
        #expect(try await verify(changed, books) == ["2|5|it was altered"])
        changed = lines
        changed.remove(at: 8)
        #expect(
            try await verify(changed, books) == [
                "2||it should have 4 audit rows, and has 3", "2||row 2 of 4 is missing",
                "6||the file should have 24 audit rows, and has 23",
            ])
        changed = lines
        changed.insert(lines[7], at: 9)
        #expect(
            try await verify(changed, books).prefix(3) == [
                "2||it should have 4 audit rows, and has 5", "2|5|it is out of its order", "2|5|it was inserted",
            ])
        changed = lines
        changed.swapAt(7, 8)
        #expect(try await verify(changed, books) == ["2|5|it is out of its order"])
        changed = lines
        changed.removeSubrange(6..<11)
        #expect(try await verify(changed, books).contains("2||it is missing"))
        for length in 1..<lines.count {
            #expect(try await verify(Array(lines.prefix(length)), books) != [], "cut off behind line \(length)")
        }
        #expect(try await verify(Array(lines.prefix(31)), books) == ["6||the file is cut off behind it"])
        for garbage in [["{}"], [], [lines[0], "[1]"], [lines[0], #"{"audit_id": 1}"#], lines + ["{}"]] {
            await #expect(throws: AuditPart.Problem.self) { _ = try await verify(garbage, books) }
        }
    }

    @Test func aFileOfAnotherAuditIsNone() async throws {
        let books = try await Books.withAudit()
        var lines = try await exported(books, 6)
        _ = try await books.rows("SELECT assetlink.detach_audit(6, 'r')")
        // Whole in itself, and not what was detached.
        let other = try await Books.withAudit("other")
        try await other.run(
            """
            SELECT pg_temp.write_batch(9, ARRAY['Z']);
            """)
        let longer = try await exported(other, 8)
        // The same up to batch 8, as both were made alike.
        #expect(try await verify(longer, books) == [])
        lines[0].replace("\"first_batch\":1", with: "\"first_batch\":7")
        #expect(
            try await verify(lines, books).contains(
                "7||the part does not follow the digest on record of the batch before"))
    }
}
