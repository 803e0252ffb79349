/// The SQL of the baselines: a schema `bench` beside ours, with the same tables, kept by hand-written SQL.
///
/// Nothing here is used by the daemon, and nothing of the daemon's is used here but the tables that people edit
/// (placeholders, states, classes) and the bytes of an audit row.
enum BaselineSQL {
    /// The tables that a relink writes, in an order in which they can be filled.
    static let tables = [
        "asset", "ci", "asset_key", "ci_key", "asset_value", "ci_value", "suspect_value", "ci_decision", "link",
        "link_period", "conflict", "audit", "batch",
    ]

    /// The same columns, defaults and checks; what the daemon has stored is copied when asked; then the same indexes.
    static func schema(filled: Bool) -> String {
        """
        DROP SCHEMA IF EXISTS bench CASCADE;
        CREATE SCHEMA bench;
        DO $$
        DECLARE
            t text;
            i record;
        BEGIN
            FOREACH t IN ARRAY '{\(tables.joined(separator: ","))}'::text[] LOOP
                EXECUTE format('CREATE TABLE bench.%1$I (LIKE assetlink_internal.%1$I INCLUDING ALL EXCLUDING INDEXES)', t);
                EXECUTE format('ALTER TABLE bench.%I SET (%s)', t, coalesce(
                    (SELECT array_to_string(reloptions, ',') FROM pg_class
                     WHERE oid = format('assetlink_internal.%I', t)::regclass), 'fillfactor = 100'));
                IF \(filled) THEN
                    EXECUTE format('INSERT INTO bench.%1$I OVERRIDING SYSTEM VALUE SELECT * FROM assetlink_internal.%1$I', t);
                END IF;
                FOR i IN SELECT indexdef FROM pg_indexes WHERE schemaname = 'assetlink_internal' AND tablename = t LOOP
                    EXECUTE replace(i.indexdef, ' ON assetlink_internal.', ' ON bench.');
                END LOOP;
            END LOOP;
            -- Numbers go on behind what was copied.
            PERFORM setval(pg_get_serial_sequence('bench.' || c.t, c.c), 1000000000)
            FROM (VALUES ('asset', 'asset_ref'), ('ci', 'ci_ref'), ('link', 'link_id'), ('conflict', 'conflict_id'),
                ('audit', 'audit_id')) AS c (t, c);
        END
        $$;
        ALTER TABLE bench.ci_decision ADD FOREIGN KEY (ci_ref) REFERENCES bench.ci (ci_ref);
        ALTER TABLE bench.asset ADD FOREIGN KEY (source_id) REFERENCES assetlink_internal.source;
        ALTER TABLE bench.ci ADD FOREIGN KEY (source_id) REFERENCES assetlink_internal.source;
        \(canonical)
        \(lookups)
        """
    }

    /// Everything that does not change while a fleet is relinked, as constants or small tables.
    private static let lookups = """
        DO $$
        DECLARE
            r record;
        BEGIN
            FOR r IN SELECT name, source_id FROM assetlink_internal.source WHERE name IN ('itam', 'cmdb') LOOP
                EXECUTE format('CREATE FUNCTION bench.%I() RETURNS integer IMMUTABLE LANGUAGE sql RETURN %s', r.name, r.source_id);
            END LOOP;
            -- Exact placeholders are compared as canonical values, patterns as one expression per kind.
            EXECUTE (
                SELECT format(
                    'CREATE FUNCTION bench.is_placeholder(kind text, value text) RETURNS boolean IMMUTABLE LANGUAGE sql '
                    'RETURN CASE kind %s ELSE false END',
                    string_agg(format('WHEN %L THEN value = ANY (%L::text[]) OR value ~* %L', p.kind, p.exact, p.pattern), ' '))
                FROM (
                    SELECT kind,
                        coalesce(array_agg(CASE kind WHEN 'uuid' THEN bench_uuid WHEN 'mac' THEN value
                            ELSE upper(value) END) FILTER (WHERE NOT is_pattern), '{}') AS exact,
                        '^(?:' || coalesce(string_agg(value, '|') FILTER (WHERE is_pattern), '(?!)') || ')$' AS pattern
                    FROM (
                        SELECT kind, value, is_pattern, CASE WHEN kind = 'uuid' AND NOT is_pattern THEN bench.uuid_of(value) END
                            AS bench_uuid
                        FROM assetlink.placeholder WHERE manufacturer IS NULL) AS p
                    WHERE kind IN ('serial', 'asset_tag', 'uuid', 'mac')
                    GROUP BY kind) AS p);
        END
        $$;

        -- Entries of the rules: where each looks, and where the guard finds the asset's values of its kind.
        CREATE TABLE bench.entry AS
        SELECT e.priority, s.space_id, e.kind, e.signature, e.is_plain, g.space_id AS guard_space
        FROM (VALUES
            (10, 'serial_number', 'serial', 'regular(serial_number)', true, 'serials[any]'),
            (20, 'serials[any]', 'serial', 'lookup(serials)', true, 'serials[any]'),
            (30, 'uuid', 'uuid', 'regular(uuid)', true, 'uuid'),
            (40, 'asset_tag', 'asset_tag', 'regular(asset_tag)', true, 'asset_tag'),
            (50, 'mac_addresses[all]', 'mac', 'lookup(mac_addresses;exact)', false, 'mac_addresses[all]')
        ) AS e (priority, space, kind, signature, is_plain, guard)
        JOIN assetlink_internal.key_space AS s ON s.signature = e.space
        JOIN assetlink_internal.key_space AS g ON g.signature = e.guard;
        ALTER TABLE bench.entry ADD PRIMARY KEY (space_id);

        CREATE TABLE bench.state AS
        SELECT side, raw_state, meaning FROM assetlink.lifecycle_state WHERE source IS NULL;
        ALTER TABLE bench.state ADD PRIMARY KEY (side, raw_state);

        -- The rule of each class: its own or its nearest ancestor's.
        CREATE TABLE bench.class AS
        WITH RECURSIVE up AS (
            SELECT class, parent, rule, class AS owner FROM assetlink.ci_class
            UNION ALL
            SELECT u.class, p.parent, p.rule, p.class FROM up AS u JOIN assetlink.ci_class AS p ON p.class = u.parent
            WHERE u.rule IS NULL)
        SELECT class, CASE WHEN rule <> '"none"' THEN owner END AS rule FROM up WHERE rule IS NOT NULL;
        ALTER TABLE bench.class ADD PRIMARY KEY (class);
        ANALYZE bench.entry, bench.state, bench.class;
        """
}
