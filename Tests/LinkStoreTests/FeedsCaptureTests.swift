import LinkTesting
import Postgres
import Testing

/// Generated triggers: what they log, and that they never get in the writer's way (engine point 8).
@Suite struct FeedsCaptureTests {
    @Test func writesLogTheirKeys() async throws {
        var log = try await LogReader(shop())
        #expect(
            try await log.after("INSERT INTO shop.hardware (id, tag) VALUES (1, 'a'), (2, 'b')") == [
                .record("1"), .record("2"),
            ])
        #expect(try await log.after("UPDATE shop.hardware SET tag = 'c' WHERE id = 2") == [.record("2")])
        #expect(try await log.after("UPDATE shop.hardware SET tag = NULL WHERE id = 2") == [.record("2")])
        #expect(try await log.after("UPDATE shop.hardware SET tag = 'c' WHERE id = 99") == [])
        #expect(
            try await log.after(
                """
                MERGE INTO shop.hardware AS h USING (VALUES (1, 'x'), (3, 'y')) AS v (id, tag) ON h.id = v.id
                WHEN MATCHED THEN UPDATE SET tag = v.tag WHEN NOT MATCHED THEN INSERT (id, tag) VALUES (v.id, v.tag)
                """) == [.record("1"), .record("3")])
        #expect(try await log.after("DELETE FROM shop.hardware") == [.record("1"), .record("2"), .record("3")])
    }

    @Test func noiseWritesNoLogRow() async throws {
        var log = try await LogReader(shop())
        _ = try await log.after("INSERT INTO shop.hardware (id, tag, extra) VALUES (1, 'a', '{\"x\": 1}')")
        #expect(
            try await log.after("UPDATE shop.hardware SET note = 'n', seen = now(), tag = tag, extra = extra") == [])
        // saved_at is shown as version only, and version is ignored by default.
        #expect(try await log.after("UPDATE shop.hardware SET saved_at = now()") == [])
    }

    @Test func keySwapLogsBothKeys() async throws {
        var log = try await LogReader(shop())
        _ = try await log.after("INSERT INTO shop.hardware (id, tag) VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        let swap = "BEGIN; SET CONSTRAINTS ALL DEFERRED; UPDATE shop.hardware SET id = 3 - id WHERE id < 3; COMMIT"
        #expect(try await log.after(swap) == [.record("1"), .record("2")])
    }

    @Test func keyChangeLogsBothKeys() async throws {
        var log = try await LogReader(shop())
        _ = try await log.after("INSERT INTO shop.hardware (id, tag) VALUES (1, 'a')")
        #expect(try await log.after("UPDATE shop.hardware SET id = 7") == [.record("1"), .record("7")])
    }

    @Test func emptyAndMissingKeysAreKeptApart() async throws {
        let connection = try await shop()
        try await connection.script(
            """
            CREATE TABLE shop.box (id text UNIQUE, tag text, note text);
            SELECT assetlink.attach_asset_source(
                'boxes', 'shop.box', 'SELECT id AS asset_id, tag AS asset_tag FROM shop.box', 'id')
            """)
        var log = try await LogReader(connection)
        _ = try await log.after("INSERT INTO shop.box VALUES ('', 'a'), (NULL, 'b'), ('c', 'c')")
        #expect(try await log.after("UPDATE shop.box SET tag = 'x' WHERE id = ''") == [.record("")])
        #expect(try await log.after("UPDATE shop.box SET note = 'x' WHERE id = ''") == [])
        #expect(try await log.after("UPDATE shop.box SET tag = 'x' WHERE id IS NULL") == [])
        #expect(try await log.after("UPDATE shop.box SET id = 'd' WHERE id IS NULL") == [.record("d")])
        #expect(try await log.after("UPDATE shop.box SET id = NULL WHERE id = 'd'") == [.record("d")])
        #expect(try await log.after("UPDATE shop.box SET id = '', tag = 'y' WHERE id = ''") == [.record("")])
        #expect(try await log.after("UPDATE shop.box SET tag = 'z' WHERE id <> 'c'") == [.record("")])
    }

    @Test func truncateLogsAMarker() async throws {
        var log = try await LogReader(shop())
        _ = try await log.after("INSERT INTO shop.hardware (id, tag) VALUES (1, 'a')")
        #expect(try await log.after("TRUNCATE shop.hardware") == [.marker("truncate")])
        #expect(try await log.after("TRUNCATE shop.port") == [.marker("truncate")])
    }

    @Test func bagsOfDetailRowsAreCompared() async throws {
        var log = try await LogReader(shop())
        #expect(
            try await log.after("INSERT INTO shop.port VALUES (1, 'm', 1), (1, 'm', 1), (2, 'm', 1)")
                == [.record("1"), .record("2")])
        #expect(try await log.after("UPDATE shop.port SET speed = speed + 1") == [])
        // Two equal rows of which one goes to another record: only a bag difference sees both.
        #expect(
            try await log.after(
                "UPDATE shop.port SET hardware_id = 3 WHERE ctid = (SELECT max(ctid) FROM shop.port WHERE hardware_id = 1)"
            )
                == [.record("1"), .record("3")])
        #expect(try await log.after("DELETE FROM shop.port WHERE hardware_id = 1") == [.record("1")])
        #expect(try await log.after("INSERT INTO shop.port VALUES (NULL, 'm', 1)") == [])
    }

    @Test(arguments: [
        "ALTER TABLE shop.hardware RENAME COLUMN tag TO label", "ALTER TABLE shop.hardware DROP COLUMN serial",
        "ALTER TABLE shop.hardware ALTER COLUMN tag TYPE integer USING NULL",
        "ALTER TABLE shop.hardware ALTER COLUMN serial TYPE shop.kind USING NULL",
        "ALTER TABLE shop.hardware ALTER COLUMN id TYPE text", "ALTER TABLE shop.hardware RENAME COLUMN id TO number",
    ])
    func changedShapeIsAMarkerAndTheWriteSucceeds(_ alteration: String) async throws {
        let connection = try await shop()
        var log = try await LogReader(connection)
        // The functions are compiled and their plans cached before the change.
        _ = try await log.after(
            """
            INSERT INTO shop.hardware (id, note) VALUES (1, 'n'), (2, 'n');
            UPDATE shop.hardware SET racked = true;
            DELETE FROM shop.hardware WHERE note = '-';
            """)
        #expect(try await log.after(alteration) == [])
        #expect(try await log.after("INSERT INTO shop.hardware VALUES (3)") == [.marker("shape")])
        #expect(try await log.after("UPDATE shop.hardware SET note = 'x', racked = false") == [.marker("shape")])
        #expect(try await log.after("DELETE FROM shop.hardware WHERE note = 'x'") == [.marker("shape")])
        #expect(
            try await log.after(
                "SET session_replication_role = replica; UPDATE shop.hardware SET racked = true; RESET session_replication_role"
            )
            .allSatisfy { $0 == .marker("shape") })
    }

    @Test func movedTablesAreStillCaptured() async throws {
        var log = try await LogReader(shop())
        _ = try await log.after("INSERT INTO shop.hardware (id) VALUES (1)")
        #expect(
            try await log.after("ALTER TABLE shop.hardware RENAME TO device; UPDATE shop.device SET tag = 'a'") == [
                .record("1")
            ])
        #expect(
            try await log.after(
                "CREATE SCHEMA other; ALTER TABLE shop.device SET SCHEMA other; UPDATE other.device SET tag = 'b'") == [
                    .record("1")
                ])
        #expect(
            try await log.after(
                "ALTER TABLE other.device ALTER COLUMN tag TYPE varchar(20); UPDATE other.device SET tag = 'c'") == [
                    .record("1")
                ])
        #expect(try await log.after("DROP TABLE other.device; DROP SCHEMA shop CASCADE") == [])
    }

    @Test func everyTypeIsComparedByItsText() async throws {
        let connection = try await migratedConnection()
        // Others are there without it too, and cannot be used.
        let hasICU = try await connection.query("SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu')")
            .first?.bool(0)
        if hasICU != true { print("this server is built without ICU: a column that is compared by it is not tested") }
        let blind = hasICU == true ? "blind" : "plain"
        let changes = [
            ("text", "'a'", "'A'"), ("varchar(9)", "'a'", "'b'"), ("char(5)", "'a'", "'b'"), ("name", "'a'", "'b'"),
            ("\"char\"", "'a'", "'b'"), ("text COLLATE t.\(blind)", "'a'", "'A'"), ("bigint", "1", "2"),
            ("smallint", "1", "NULL"),
            ("numeric", "1.0", "1.00"), ("real", "1", "2"), ("boolean", "true", "false"),
            ("uuid", "gen_random_uuid()", "gen_random_uuid()"),
            ("date", "'2020-01-01'", "'2020-01-02'"), ("timestamptz", "now()", "'epoch'"),
            ("interval", "'1 day'", "'24 hours'"),
            ("json", "'{\"a\":1}'", "'{\"a\": 1}'"), ("jsonb", "'{\"a\":1}'", "'{\"a\":2}'"),
            ("xml", "'<a/>'", "'<a />'"),
            ("bytea", "'a'", "'b'"), ("inet", "'10.0.0.1'", "'10.0.0.2'"),
            ("macaddr", "'08:00:2b:01:02:03'", "'08:00:2b:01:02:04'"),
            ("point", "'(1,2)'", "'(2,1)'"), ("int4range", "'[1,2)'", "'[1,3)'"), ("text[]", "'{a}'", "'{a,b}'"),
            ("json[]", "ARRAY['1'::json]", "ARRAY['2'::json]"), ("t.kind", "'a'", "'b'"),
            ("t.kind[]", "'{a}'", "'{b}'"),
            ("t.label", "'a'", "'b'"), ("t.\"odd %type\"", "'a'", "'b'"), ("bit(3)", "'101'", "'111'"),
            ("money", "1", "2"),
            ("tsvector", "'a'", "'b'"), ("oid", "1", "2"),
        ]
        let columns = changes.indices.map { "\"c %\($0)\" \(changes[$0].0)" }.joined(separator: ", ")
        try await connection.script(
            """
            CREATE SCHEMA t;
            CREATE COLLATION t.plain (provider = libc, locale = 'C');
            \(hasICU == true
                ? "CREATE COLLATION t.blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);" : "")
            CREATE TYPE t.kind AS ENUM ('a', 'b');
            CREATE DOMAIN t.label AS varchar(9);
            CREATE DOMAIN t."odd %type" AS t.label CHECK (VALUE <> 'x');
            CREATE TABLE t.base (id uuid PRIMARY KEY, \(columns));
            CREATE TABLE t.detail (base_id uuid, \(columns));
            CREATE INDEX ON t.detail (base_id);
            SELECT assetlink.attach_asset_source('t', 't.base', $q$
                SELECT b.id AS asset_id, to_jsonb(b) AS attributes,
                    ARRAY(SELECT to_jsonb(d)::text FROM t.detail AS d WHERE d.base_id = b.id) AS other_serials
                FROM t.base AS b$q$, 'id', '{"t.detail": "base_id"}');
            """)
        var log = try await LogReader(connection)
        let key = "6b1f6d5c-3f5e-4c0a-9f0e-0d8d5b6f1c11"
        for (table, id) in [("base", "id"), ("detail", "base_id")] {
            let values = changes.map(\.1).joined(separator: ", ")
            #expect(try await log.after("INSERT INTO t.\(table) VALUES ('\(key)', \(values))") == [.record(key)])
            #expect(try await log.after("UPDATE t.\(table) SET \(id) = \(id)") == [], "\(table)")
            for (index, change) in changes.enumerated() {
                let update = "UPDATE t.\(table) SET \"c %\(index)\" = \(change.2)"
                #expect(try await log.after(update) == [.record(key)], "\(table) \(change.0)")
                #expect(
                    try await log.after(
                        "SET session_replication_role = replica; UPDATE t.\(table) SET \"c %\(index)\" = \(change.1)")
                        == [.record(key)], "\(table) \(change.0) by row")
                try await connection.script("RESET session_replication_role")
            }
            #expect(try await log.after("DELETE FROM t.\(table)") == [.record(key)])
        }
    }

    @Test func replicaRoleIsCaptured() async throws {
        var log = try await LogReader(shop())
        try await log.connection.script("SET session_replication_role = replica")
        #expect(
            try await log.after("INSERT INTO shop.hardware (id, tag) VALUES (1, 'a'), (2, 'b')") == [
                .record("1"), .record("2"),
            ])
        #expect(try await log.after("UPDATE shop.hardware SET note = 'n'") == [])
        #expect(try await log.after("UPDATE shop.hardware SET id = 3 WHERE id = 1") == [.record("1"), .record("3")])
        #expect(try await log.after("DELETE FROM shop.hardware WHERE id = 2") == [.record("2")])
        #expect(try await log.after("INSERT INTO shop.port VALUES (5, 'm', 1)") == [.record("5")])
        #expect(try await log.after("COPY shop.port FROM PROGRAM 'printf \"6\\tm\\t1\\n\"'") == [.record("6")])
        #expect(try await log.after("TRUNCATE shop.hardware") == [.marker("truncate")])
    }

    @Test func hostileObjectsChangeNothing() async throws {
        let connection = try await shop()
        try await connection.script(
            """
            CREATE ROLE mallory_\(UInt32.random(in: 0..<UInt32.max)) NOLOGIN;
            CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE ''hijacked''; END';
            CREATE FUNCTION public.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RAISE ''hijacked''; END';
            CREATE FUNCTION public.hijack(text, text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''hijacked''; END';
            CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.hijack);
            CREATE TEMPORARY TABLE change_log_0 (topic text, source_id integer, key text, cause text);
            CREATE TEMPORARY TABLE log_current (last_value bigint);
            CREATE TEMPORARY TABLE assetlink_new (id bigint);
            CREATE TEMPORARY TABLE assetlink_old (id bigint);
            CREATE TEMPORARY TABLE bell (is_called boolean);
            SET search_path = public, pg_temp, pg_catalog;
            """)
        var log = try await LogReader(connection)
        #expect(try await log.after("INSERT INTO shop.hardware (id, tag) VALUES (1, 'a')") == [.record("1")])
        #expect(try await log.after("UPDATE shop.hardware SET tag = 'b'") == [.record("1")])
        #expect(
            try await log.after("INSERT INTO shop.port VALUES (1, 'a', 1); UPDATE shop.port SET mac = 'b'") == [
                .record("1"), .record("1"),
            ])
        try await connection.script("SET session_replication_role = replica")
        #expect(try await log.after("UPDATE shop.hardware SET tag = 'c'") == [.record("1")])
    }

    /// A table's owner may give a column a type with a cast that runs a function of theirs.
    @Test func ownersCastsAreNeverRun() async throws {
        let connection = try await shop()
        try await connection.script(
            """
            CREATE TABLE shop.run (who text);
            GRANT INSERT ON shop.run TO PUBLIC;
            GRANT USAGE ON SCHEMA shop TO PUBLIC;
            CREATE TYPE shop.trap AS (a integer);
            CREATE FUNCTION shop.spring(shop.trap) RETURNS text LANGUAGE plpgsql AS
                'BEGIN INSERT INTO shop.run VALUES (current_user); RETURN ''x''; END';
            CREATE CAST (shop.trap AS text) WITH FUNCTION shop.spring AS IMPLICIT;
            CREATE FUNCTION shop.spring_number(shop.trap) RETURNS bigint LANGUAGE plpgsql AS
                'BEGIN INSERT INTO shop.run VALUES (current_user); RETURN 1; END';
            CREATE CAST (shop.trap AS bigint) WITH FUNCTION shop.spring_number AS IMPLICIT;
            CREATE FUNCTION shop.spring_json(shop.trap) RETURNS json LANGUAGE plpgsql AS
                'BEGIN INSERT INTO shop.run VALUES (current_user); RETURN ''1''; END';
            CREATE CAST (shop.trap AS json) WITH FUNCTION shop.spring_json AS IMPLICIT;
            CREATE FUNCTION shop.spring_kind(shop.kind) RETURNS text LANGUAGE plpgsql AS
                'BEGIN INSERT INTO shop.run VALUES (current_user); RETURN ''x''; END';
            CREATE CAST (shop.kind AS text) WITH FUNCTION shop.spring_kind AS IMPLICIT;
            INSERT INTO shop.hardware (id, kind) VALUES (1, 'small');
            INSERT INTO shop.port VALUES (1, 'a', 1);
            UPDATE shop.hardware SET kind = 'large';
            ALTER TABLE shop.hardware ALTER COLUMN tag TYPE shop.trap USING ROW(1)::shop.trap,
                ALTER COLUMN extra TYPE shop.trap USING ROW(1)::shop.trap, ALTER COLUMN racked TYPE shop.trap USING ROW(1)::shop.trap;
            ALTER TABLE shop.port ALTER COLUMN mac TYPE shop.trap USING ROW(1)::shop.trap,
                ALTER COLUMN hardware_id TYPE shop.trap USING ROW(1)::shop.trap;
            """)
        var log = try await LogReader(connection)
        let writes = """
            UPDATE shop.hardware SET tag = ROW(2)::shop.trap, extra = ROW(2)::shop.trap, racked = ROW(2)::shop.trap;
            INSERT INTO shop.hardware (id, tag) VALUES (2, ROW(2)::shop.trap);
            UPDATE shop.port SET mac = ROW(2)::shop.trap;
            INSERT INTO shop.port VALUES (ROW(2)::shop.trap, ROW(2)::shop.trap, 1);
            DELETE FROM shop.port;
            """
        #expect(try await log.after(writes).allSatisfy { $0 == .marker("shape") })
        // By row an insert reads nothing but the key.
        #expect(
            try await log.after(
                "SET session_replication_role = replica; \(writes)".replacing("(2, ROW", with: "(3, ROW")
            )
            .allSatisfy { $0 == .marker("shape") || $0 == .record("3") })
        #expect(try await texts(connection, "SELECT who FROM shop.run") == [])
    }

    @Test func partitionsAreCaptured() async throws {
        let connection = try await migratedConnection()
        try await connection.script(
            """
            CREATE SCHEMA p;
            CREATE TABLE p.ci (id integer, region text, name text, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
            CREATE TABLE p.ci_eu PARTITION OF p.ci FOR VALUES IN ('eu');
            CREATE TABLE p.ci_us PARTITION OF p.ci FOR VALUES IN ('us');
            SELECT assetlink.attach_ci_source('p', 'p.ci', 'SELECT id AS ci_id, name FROM p.ci', 'id');
            """)
        var log = try await LogReader(connection)
        #expect(
            try await log.after("INSERT INTO p.ci VALUES (1, 'eu', 'a'), (2, 'us', 'b')") == [
                .record("1"), .record("2"),
            ])
        #expect(try await log.after("UPDATE p.ci SET name = name || '!' WHERE id = 1") == [.record("1")])
        #expect(try await log.after("INSERT INTO p.ci_us VALUES (3, 'us', 'c')") == [.record("3")])
        #expect(try await log.after("UPDATE p.ci_us SET name = 'd' WHERE id = 3") == [.record("3")])
        #expect(try await log.after("UPDATE p.ci SET region = 'eu', name = 'e' WHERE id = 3") == [.record("3")])
        #expect(try await log.after("TRUNCATE p.ci").contains(.marker("truncate")))
        let replica =
            "SET session_replication_role = replica; INSERT INTO p.ci_eu VALUES (9, 'eu', 'x'); RESET session_replication_role"
        #expect(try await log.after(replica) == [.record("9")])
        #expect(
            try await texts(
                connection, "SELECT severity FROM assetlink.check_source('p') WHERE check_name = 'triggers'") == ["ok"])
        try await connection.script("CREATE TABLE p.ci_as PARTITION OF p.ci FOR VALUES IN ('as')")
        #expect(
            try await texts(
                connection, "SELECT finding FROM assetlink.check_source('p') WHERE check_name = 'triggers' ORDER BY 1")
                == ["delete", "insert", "truncate", "update"].map { "p.ci_as has no \($0) trigger" })
    }

    @Test func wholeRowsAndViewsMakeColumnsRelevant() async throws {
        let connection = try await shop()
        try await connection.script(
            """
            CREATE VIEW shop.shown AS SELECT id, upper(note) AS note FROM shop.hardware;
            CREATE VIEW shop.shown_again AS SELECT * FROM shop.shown;
            SELECT assetlink.attach_asset_source('viewed', 'shop.hardware', 'SELECT id AS asset_id, note AS name FROM shop.shown_again', 'id');
            SELECT assetlink.attach_asset_source('whole', 'shop.hardware', 'SELECT h.id AS asset_id, to_jsonb(h) AS attributes FROM shop.hardware AS h', 'id', '{}', '{seen}');
            """)
        let columns = """
            SELECT array_to_string(array(SELECT unnest(c.columns) ORDER BY 1), ',') FROM assetlink_internal.capture AS c
            JOIN assetlink_internal.source AS s USING (source_id) WHERE s.name =
            """
        #expect(try await text(connection, columns + "'viewed'") == "id,note")
        #expect(
            try await text(connection, columns + "'whole'") == "extra,id,kind,note,racked,saved_at,serial,tag,weight")
    }

    @Test func writersNeedNoPrivilege() async throws {
        let connection = try await shop()
        let role = "clerk_\(UInt32.random(in: 0..<UInt32.max))"
        try await connection.script(
            """
            CREATE ROLE \(role);
            GRANT USAGE ON SCHEMA shop TO \(role);
            GRANT SELECT, INSERT, UPDATE, DELETE ON shop.hardware TO \(role);
            SET ROLE \(role);
            INSERT INTO shop.hardware (id, tag) VALUES (1, 'a');
            UPDATE shop.hardware SET tag = 'b';
            DELETE FROM shop.hardware;
            RESET ROLE;
            """)
        #expect(
            try await text(
                connection, "SELECT count(*)::text FROM assetlink_internal.change_log_0 WHERE cause = 'trigger'") == "3"
        )
        try await connection.script("DROP OWNED BY \(role); DROP ROLE \(role)")
    }
}
