import LinkTesting
import Postgres
import Testing

/// Records that events carry, and raw notifications.
@Suite struct FeedsPublishTests {
    /// The last row of the log, in one line.
    static let last = """
        SELECT concat_ws('|', s.name, l.topic, l.key, l.event, to_char(l.version AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), l.record, l.cause)
        FROM assetlink_internal.change_log_0 AS l JOIN assetlink_internal.source AS s USING (source_id) ORDER BY l.seq DESC LIMIT 1
        """

    @Test func eventsAreAppendedNormalised() async throws {
        let connection = try await migratedConnection()
        try await connection.script("SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'")
        let seq = try await connection.query(
            "SELECT assetlink.publish_asset($1::jsonb)",
            [
                .json(
                    #"{"asset_id": 4711, "asset_tag": "T", "other_serials": [], "version": "2026-03-01T12:00:00+01:00", "uuid": null, "parent_asset_id": 7}"#
                )
            ])
        let newest = try await connection.query("SELECT max(seq) FROM assetlink_internal.change_log_0").first?.int8(0)
        #expect(try seq.first?.int8(0) == newest)
        #expect(
            try await text(connection, Self.last)
                == #"itam_events|record|4711|publish|2026-03-01 11:00|{"version": "2026-03-01T11:00:00.000000Z", "asset_id": "4711", "asset_tag": "T", "other_serials": [], "parent_asset_id": "7"}|publish"#
        )
        try await connection.script("SELECT assetlink.decommission_asset('4711', '2026-04-01 00:00+00', 'sold')")
        #expect(
            try await text(connection, Self.last)
                == #"itam_events|record|4711|decommission|2026-04-01 00:00|{"reason": "sold"}|publish"#)
        try await connection.script("SELECT assetlink.delete_asset('4711', '2026-05-01 00:00+00')")
        #expect(try await text(connection, Self.last) == "itam_events|record|4711|delete|2026-05-01 00:00|publish")
        try await connection.script(
            #"SELECT assetlink.publish_ci('{"ci_id": "c", "serials": [{"type": "bios", "value": "S"}], "network_adapters": [{"name": null, "mac": "m"}], "attributes": {}}')"#
        )
        #expect(try await text(connection, Self.last)?.hasPrefix("cmdb_events|record|c|publish|{") == true)
        try await connection.script("SELECT assetlink.delete_ci('c', '2026-05-01 00:00+00')")
        #expect(try await text(connection, Self.last) == "cmdb_events|record|c|delete|2026-05-01 00:00|publish")
    }

    @Test(arguments: [
        (#"[]"#, "42804", "must be a JSON object, not array", "asset_id"),
        (#"{}"#, "22004", "\"asset_id\" is missing or empty", "names its record"),
        (#"{"asset_id": "  "}"#, "22004", "missing or empty", ""),
        (#"{"asset_id": null}"#, "22004", "missing or empty", ""),
        (#"{"asset_id": 1.5}"#, "42804", "must be a string or a whole number, not a number", ""),
        (
            #"{"asset_id": "1", "other_serials": "S"}"#, "42804",
            "\"other_serials\" must be a list of strings, not a string", ""
        ),
        (#"{"asset_id": "1", "other_serials": [1]}"#, "42804", "list of strings only", ""),
        (#"{"asset_id": "1", "asset_tag": 7}"#, "42804", "must be a string, not a number", "leading zeros"),
        (#"{"asset_id": "1", "is_composite": "yes"}"#, "42804", "must be true or false", ""),
        (#"{"asset_id": "1", "attributes": []}"#, "42804", "must be an object, not a list", ""),
        (#"{"asset_id": "1", "version": "yesterday-ish"}"#, "22007", "is no time", "ISO 8601"),
        (#"{"asset_id": "1", "version": "infinity"}"#, "22008", "years 1 to 9999", ""),
        (
            #"{"asset_id": "1", "serial_nr": "S"}"#, "42703", "unknown member \"serial_nr\"",
            "Did you mean \"serial_number\"?"
        ),
        (
            #"{"asset_id": "1", "source": "itam_event"}"#, "42704", "no source 'itam_event'",
            "Did you mean \"itam_events\"?"
        ),
        (#"{"asset_id": "1", "source": "itam"}"#, "42809", "is bound to the table itam.asset", "Change the row there"),
        (#"{"asset_id": "1", "source": "cmdb_events"}"#, "42809", "of the ci side", "publish_ci"),
    ])
    func mistakesAreErrorsInTheCall(_ record: String, _ state: String, _ message: String, _ hint: String) async throws {
        let connection = try await migratedConnection()
        let error = await refusal(connection, "SELECT assetlink.publish_asset('\(record)')")
        #expect(error?.sqlState == state)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(hint.isEmpty || error?.hint?.contains(hint) == true, "\(error?.hint ?? "")")
        // The same as a notification: kept with its reason, and nothing is raised.
        try await connection.script("SELECT assetlink_internal.take_notification('itam_asset', '\(record)')")
        #expect(
            try await text(
                connection, "SELECT concat_ws('|', feed, raw, error_code) FROM assetlink_internal.dead_letter")
                == "itam_asset|\(record)|\(state)")
        #expect(
            try await text(
                connection, "SELECT count(*)::text FROM assetlink_internal.change_log_0 WHERE topic = 'record'") == "0")
    }

    @Test func limitsAreEnforced() async throws {
        let connection = try await migratedConnection()
        let long = String(repeating: "x", count: 513)
        #expect(await refusal(connection, "SELECT assetlink.decommission_asset('\(long)')")?.sqlState == "22001")
        #expect(await refusal(connection, "SELECT assetlink.decommission_asset('1', NULL)")?.sqlState == "22004")
        #expect(await refusal(connection, "SELECT assetlink.delete_ci('1', 'infinity')")?.sqlState == "22008")
        let huge = #"jsonb_build_object('asset_id', '1', 'name', repeat('x', 262144))"#
        #expect(await refusal(connection, "SELECT assetlink.publish_asset(\(huge))")?.sqlState == "54000")
        #expect(await refusal(connection, "SELECT assetlink.publish_asset(NULL)")?.sqlState == "42804")
        for (serials, message) in [
            (#"[{"typ": "bios"}]"#, "unknown member \"typ\""), (#"["S"]"#, "no object"),
            (#"[{"value": 1}]"#, "\"value\" is no string"),
        ] {
            let error = await refusal(
                connection, #"SELECT assetlink.publish_ci('{"ci_id": "1", "serials": \#(serials)}')"#)
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }

    @Test func notificationsOfEveryKind() async throws {
        let connection = try await migratedConnection()
        func take(_ channel: String, _ payload: String) async throws -> String? {
            _ = try await connection.query(
                "SELECT assetlink_internal.take_notification($1, $2)", [.text(channel), .text(payload)])
            return try await text(connection, Self.last)
        }
        #expect(
            try await take("itam_asset", #"{"asset_id": 1}"#)
                == #"itam_events|record|1|publish|{"asset_id": "1"}|notify"#)
        #expect(
            try await take(
                "itam_asset", #"{"op": "decommission", "asset_id": 1, "at": "2026-01-01T00:00:00Z", "reason": "r"}"#)
                == #"itam_events|record|1|decommission|2026-01-01 00:00|{"reason": "r"}|notify"#)
        #expect(
            try await take("cmdb_ci", #"{"op": "delete", "ci_id": "c"}"#)?.hasPrefix("cmdb_events|record|c|delete|2")
                == true)
        let before = try await text(connection, Self.last)
        for payload in [
            "", "{", "\"x\"", "null", #"{"op": "explode", "ci_id": "c"}"#, #"{"op": "decommission", "ci_id": "c"}"#,
            #"{"op": "delete", "ci_id": "c", "name": "n"}"#, #"{"op": 1}"#, #"{"ci_id": "\u0000"}"#,
        ] {
            #expect(try await take("cmdb_ci", payload) == before)
        }
        #expect(try await take("other", "{}") == before)
        #expect(try await text(connection, "SELECT count(*)::text FROM assetlink_internal.dead_letter") == "10")
    }

    /// Existence, life cycle and version of a published record follow from its three facts, in whatever order they came.
    @Test func publishedQueryFoldsTheThreeFacts() async throws {
        let connection = try await migratedConnection()
        let query = try #require(
            try await text(connection, "SELECT query FROM assetlink_internal.source WHERE name = 'itam_events'"))
        func shown(_ body: Int?, _ ended: Int?, _ deleted: Int?) async throws -> String? {
            let values = [body, ended, deleted].map { $0.map { "'2026-01-0\($0) 00:00+00'" } ?? "NULL" }
            try await connection.script(
                """
                DELETE FROM assetlink_internal.published_record;
                INSERT INTO assetlink_internal.published_record (source_id, key, body, body_version, ended_version, deleted_version)
                SELECT source_id, 'a', \(body == nil ? "NULL" : #"'{"lifecycle_raw": "in use", "other_serials": ["S"], "is_composite": true, "attributes": {"x": 1}}'"#),
                    \(values.joined(separator: ", "))
                FROM assetlink_internal.source WHERE name = 'itam_events'
                """)
            return try await text(
                connection,
                "SELECT concat_ws(' ', asset_id, replace(lifecycle_raw, ' ', '_'), extract(day FROM lifecycle_since), extract(day FROM version), other_serials, is_composite) FROM (\(query)) AS b WHERE asset_id = 'a'"
            )
        }
        try await connection.script("SET TimeZone = 'UTC'")
        #expect(try await shown(1, nil, nil) == "a in_use 1 {S} t")
        #expect(try await shown(1, 2, nil) == "a decommissioned 2 2 {S} t")
        #expect(try await shown(2, 2, nil) == "a decommissioned 2 2 {S} t")
        #expect(try await shown(3, 2, nil) == "a in_use 3 {S} t")
        #expect(try await shown(nil, 2, nil) == "a decommissioned 2 2 {}")
        #expect(try await shown(1, nil, 2) == nil)
        #expect(try await shown(3, nil, 2) == "a in_use 3 {S} t")
        #expect(try await shown(nil, 3, 2) == nil)
        #expect(try await shown(nil, nil, 2) == nil)
    }

    @Test func emittersCanDoNothingElse() async throws {
        let connection = try await migratedConnection()
        let role = "emitter_\(UInt32.random(in: 0..<UInt32.max))"
        try await connection.script(
            """
            CREATE ROLE \(role) IN ROLE assetlink_emitter;
            SET ROLE \(role);
            SELECT assetlink.publish_asset('{"asset_id": "1"}');
            SELECT assetlink.decommission_asset('1');
            SELECT assetlink.delete_ci('1');
            """)
        for statement in [
            "SELECT * FROM assetlink_internal.change_log_0", "SELECT assetlink_internal.log_change('act', 1, '1', 'x')",
            "SELECT assetlink.create_published_source('x', 'asset')", "SELECT assetlink.resync('itam')",
            "SELECT assetlink_internal.take_notification('itam_asset', '{}')",
        ] {
            #expect(await refusal(connection, statement)?.sqlState == "42501", "\(statement)")
        }
        try await connection.script("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func morePublishedSourcesCanBeMade() async throws {
        let connection = try await migratedConnection()
        try await connection.script(
            """
            SELECT assetlink.create_published_source('lab', 'asset');
            SELECT assetlink.publish_asset('{"asset_id": "1", "source": "lab"}');
            SELECT assetlink.decommission_asset('1', source => 'lab');
            """)
        #expect(
            try await texts(connection, "SELECT finding FROM assetlink.check_source('lab') WHERE severity <> 'ok'")
                == [])
        #expect(
            await refusal(connection, "SELECT assetlink.create_published_source('lab', 'asset')")?.sqlState == "42710")
        #expect(await refusal(connection, "SELECT assetlink.create_published_source('x', 'both')")?.sqlState == "22023")
        try await connection.script("SELECT assetlink.detach_source('lab')")
        #expect(
            await refusal(connection, "SELECT assetlink.delete_asset('1', source => 'lab')")?.message.contains(
                "is detached") == true)
        try await connection.script(
            "SELECT assetlink.create_published_source('lab', 'asset'); SELECT assetlink.delete_asset('1', source => 'lab')"
        )
    }
}
