import LinkTesting
import Postgres
import Testing

/// What attach accepts and refuses, what check, detach and resync do (engine points 8 and 9).
@Suite struct FeedsAttachTests {
    /// A query of ``shop(_:file:)`` that is refused, and the error.
    struct Refused: Sendable {
        var query: String
        var state: String
        var message: String
        var hint: String
    }

    static let refused = [
        Refused(
            query: "SELECT id AS asset_id, serial AS serial_nummer FROM shop.hardware", state: "42703",
            message: "the query has a column serial_nummer, which no asset binding has",
            hint: "Did you mean \"serial_number\"?"),
        Refused(
            query: "SELECT tag AS asset_tag FROM shop.hardware", state: "42703",
            message: "the query has no column asset_id", hint: "SELECT t.id AS asset_id"),
        Refused(
            query: "SELECT id AS asset_id, serial AS other_serials FROM shop.hardware", state: "42804",
            message: "binding column \"other_serials\" is of type text, it must be text[]", hint: "ARRAY(SELECT"),
        Refused(
            query: "SELECT id AS asset_id, saved_at::timestamp AS version FROM shop.hardware", state: "42804",
            message: "is of type timestamp without time zone, it must be timestamp with time zone", hint: "AT TIME ZONE"
        ),
        Refused(
            query: "SELECT id AS asset_id, tag AS is_composite FROM shop.hardware", state: "42804",
            message: "is of type text, it must be boolean", hint: "comparison"),
        Refused(
            query: "SELECT id AS asset_id, tag AS attributes FROM shop.hardware", state: "42804",
            message: "it must be jsonb", hint: "jsonb_build_object"),
        Refused(
            query: "SELECT id::numeric AS asset_id FROM shop.hardware", state: "42804",
            message: "it must be bigint, integer, uuid or text", hint: "cast"),
        Refused(
            query: "SELECT id::text AS asset_id FROM shop.hardware", state: "22023",
            message: "the query's asset_id is not the column id of shop.hardware", hint: "in its own type"),
        Refused(
            query: "SELECT p.hardware_id AS asset_id FROM shop.hardware h JOIN shop.port p ON p.hardware_id = h.id",
            state: "22023",
            message: "the query's asset_id is not the column id", hint: "key_column"),
        Refused(
            query: "SELECT id AS asset_id FROM hardware", state: "42P01",
            message: "relation \"hardware\" does not exist", hint: "with its schema"),
        Refused(
            query: "SELECT id AS asset_id FROM shop.hardware; DROP TABLE shop.port", state: "42601",
            message: "does not hold", hint: "one SELECT"),
        Refused(
            query: "SELECT id AS asset_id, tag AS name, tag AS name FROM shop.hardware", state: "42701",
            message: "does not hold", hint: "each once"),
        Refused(
            query: "SELECT hardware_id AS asset_id FROM shop.port", state: "22023",
            message: "the query's asset_id is not the column id", hint: "key_column"),
        Refused(
            query:
                "SELECT id AS asset_id, secret AS name FROM shop.hardware h, shop.boxed b WHERE b.hardware_id = h.id",
            state: "42804",
            message: "binding column \"name\" is of type shop.box", hint: "text"),
        Refused(
            query: "SELECT id + 0 AS asset_id FROM shop.odd_key", state: "22023",
            message: "the query does not read shop.hardware", hint: "one row per record"),
    ]

