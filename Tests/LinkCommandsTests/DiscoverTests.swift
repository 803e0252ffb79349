import LinkTesting
import Postgres
import Testing

/// A payload from a file, through the running daemon, to the linked CI.
@Suite(.serialized) struct DiscoverTests {
    private static let payload = #"""
        {"items": [
            {"className": "linux_server", "values": {"name": "new-6", "serial_number": "ser-0006"}},
            {"className": "linux_server", "values": {"name": "web-1b", "serial_number": "SER-0001"}},
            {"className": "robot", "values": {"serial_number": "R-1"}},
            {"className": "linux_server", "values": {"serial_number": "SER-0005"}}],
         "relations": [{"parent": 0, "child": 1, "type": "hosts"}]}
        """#

    @Test func aDryRunShowsWhatTheDaemonThenDoes() async throws {
        try await liveFleet { database in
            let file = try temporaryFile(Self.payload)
            let off = await run("discover", file, "-d", database)
            #expect(off.code == 1)
            #expect(off.errors.contains("enable_discovery"))
            try await execute(
                "SELECT assetlink.enable_discovery(); SELECT setval('cmdb.ci_ci_id_seq', 100)", database)

            let dry = await run("discover", file, "--dry-run", "-d", database, width: 120)
            #expect(dry.code == 1, "\(dry.errors)")
            #expect(dry.out.first == "Nothing is written. It would be: 1 inserted, 1 updated, 1 parked, 1 conflict.")
            #expect(dry.out.last == "relation 0 (hosts): inserted")
            #expect(await run("discover", file, "--dry-run", "-d", database).code == 1)
            try await executeUntil("SELECT count(*) = 8 FROM cmdb.ci", database)

            let done = await run("discover", file, "-d", database, width: 120)
            #expect(done.code == 1, "\(done.errors)")
            #expect(done.out.first == "Payload 1: 1 inserted, 1 updated, 1 parked, 1 conflict.")
            // The table is the same but for the number of the new CI.
            #expect(done.out.count == 6)
            #expect(done.text.contains("IDENTIFICATION_RULE_MISSING"))
            #expect(done.text.contains("MULTIPLE_DUPLICATE_RECORDS"))
            try await executeUntil(
                """
                SELECT count(*) = 2 FROM assetlink.ci_state
                WHERE state = 'linked' AND (name, asset_id) IN (('new-6', '6'), ('web-1b', '1'))
                """, database)
            try await executeUntil(
                "SELECT count(*) = 1 FROM assetlink.conflict_queue WHERE kind = 'duplicate_ci_identity' AND cis = 2",
                database)
            // Whatever numbers the sequence has skipped.
            let new = try #require(
                try await firstText("SELECT ci_id::text FROM cmdb.ci WHERE name = 'new-6'", database))
            #expect(new.count == 3)
            let kept = [("--dry-run ", dry), ("", done)].map { option, answer in
                (["$ assetlinkctl discover payload.json \(option)# a terminal of 120 columns"] + answer.out + answer.err)
                    .map { ($0 + "\n").replacing(" \(new)\n", with: " NEW\n") }.joined()
                    + "# ends with \(answer.code)\n\n"
            }
            try PublishedFile("Tests/LinkCommandsTests/Golden/discover.txt").expect(kept.joined())
            let queue = "SELECT conflict_id::text FROM assetlink.conflict_queue WHERE kind = 'duplicate_ci_identity'"
            let conflict = try #require(try await firstText(queue, database))
            let shown = await run("conflicts", "show", conflict, "-d", database, width: 120)
            #expect(shown.code == 0 && shown.text.contains("merge, correct or retire"), "\(shown)")
            for keep in ["5", "cmdb/5"] {
                let refused = await run(
                    "conflicts", "resolve", conflict, "--keep", keep, "--reason", "this one", "-d", database)
                #expect(refused.code != 0 && refused.errors.contains("neither pins nor blocks end it"), "\(refused)")
                #expect(refused.errors.contains("Merge, correct or retire"), "\(refused)")
            }
            let json = await run("discover", file, "--json", "-d", database)
            #expect(json.out.first?.hasPrefix(#"{"schema": "assetlinkctl/discover.v1", "payload": 2, "#) == true)
            let previewed = await run("discover", file, "--dry-run", "--json", "-d", database)
            for (name, answer) in [("discover", json), ("discover-preview", previewed)] {
                let schema = try #require(
                    JSONSchema(try PublishedFile("deploy/docs/schemas/\(name).v1.json").text()), "\(name)")
                #expect(schema.problems(in: answer.text) == [])
            }
        }
    }

    private func firstText(_ sql: String, _ conninfo: String) async throws -> String? {
        let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        let text = try await connection.query(Statement(sql, prepared: false)).first?.textOrNil(0)
        await connection.close()
        return text
    }

    @Test func whatIsNoPayloadIsRefused() async throws {
        try await liveFleet { database in
            try await execute("SELECT assetlink.enable_discovery()", database)
            let list = await run("discover", try temporaryFile("[1]"), "-d", database)
            #expect(list.code == 1)
            #expect(list.errors.contains("A payload is an object, not array."))
            let text = await run("discover", try temporaryFile("{"), "--dry-run", "-d", database)
            #expect(text.code == 64)
            let nothing = try temporaryFile(#"{"items": []}"#)
            let empty = await run("discover", nothing, "--dry-run", "-d", database)
            #expect(empty.code == 0, "\(empty.errors)")
            #expect(empty.out == ["Nothing is written. It would be: no items."])
        }
    }

    @Test func anEmitterSendsAndReadsItsOwn() async throws {
        let database = try await migratedDatabase()
        try await execute(
            """
            SELECT assetlink.enable_discovery(); SELECT assetlink.discover('{"items": [{}]}');
            DROP ROLE IF EXISTS ctl_discover_emitter; CREATE ROLE ctl_discover_emitter LOGIN IN ROLE assetlink_emitter
            """, database)
        let login = database + " user=ctl_discover_emitter"
        try await execute("SELECT assetlink.discover('{\"items\": [{}, 1]}')", login)
        try await executeUntil("SELECT count(*) = 2 FROM assetlink.discovery_results(2)", login)
        // Nothing of other people's payloads, and nothing by the view.
        try await executeUntil("SELECT count(*) = 0 FROM assetlink.discovery_results(1)", login)
        await #expect(throws: PostgresError.self) {
            try await execute("SELECT FROM assetlink.discovery_result", login)
        }
        try await execute("GRANT assetlink_reader TO ctl_discover_emitter", database)
        let sent = await run("discover", try temporaryFile(Self.payload), "--wait", "0", "-d", login)
        #expect(sent.code == 0, "\(sent.errors)")
        #expect(sent.out.first == "Payload 3: 4 pending.")
        // What would become of it is for those who may read as the daemon does.
        let dry = await run("discover", try temporaryFile(Self.payload), "--dry-run", "-d", login)
        #expect(dry.code == 4)
    }
}
