import LinkStore
import LinkTesting
import Postgres
import Testing

/// What is wrong with one record is that record's trouble.
@Suite struct EngineBadInputTests {
    private static let pair = """
        INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1');
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', 'S1');
        """

    @Test func anUnknownClassIsExcludedAndShows() async throws {
        let bench = try await EngineBench()
        try await bench.run("\(Self.pair) UPDATE cmdb.ci SET ci_class = 'toaster'")
        try await bench.drain()
        #expect(try await bench.state(1) == "excluded class_excluded")
        try await bench.run("INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (2, ' ', 'S1')")
        try await bench.drain()
        #expect(
            try await bench.rows(
                """
                SELECT concat_ws(' ', source, what, quote_literal(raw_value), records) FROM assetlink.unmapped
                ORDER BY 1
                """
            )
                == ["cmdb class ' ' 1", "cmdb class 'toaster' 1"])
        try await bench.run("INSERT INTO assetlink.ci_class VALUES ('toaster', 'hardware')")
        try await bench.drain()
        #expect(try await bench.state(1) == "linked to 1")
        try await bench.check()
    }

    @Test func anUnmappedStateIsInUseAndShows() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            "\(Self.pair) UPDATE itam.asset SET state = 'On The Moon'; UPDATE cmdb.ci SET state = 'odd'")
        try await bench.drain()
        #expect(try await bench.state(1) == "linked to 1")
        #expect(
            try await bench.rows(
                "SELECT concat_ws(' ', source, what, raw_value, records) FROM assetlink.unmapped ORDER BY 1")
                == ["cmdb lifecycle odd 1", "itam lifecycle On The Moon 1"])
        try await bench.run("INSERT INTO assetlink.lifecycle_state VALUES ('asset', 'itam', 'on the moon', 'disposed')")
        try await bench.drain()
        #expect(try await bench.state(1) == "orphaned asset_decommissioned")
        try await bench.check()
    }

    @Test(arguments: [
        ("itam_asset", "{not json", "22P02"), ("itam_asset", "[]", "42804"), ("cmdb_ci", "", "22P02"),
        ("itam_asset", #"{"asset_id": "1", "op": "explode"}"#, "22023"), ("cmdb_ci", #"{"ci_id": ""}"#, "22004"),
        ("itam_asset", #"{"asset_id": "1", "serial_number": 7}"#, "42804"),
        ("itam_asset", #"{"asset_id": "1", "serial_number": "a\u0000b"}"#, "22P05"),
        ("cmdb_ci", #"{"ci_id": "1", "source": "nowhere"}"#, "42704"),
    ])
    func aBadNotificationIsADeadLetter(_ channel: String, _ payload: String, _ code: String) async throws {
        let bench = try await EngineBench()
        _ = try await bench.connection.query(
            "SELECT assetlink_internal.take_notification($1, $2)", [.text(channel), .text(payload)])
        _ = try await bench.connection.query(
            "SELECT assetlink_internal.take_notification('itam_asset', $1)",
            [.text(#"{"asset_id": "N", "serial_number": "S"}"#)])
        try await bench.drain()
        #expect(
            try await bench.rows(
                "SELECT concat_ws(' ', feed, error_code, '<' || raw || '>') FROM assetlink.dead_letter")
                == ["\(channel) \(code) <\(payload)>"])
        #expect(try await bench.value("SELECT count(*) FROM assetlink.asset_state WHERE asset_id = 'N'") == "1")
    }

    @Test func aTooLongIdIsADeadLetterAndTheOthersGoOn() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            """
            CREATE SCHEMA old;
            CREATE TABLE old.box (id text, serial text);
            CREATE INDEX ON old.box USING hash (id);
            INSERT INTO old.box VALUES (repeat('x', 10000), 'S0'), ('ok', 'S1');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) 
            SELECT n, 'server', 'S' || n FROM generate_series(0, 2) AS n;
            SELECT assetlink.attach_asset_source('old', 'old.box',
                'SELECT b.id AS asset_id, b.serial AS serial_number FROM old.box AS b', 'id');
            """)
        try await bench.drain()
        #expect(try await bench.state(1) == "linked to ok")
        #expect(try await bench.state(0) == "orphaned no_matching_asset")
        #expect(
            try await bench.rows("SELECT concat_ws(' ', feed, error_code, length(raw)) FROM assetlink.dead_letter")
                == ["old id_too_long 10000"])
        try await bench.run("INSERT INTO old.box VALUES (repeat('y', 513), 'S0'), ('fine', 'S2')")
        try await bench.drain()
        #expect(try await bench.state(2) == "linked to fine")
        #expect(try await bench.value("SELECT count(*) FROM assetlink.dead_letter") == "2")
        try await bench.check()
    }

    /// A record that is too large is not read at all: neither it nor the others wait for it.
    @Test(arguments: ["name = repeat('x', 5000000)", "attributes = jsonb_build_object('a', array_agg)"])
    func aTooLargeRecordIsADeadLetter(_ change: String) async throws {
        let bench = try await EngineBench()
        try await bench.run(
            """
            \(Self.pair)
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (2, 'S2');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (2, 'server', 'S2');
            """)
        try await bench.drain()
        try await bench.run(
            """
            UPDATE itam.asset SET \(change) FROM (
                SELECT array_agg(md5(n::text)) FROM generate_series(1, 100000) AS n) AS long WHERE asset_id = 1;
            UPDATE itam.asset SET state = 'retired' WHERE asset_id = 2;
            """)
        try await bench.drain()
        #expect(
            try await bench.rows("SELECT concat_ws(' ', source, record_id, error_code) FROM assetlink.dead_letter")
                == ["itam 1 record_too_large"])
        #expect(try await bench.state(1) == "linked to 1")
        #expect(try await bench.state(2) == "orphaned asset_decommissioned")
        // The sweep leaves it alone; when it is of a size again, it is taken in.
        var position = SweepPosition()
        #expect(try await bench.engine.sweep(&position, page: 1_000) == 0)
        try await bench.run(
            "UPDATE itam.asset SET serial_number = 'S3', name = '', attributes = '{}' WHERE asset_id = 1")
        try await bench.drain()
        #expect(try await bench.state(1) == "orphaned no_matching_asset")
        try await bench.check()
        try await bench.compare()
    }

    @Test func zeroBytesAndBrokenTextAreRefusedInTheCall() async throws {
        let bench = try await EngineBench()
        for (sql, code) in [
            (#"SELECT assetlink.publish_asset('{"asset_id": "1", "serial_number": "\u0000"}')"#, "22P05"),
            (#"SELECT assetlink.publish_asset(convert_from('\x7b22ff227d', 'UTF8')::jsonb)"#, "22021"),
            (#"SELECT assetlink.delete_asset(convert_from('\xc328', 'UTF8'))"#, "22021"),
            ("SELECT assetlink.publish_asset(jsonb_build_object('asset_id', repeat('x', 513)))", "22001"),
            (
                "SELECT assetlink.publish_asset(jsonb_build_object('asset_id', '1', 'name', repeat('x', 300000)))",
                "54000"
            ),
        ] {
            #expect(await refusal(bench.connection, sql)?.sqlState == code, "\(sql)")
        }
        let error = await #expect(throws: PostgresError.self) {
            try await bench.connection.query("SELECT assetlink.delete_asset($1)", [.text("a\0b")])
        }
        #expect(error?.sqlState == "22021")
        #expect(try await bench.drain().isEmpty)
    }
}
