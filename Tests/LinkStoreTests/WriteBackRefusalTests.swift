import LinkStore
import LinkTesting
import Postgres
import Testing

/// What cannot be switched on says so, and what to do; nothing is changed.
@Suite struct WriteBackRefusalTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// What is done first.
        var before = ""
        var call: String
        var state: String
        /// What the hint says, at least.
        var hint: String
    }

    @Test(arguments: [
        Refusal(
            testDescription: "no such source", call: "set_write_back('cmbd', 'asset', 'r')", state: "42704",
            hint: "\"cmdb\""),
        Refusal(
            testDescription: "a source without a table", call: "set_write_back('itam_events', 'ci', 'r')",
            state: "42809", hint: "assetlink.link"),
        Refusal(
            testDescription: "no such column", call: "set_write_back('cmdb', 'asest', 'r')", state: "42704",
            hint: "\"asset\""),
        Refusal(testDescription: "no column", call: "set_write_back('cmdb', NULL, 'r')", state: "42704", hint: ""),
        Refusal(
            testDescription: "no reason", call: "set_write_back('cmdb', 'asset', ' ')", state: "22023", hint: "why"),
        Refusal(
            testDescription: "the key", call: "set_write_back('itam', 'asset_id', 'r')", state: "22023", hint: "column"),
        Refusal(
            testDescription: "a column that the binding reads", call: "set_write_back('cmdb', 'serial_number', 'r')",
            state: "22023", hint: "no binding reads"),
        Refusal(
            testDescription: "a column that it reads and ignores",
            before: """
                CREATE TABLE public.box (id bigint PRIMARY KEY, seen text);
                SELECT assetlink.attach_ci_source('boxes', 'public.box', $$
                    SELECT b.id AS ci_id, 'server' AS ci_class, b.seen AS name FROM public.box AS b $$, 'id',
                    ignore_columns => '{seen}');
                """, call: "set_write_back('boxes', 'seen', 'r')", state: "22023", hint: "no binding reads"),
        Refusal(
            testDescription: "a query that reads whole rows",
            before: """
                CREATE TABLE public.box (id bigint PRIMARY KEY, asset text);
                SELECT assetlink.attach_ci_source('boxes', 'public.box', $$
                    SELECT b.id AS ci_id, 'server' AS ci_class, to_jsonb(b) AS attributes FROM public.box AS b $$, 'id');
                """, call: "set_write_back('boxes', 'asset', 'r')", state: "22023", hint: "list columns"),
        Refusal(
            testDescription: "a type that holds no id", before: "ALTER TABLE cmdb.ci ADD COLUMN flag boolean",
            call: "set_write_back('cmdb', 'flag', 'r')", state: "42804", hint: "text"),
        Refusal(
            testDescription: "numbers, where ids may be text", before: "ALTER TABLE cmdb.ci ADD COLUMN number bigint",
            call: "set_write_back('cmdb', 'number', 'r', 'itam_events')", state: "42804", hint: "counterpart"),
        Refusal(
            testDescription: "a generated column",
            before: "ALTER TABLE cmdb.ci ADD COLUMN made text GENERATED ALWAYS AS ('x') STORED",
            call: "set_write_back('cmdb', 'made', 'r')", state: "22023", hint: "ADD COLUMN"),
        Refusal(
            testDescription: "a unique column", before: "CREATE UNIQUE INDEX ON cmdb.ci (asset)",
            call: "set_write_back('cmdb', 'asset', 'r')", state: "22023", hint: "unique"),
        Refusal(
            testDescription: "a counterpart of the same side", call: "set_write_back('cmdb', 'asset', 'r', 'cmdb')",
            state: "22023", hint: "itam"),
        Refusal(
            testDescription: "a detached source", before: "SELECT assetlink.detach_source('cmdb')",
            call: "set_write_back('cmdb', 'asset', 'r')", state: "55000", hint: "Attach"),
        Refusal(
            testDescription: "the column of another source",
            before: """
                DO $$ BEGIN PERFORM assetlink.attach_ci_source('also', 'cmdb.ci', s.query, 'ci_id', '{
                    "cmdb.ci_serial_number": "ci_id", "cmdb.ci_network_adapter": "ci_id",
                    "cmdb.ci_relationship": "child_ci_id"}')
                FROM assetlink_internal.source AS s WHERE s.name = 'cmdb'; END $$;
                SELECT assetlink.set_write_back('also', 'asset', 'r');
                """, call: "set_write_back('cmdb', 'asset', 'r')", state: "42710", hint: "unset"),
        Refusal(
            testDescription: "off already", call: "unset_write_back('cmdb', 'r')", state: "55000",
            hint: "assetlink.write_back"),
        Refusal(
            testDescription: "a binding that would read it",
            before: "SELECT assetlink.set_write_back('cmdb', 'asset', 'r')",
            call: """
                attach_ci_source('reader', 'cmdb.ci', $$
                    SELECT c.ci_id, 'server' AS ci_class, c.asset AS name FROM cmdb.ci AS c $$, 'ci_id')
                """, state: "22023", hint: "unset_write_back('cmdb'"),
    ])
    func isRefused(_ refusal: Refusal) async throws {
        let connection = try await migratedConnection()
        try await connection.script(WriteBackBench.columns)
        if !refusal.before.isEmpty { try await connection.script(refusal.before) }
        let before = try await state(connection)
        let error = await #expect(throws: PostgresError.self) {
            _ = try await connection.query(Statement("SELECT assetlink.\(refusal.call)", prepared: false))
        }
        #expect(error?.sqlState == refusal.state, "\(String(describing: error))")
        #expect(error?.hint?.contains(refusal.hint) == true, "\(String(describing: error))")
        #expect(try await state(connection) == before)
        await connection.close()
    }

    private func state(_ connection: PostgresConnection) async throws -> String? {
        try await connection.query(
            Statement(
                """
                SELECT (SELECT count(*) FROM assetlink_internal.act) || ' ' || (SELECT string_agg(
                    concat_ws(' ', name, write_back_column, detached_at), ',' ORDER BY name) FROM assetlink_internal.source)
                    || (SELECT count(*) FROM pg_attribute AS a, aclexplode(a.attacl) AS x
                        WHERE x.grantee = 'assetlink_write_back'::regrole)
                """, prepared: false)
        ).first?.text(0)
    }

    /// An integrator who does not own the table is told what its owner can do; the owner's grant is enough.
    @Test func whoMayNotGrantIsToldWhatTheOwnerCan() async throws {
        let connection = try await migratedConnection()
        try await connection.script(
            """
            \(WriteBackBench.columns)
            GRANT USAGE ON SCHEMA cmdb TO assetlink_integrator;
            GRANT SELECT ON ALL TABLES IN SCHEMA cmdb TO assetlink_integrator;
            SET ROLE assetlink_integrator;
            """)
        let call = "SELECT assetlink.set_write_back('cmdb', 'asset', 'r')"
        let error = await #expect(throws: PostgresError.self) { _ = try await connection.query(call) }
        let grants =
            "GRANT USAGE ON SCHEMA cmdb TO assetlink_write_back; "
            + "GRANT SELECT (ci_id, asset), UPDATE (asset) ON cmdb.ci TO assetlink_write_back;"
        #expect(error?.sqlState == "42501" && error?.hint == "Its owner can: \(grants)", "\(String(describing: error))")
        // Operators and readers may not at all.
        for role in ["assetlink_operator", "assetlink_reader"] {
            try await connection.script("RESET ROLE; SET ROLE \(role)")
            let refused = await #expect(throws: PostgresError.self) { _ = try await connection.query(call) }
            #expect(refused?.sqlState == "42501")
        }
        try await connection.script(
            """
            RESET ROLE; \(grants)
            SET ROLE assetlink_integrator;
            """)
        #expect(try await connection.query(call).count == 1)
        await connection.close()
    }
}
