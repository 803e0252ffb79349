import FoundationEssentials
import Glibc
import LinkTesting
import Testing

/// The audit from the command line: verified, its head kept, a row proved, a part exported.
@Suite struct AuditCommandTests {
    private static let checker =
        #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        + "/deploy/audit/check-proof.py"

    @Test func verifiedWithWhatWasKept() async throws {
        let database = try await sealedFleet()
        #expect(await run("audit", "verify", "-d", database).text == "The audit is whole up to batch 3: 6 rows.")
        #expect(
            try await value(
                "SELECT string_agg(problems || ' of ' || audit_rows, ',') FROM assetlink.audit_check", database)
                == "0 of 6")
        let head = await run("audit", "head", "-d", database).text
        let old = await run("audit", "head", "--batch", "2", "-d", database).text
        #expect(head == (try await value("SELECT head FROM assetlink.audit_head()", database)))
        let journal = try temporaryFile("audit head head=\(old)\naudit head head=\(head)\n")
        defer { unlink(journal) }
        #expect(
            await run("audit", "verify", "--heads", journal, "-d", database).text
                == "The audit is whole up to batch 3, and as 2 heads have it: 6 rows.")
        #expect(
            await run("audit", "verify", "--since", "2026-05-01 12:00:03Z", "-d", database).text
                == "The audit is whole from batch 3 to 3: 2 rows.")
        #expect(await run("audit", "verify", "--since", "1 hour", "-d", database).text == "There is nothing to verify.")

        try await execute(
            Self.unguarded + "UPDATE assetlink_internal.audit SET actor = 'nobody' WHERE audit_id = 4", database)
        let found = await run("audit", "verify", "-d", database)
        #expect(found.code == 1 && found.out == ["BATCH  ROW  PROBLEM", "    2    4  it was altered"])
        #expect(await run("audit", "verify", "--from", "3", "-d", database).code == 0)
        #expect(await run("audit", "verify", "--ci", "net/B", "-d", database).code == 1)
        #expect(await run("audit", "prove", "4", "-d", database).errors.contains("is not what was written"))
        try await execute(
            "DELETE FROM assetlink_internal.audit WHERE batch_id = 3; DELETE FROM assetlink_internal.batch WHERE batch_id = 3",
            database)
        let cut = await run("audit", "verify", "--from", "3", "--head", head, "-d", database)
        #expect(cut.code == 1 && cut.text.contains("it is missing, and so is all behind it up to 3"))
        #expect(await run("audit", "verify", "--head", "17", "-d", database).code == 64)
        #expect(await run("audit", "verify", "--heads", "/dev/null", "-d", database).code == 64)
        #expect(await run("audit", "verify", "--ci", "net/A", "--from", "2", "-d", database).code == 64)
    }

    @Test func proofsAreCheckedWithoutUs() async throws {
        let database = try await sealedFleet()
        let heads = [
            2: await run("audit", "head", "--batch", "2", "-d", database).text,
            3: await run("audit", "head", "-d", database).text,
        ]
        for row in 1...6 {
            for (batch, head) in heads where (row + 1) / 2 <= batch {
                let proof = await run("audit", "prove", "\(row)", "--head", head, "-d", database).text
                #expect(try await check(proof, head) == "proved", "row \(row), head \(batch)")
            }
        }
        let head = try #require(heads[3])
        let proof = await run("audit", "prove", "4", "-d", database).text
        #expect(try await check(proof, head) == "proved")
        #expect(try await check(proof, try #require(heads[2])) == nil, "another head")
        for (old, new) in [
            ("\"actor\":\"assetlinkd\"", "\"actor\":\"nobody\""), ("\"row_index\": 1", "\"row_index\": 0"),
            ("\"link_id\":2", "\"link_id\":null"), ("\"batch_id\":2", "\"batch_id\":1"),
            ("\"audit_id\":4,", "\"audit_id\":4,\"remark\":\"trust me\","), ("\"row_count\": 2", "\"row_count\": 1"),
            ("\"committed_at\": 1", "\"committed_at\": 2"),
        ] {
            let changed = proof.replacing(old, with: new)
            #expect(changed != proof, "\(old) is not in the proof")
            #expect(try await check(changed, head) == nil, "\(new)")
        }
        for (row, words) in [("99", "There is no audit row 99."), ("4", "before audit row 4 was written")] {
            let older = await run("audit", "head", "--batch", "1", "-d", database).text
            #expect(await run("audit", "prove", row, "--head", older, "-d", database).errors.contains(words))
        }
    }

    /// `nil`: it is refused, and the program says that it is not proved.
    private func check(_ proof: String, _ head: String) async throws -> String? {
        let file = try temporaryFile(proof)
        defer { unlink(file) }
        do {
            return try await ChildProcess.run(["/usr/bin/env", "python3", Self.checker, head, file])
                .split(separator: " ").last.map { String($0.filter { !$0.isNewline }) }
        } catch let failure as ChildProcess.Failure {
            #expect(failure.description.contains("NOT PROVED"))
            return nil
        }
    }

    @Test func aPartIsWrittenAndVerified() async throws {
        let database = try await sealedFleet()
        let file = try temporaryFile("")
        #expect(await run("audit", "export", "--up-to", "2", file, "-d", database).code == 64)
        unlink(file)
        defer { unlink(file) }
        #expect(await run("audit", "export", "--before", "2026-05-01 12:00:03Z", file, "-d", database).code == 0)
        #expect(await run("audit", "verify", "--file", file, "-d", database).text.contains("up to batch 2: 4 rows"))
        try await execute("DO $$ BEGIN PERFORM assetlink.detach_audit(2, 'old'); END $$", database)
        #expect(await run("audit", "verify", "--file", file, "-d", database).code == 0)
        #expect(await run("audit", "verify", "-d", database).text == "The audit is whole from batch 3 to 3: 2 rows.")
        #expect(await run("audit", "prove", "4", "-d", database).errors.contains("which was detached"))
        let text = try String(decoding: Data(contentsOf: URL(fileURLWithPath: file)), as: UTF8.self)
        let changed = try temporaryFile(text.replacing("\"ci_id\":\"B\"", with: "\"ci_id\":\"C\""))
        defer { unlink(changed) }
        let found = await run("audit", "verify", "--file", changed, "-d", database)
        #expect(found.code == 1 && found.text.contains("it was altered"))
        #expect(await run("audit", "verify", "--file", "/dev/null", "-d", database).code == 1)
        #expect(await run("audit", "export", "--up-to", "2", file + "2", "-d", database).code == 1)
    }

    /// Three sealed batches with two rows each, about CIs A and B of source `net`.
    private func sealedFleet(_ name: String = #function) async throws -> String {
        let database = try await migratedDatabase(name)
        try await execute(Self.batches, database)
        return database
    }

    private static let unguarded = """
        ALTER TABLE assetlink_internal.audit DISABLE TRIGGER ALL; ALTER TABLE assetlink_internal.batch DISABLE TRIGGER ALL;
        """

    private static let batches = """
        DO $$
        DECLARE
            n bigint;
            at timestamptz;
            before bytea := decode(repeat('00', 32), 'hex');
            rows bytea;
        BEGIN
            FOR n IN 1..3 LOOP
                at := timestamptz '2026-05-01 12:00:00Z' + n * interval '1 second';
                INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, ci_source, ci_id, link_id, from_state,
                    to_state, rule_set_version)
                SELECT n, at, 'assetlinkd', 'link', 'net', c, ord, CASE WHEN n > 1 THEN 'active' END, 'active', 1
                FROM unnest(ARRAY['A', 'B']) WITH ORDINALITY AS u (c, ord) ORDER BY ord;
                SELECT string_agg(assetlink_internal.row_digest(a), ''::bytea ORDER BY a.audit_id) INTO rows
                FROM assetlink_internal.audit AS a WHERE a.batch_id = n;
                INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes,
                    audit_rows, previous_digest, digest, row_digests)
                VALUES (n, 1, pg_current_snapshot(), at, 1, 1, 2, before,
                    assetlink_internal.batch_digest(before, n, assetlink_internal.batch_payload(rows, at)), rows)
                RETURNING digest INTO before;
            END LOOP;
        END
        $$
        """
}