    @Test(arguments: refused)
    func refusalsNameTheRemedy(_ refused: Refused) async throws {
        let connection = try await shop()
        try await connection.script(
            """
            CREATE TYPE shop.box AS (a integer);
            CREATE TABLE shop.boxed (hardware_id bigint, secret shop.box);
            CREATE TABLE shop.odd_key (id bigint, odd shop.box);
            """)
        let error = await refusal(
            connection, "SELECT assetlink.attach_asset_source('x', 'shop.hardware', $q$\(refused.query)$q$, 'id')")
        #expect(error?.sqlState == refused.state)
        #expect(error?.message.contains(refused.message) == true, "\(error?.message ?? "")")
        #expect(error?.hint?.contains(refused.hint) == true, "\(error?.hint ?? "")")
        #expect(
            try await text(connection, "SELECT count(*)::text FROM assetlink_internal.source WHERE name = 'x'") == "0")
    }

    @Test func otherRefusals() async throws {
        let connection = try await shop()
        try await connection.script(
            """
            CREATE TYPE shop.box AS (a integer);
            CREATE TABLE shop.boxed (id bigint PRIMARY KEY, secret shop.box, mac text);
            CREATE VIEW shop.shown AS SELECT * FROM shop.hardware;
            CREATE TEMPORARY TABLE passing (id bigint PRIMARY KEY);
            """)
        let attach = "SELECT assetlink.attach_asset_source"
        let plain = "'SELECT id AS asset_id FROM shop.hardware'"
        for (call, state, message) in [
            ("\(attach)('shop', 'shop.hardware', \(plain), 'id')", "42710", "already attached"),
            ("\(attach)('', 'shop.hardware', \(plain), 'id')", "22023", "1 to 63 bytes"),
            ("\(attach)('x', 'shop.hardware', \(plain), 'idd')", "42703", "no column idd"),
            ("\(attach)('x', 'shop.shown', \(plain), 'id')", "42809", "is not a table"),
            (
                "\(attach)('x', 'shop.hardware', \(plain), 'id', '{\"shop.port\": \"hardware_id\"}')", "22023",
                "no further table"
            ),
            ("\(attach)('x', 'shop.hardware', \(plain), 'id', '[]')", "22023", "must be an object"),
            (
                "\(attach)('x', 'shop.boxed', 'SELECT id AS asset_id, (secret).a::text AS name FROM shop.boxed', 'id')",
                "0A000", "user-defined type shop.box"
            ),
            (
                "\(attach)('x', 'pg_temp.passing', 'SELECT id AS asset_id FROM pg_temp.passing', 'id')", "42P16",
                "temporary"
            ),
            (
                "SELECT assetlink.attach_ci_source('x', 'shop.hardware', 'SELECT id AS ci_id FROM shop.hardware', 'id', asset_sources => '{shoop}')",
                "42704", "no asset source 'shoop'"
            ),
            (
                "SELECT assetlink.attach_ci_source('x', 'shop.hardware', 'SELECT id AS ci_id FROM shop.hardware', 'id', removal_policy => 'x')",
                "22023", "flag or remove"
            ),
            ("SELECT assetlink.detach_source('shpo')", "42704", "no source 'shpo'"),
        ] {
            let error = await refusal(connection, call)
            #expect(error?.sqlState == state, "\(call)")
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }

    @Test func slowPlansAreRefused() async throws {
        let connection = try await migratedConnection()
        try await connection.script(
            """
            CREATE SCHEMA big;
            CREATE TABLE big.ci (id bigint PRIMARY KEY, name text);
            CREATE TABLE big.serial (ci_id bigint, value text);
            INSERT INTO big.ci SELECT n, n::text FROM generate_series(1, 20000) AS n;
            INSERT INTO big.serial SELECT n, n::text FROM generate_series(1, 20000) AS n;
            ANALYZE big.ci, big.serial;
            """)
        let attach = """
            SELECT assetlink.attach_ci_source('big', 'big.ci', $q$
                SELECT c.id AS ci_id, c.name, (SELECT max(s.value) FROM big.serial AS s WHERE s.ci_id = c.id) AS serial_number
                FROM big.ci AS c$q$, 'id', '{"big.serial": "ci_id"}')
            """
        let error = await refusal(connection, attach)
        #expect(error?.message.contains("would scan whole: big.serial") == true)
        #expect(error?.detail?.contains("Seq Scan on serial") == true)
        #expect(error?.hint?.contains("Index the key column") == true)
        let aggregate = await refusal(
            connection,
            """
            SELECT assetlink.attach_ci_source('big', 'big.ci', $q$
                SELECT c.id AS ci_id, g.value AS serial_number
                FROM big.ci AS c JOIN (SELECT max(ci_id) AS ci_id, value FROM big.serial GROUP BY value) AS g ON g.ci_id = c.id$q$, 'id')
            """)
        #expect(aggregate?.sqlState == "55000")
        try await connection.script("CREATE INDEX serial_ci ON big.serial (ci_id)")
        try await connection.script(attach)
        #expect(
            try await texts(connection, "SELECT severity FROM assetlink.check_source('big') WHERE check_name = 'plan'")
                == ["ok"])
        try await connection.script("DROP INDEX big.serial_ci")
        #expect(
            try await text(connection, "SELECT finding FROM assetlink.check_source('big') WHERE check_name = 'plan'")?
                .hasPrefix("reading one key scans big.serial whole") == true)
    }

    @Test func integratorAttachesTheirOwnTable() async throws {
        let connection = try await migratedConnection()
        let role = "integrator_\(UInt32.random(in: 0..<UInt32.max))"
        try await connection.script(
            """
            CREATE ROLE \(role) IN ROLE assetlink_integrator;
            CREATE SCHEMA mine AUTHORIZATION \(role);
            CREATE TABLE public.theirs (id uuid PRIMARY KEY, name text);
            SET ROLE \(role);
            CREATE TABLE mine.ci (id text PRIMARY KEY, name text);
            SELECT assetlink.attach_ci_source('mine', 'mine.ci', 'SELECT id AS ci_id, name FROM mine.ci', 'id', asset_sources => '{itam}', removal_policy => 'remove');
            """)
        #expect(
            try await text(
                connection,
                """
                SELECT concat_ws(' ', attached_by, removal_policy, key_type, relation_name, cardinality(asset_sources), tables)
                FROM assetlink_internal.source WHERE name = 'mine'
                """) == "postgres remove text mine.ci 1 {mine.ci}")
        let theirs =
            "SELECT assetlink.attach_ci_source('theirs', 'public.theirs', 'SELECT id AS ci_id FROM public.theirs', 'id')"
        #expect(await refusal(connection, theirs)?.sqlState == "42501")
        try await connection.script("RESET ROLE; GRANT SELECT, TRIGGER ON public.theirs TO \(role); SET ROLE \(role)")
        // It may put triggers there, but the owner must let the daemon read.
        #expect(
            await refusal(connection, theirs)?.hint?.contains("GRANT SELECT ON public.theirs TO assetlink_daemon")
                == true)
        try await connection.script(
            "RESET ROLE; GRANT SELECT ON public.theirs TO assetlink_daemon; SET ROLE \(role); \(theirs); RESET ROLE")
        var log = try await LogReader(connection)
        let id = "00000000-0000-0000-0000-000000000001"
        #expect(try await log.after("INSERT INTO public.theirs VALUES ('\(id)')") == [.record(id)])
        #expect(
            try await texts(
                connection, "SELECT severity FROM assetlink.check_source('theirs') WHERE check_name = 'triggers'")
                == ["warning", "warning"])
        // Only the owner can drop the triggers: until then they do nothing.
        try await connection.script(
            "SET ROLE \(role); SELECT assetlink.detach_source('theirs', reason => 'moved'); RESET ROLE")
        _ = try await log.drain()
        #expect(try await log.after("INSERT INTO public.theirs VALUES (gen_random_uuid())") == [])
        try await connection.script("DROP OWNED BY \(role) CASCADE; DROP ROLE \(role)")
    }

    @Test func outsidersMayNotAttach() async throws {
        let connection = try await shop()
        let role = "outsider_\(UInt32.random(in: 0..<UInt32.max))"
        try await connection.script(
            "CREATE ROLE \(role); GRANT ALL ON SCHEMA shop TO \(role); SET ROLE \(role); CREATE TABLE shop.own (id bigint PRIMARY KEY)"
        )
        for call in [
            "SELECT assetlink.attach_ci_source('own', 'shop.own', 'SELECT id AS ci_id FROM shop.own', 'id')",
            "SELECT assetlink.resync('shop')", "SELECT assetlink.detach_source('shop')",
            "SELECT * FROM assetlink.check_source('shop')",
            "SELECT assetlink.publish_asset('{\"asset_id\": \"1\"}')",
        ] {
            #expect(await refusal(connection, call)?.sqlState == "42501", "\(call)")
        }
        try await connection.script("RESET ROLE; DROP OWNED BY \(role); DROP ROLE \(role)")
    }

    @Test func detachAndAttachAgain() async throws {
        let connection = try await shop()
        var log = try await LogReader(connection)
        let functions =
            "SELECT count(*)::text FROM pg_proc AS p, assetlink_internal.source AS s WHERE s.name = 'shop' AND p.proname LIKE format('capture_%s_%%', s.source_id)"
        #expect(try await text(connection, functions) == "2")
        let id = try #require(
            try await text(connection, "SELECT source_id::text FROM assetlink_internal.source WHERE name = 'shop'"))
        let act = try #require(
            try await text(connection, "SELECT assetlink.detach_source('shop', false, 'replaced')::text"))
        #expect(
            try await log.drain() == [
                Logged(topic: "act", key: act, cause: "operator"), Logged(topic: "source", key: act, cause: "detach"),
            ])
        #expect(
            try await text(
                connection, "SELECT record::text FROM assetlink_internal.change_log_0 WHERE cause = 'detach'")
                == "{\"keep\": false}")
        #expect(
            try await text(
                connection, "SELECT concat_ws(' ', kind, source_id, reason, decided_by) FROM assetlink_internal.act")
                == "detach_source \(id) replaced postgres")
        #expect(try await text(connection, functions) == "0")
        #expect(
            try await text(
                connection,
                "SELECT count(*)::text FROM pg_trigger WHERE tgrelid IN ('shop.hardware'::regclass, 'shop.port'::regclass) AND NOT tgisinternal"
            ) == "0")
        #expect(
            await refusal(connection, "SELECT assetlink.detach_source('shop')")?.message.contains("detached already")
                == true)
        #expect(await refusal(connection, "SELECT assetlink.resync('shop')")?.message.contains("is detached") == true)
        #expect(
            await refusal(
                connection,
                "SELECT assetlink.attach_ci_source('shop', 'shop.hardware', 'SELECT id AS ci_id FROM shop.hardware', 'id')"
            )?.sqlState == "42710")
        #expect(try await log.after("INSERT INTO shop.hardware (id) VALUES (1)") == [])
        #expect(try await log.after(attachShop) == [.marker("attach")])
        #expect(
            try await text(
                connection,
                "SELECT source_id::text FROM assetlink_internal.source WHERE name = 'shop' AND detached_at IS NULL")
                == id)
        #expect(try await log.after("UPDATE shop.hardware SET tag = 'a'") == [.record("1")])
        // A binding is replaced in one transaction.
        #expect(
            try await log.after(
                """
                BEGIN;
                SELECT assetlink.detach_source('shop', reason => 'new query');
                SELECT assetlink.attach_asset_source('shop', 'shop.hardware', 'SELECT id AS asset_id, note AS name FROM shop.hardware', 'id');
                COMMIT;
                """
            ).count == 3)
        #expect(
            try await log.after("UPDATE shop.hardware SET tag = 'b'; INSERT INTO shop.port VALUES (1, 'm', 1)") == [])
        #expect(try await log.after("UPDATE shop.hardware SET note = 'b'") == [.record("1")])
    }

    @Test func checkFindsWhatIsMissing() async throws {
        let connection = try await shop()
        let findings =
            "SELECT concat_ws('|', check_name, severity, finding, remedy) FROM assetlink.check_source('shop') WHERE severity <> 'ok' ORDER BY 1"
        #expect(try await texts(connection, findings) == [])
        let id = try #require(
            try await text(connection, "SELECT source_id::text FROM assetlink_internal.source WHERE name = 'shop'"))
        try await connection.script(
            """
            ALTER TABLE shop.hardware DISABLE TRIGGER assetlink_\(id)_0_update;
            ALTER TABLE shop.hardware ENABLE TRIGGER assetlink_\(id)_0_replica;
            DROP TRIGGER assetlink_\(id)_1_delete ON shop.port;
            """)
        #expect(
            try await texts(connection, findings) == [
                "triggers|error|shop.port has no delete trigger|Detach the source and attach it again, as the table's owner.",
                "triggers|error|trigger assetlink_\(id)_0_update of shop.hardware does not fire|ALTER TABLE shop.hardware ENABLE TRIGGER assetlink_\(id)_0_update;",
                "triggers|warning|trigger assetlink_\(id)_0_replica of shop.hardware does not fire in replica role|ALTER TABLE shop.hardware ENABLE REPLICA TRIGGER assetlink_\(id)_0_replica;",
            ])
        try await connection.script(
            """
            ALTER TABLE shop.hardware RENAME COLUMN tag TO label;
            ALTER TABLE shop.port ENABLE ROW LEVEL SECURITY;
            INSERT INTO assetlink_internal.source_status VALUES (\(id), 'broken', 'no tag', now());
            """)
        let all = try await texts(connection, findings)
        #expect(
            all.contains {
                $0.hasPrefix("plan|error|the query can't be planned as the daemon: column h.tag does not exist")
            })
        #expect(all.contains { $0.hasPrefix("status|error|broken: no tag|Detach it") })
        #expect(all.contains { $0.hasPrefix("row security|error|shop.port has row security") })
        #expect(all.contains { $0.hasPrefix("triggers|error|column tag of shop.hardware is gone") })
        try await connection.script("DROP TABLE shop.port")
        #expect(
            try await texts(connection, findings).contains { $0.hasPrefix("triggers|error|table shop.port is gone") })
    }

    @Test func resyncIsAnActAndAMarker() async throws {
        let connection = try await shop()
        var log = try await LogReader(connection)
        let act = try #require(
            try await text(connection, "SELECT assetlink.resync('shop', 'restored from backup')::text"))
        #expect(
            try await log.drain() == [
                Logged(topic: "act", key: act, cause: "operator"), Logged(topic: "source", key: act, cause: "resync"),
            ])
        #expect(
            try await text(connection, "SELECT kind || ' ' || reason FROM assetlink_internal.act")
                == "resync restored from backup")
        #expect(await refusal(connection, "SELECT assetlink.resync('shop', ' ')")?.message == "a reason is needed")
    }

    @Test func attachNeverQueuesWriters() async throws {
        let connection = try await shop()
        let writer = try await secondSession(connection)
        try await connection.script("SELECT assetlink.detach_source('shop')")
        try await writer.script("BEGIN; INSERT INTO shop.hardware (id) VALUES (1)")
        let error = await refusal(connection, attachShop)
        #expect(error?.sqlState == "55P03")
        #expect(error?.hint?.contains("Try again") == true)
        try await writer.script("COMMIT")
        try await connection.script(attachShop)
    }

    @Test func referenceSchemasAreAttached() async throws {
        let connection = try await migratedConnection()
        var log = try await LogReader(connection)
        #expect(
            try await log.after(
                """
                INSERT INTO itam.asset (asset_id, asset_tag) VALUES (11, 'T');
                INSERT INTO cmdb.ci (ci_id, ci_class) VALUES (21, 'server'), (22, 'module');
                """) == [.record("11"), .record("21"), .record("22")])
        #expect(try await log.after("UPDATE cmdb.ci SET last_discovered_at = now()") == [])
        #expect(try await log.after("INSERT INTO cmdb.ci_serial_number VALUES (21, 'bios', 'S')") == [.record("21")])
        #expect(
            try await log.after("INSERT INTO cmdb.ci_network_adapter VALUES (21, 'eth0', 'aa:bb:cc:dd:ee:ff')") == [
                .record("21")
            ])
        #expect(try await log.after("INSERT INTO cmdb.ci_relationship VALUES (21, 22)") == [.record("22")])
        let since = "SELECT (lifecycle_since = now())::text FROM itam.asset"
        try await connection.script("BEGIN")
        #expect(try await text(connection, since) == "false")
        try await connection.script("UPDATE itam.asset SET state = 'retired', substate = 'sold'")
        #expect(try await text(connection, since) == "true")
        try await connection.script("COMMIT")
        #expect(try await log.drain() == [.record("11")])
        #expect(try await log.after("UPDATE itam.asset SET owner = 'me', warranty_end = now()") == [])
        #expect(
            try await log.after("DELETE FROM cmdb.ci WHERE ci_id = 21") == [
                .record("21"), .record("21"), .record("21"), .record("22"),
            ])
        for source in ["itam", "cmdb", "itam_events", "cmdb_events"] {
            #expect(
                try await texts(
                    connection, "SELECT finding FROM assetlink.check_source('\(source)') WHERE severity <> 'ok'") == [])
        }
    }
}
