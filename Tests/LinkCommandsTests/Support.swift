import Glibc
import LinkCommands
import LinkTesting
import Postgres
import Synchronization
import Testing

/// What a command said, and how it ended.
struct Outcome {
    let code: Int32
    let out: [String]
    let err: [String]

    var text: String { out.joined(separator: "\n") }
    var errors: String { err.joined(separator: "\n") }
}

/// Runs a command line as the program would.
func run(_ arguments: String..., width: Int = 80) async -> Outcome { await run(arguments, width: width) }

/// Runs a command line as the program would.
func run(_ arguments: [String], width: Int = 80) async -> Outcome {
    let out = Mutex<[String]>([])
    let err = Mutex<[String]>([])
    let console = Console(
        width: width, say: { line in out.withLock { $0.append(line) } },
        remark: { line in err.withLock { $0.append(line) } })
    let code = await Assetlinkctl.run(arguments, on: console)
    return Outcome(code: code, out: out.withLock(\.self), err: err.withLock(\.self))
}

/// A migrated database with a handful of records in every state, as the daemon would leave them.
func smallFleet(_ name: String = #function, file: String = #fileID) async throws -> String {
    // Times to the minute must read the same everywhere.
    let conninfo = try await migratedDatabase(name, file: file) + " options='-c TimeZone=UTC'"
    let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
    try await connection.script(smallFleetSQL)
    await connection.close()
    return conninfo
}

/// Runs SQL on a database.
func execute(_ sql: String, _ conninfo: String) async throws {
    let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
    try await connection.script(sql)
    await connection.close()
}

private let smallFleetSQL = """
    CREATE TEMP TABLE t AS SELECT
        (SELECT source_id FROM assetlink_internal.source WHERE name = 'itam') AS itam,
        (SELECT source_id FROM assetlink_internal.source WHERE name = 'cmdb') AS cmdb,
        (SELECT source_id FROM assetlink_internal.source WHERE name = 'cmdb_events') AS events;
    INSERT INTO assetlink.placeholder (kind, value, note) VALUES ('serial', 'test placeholder', 'as delivered');
    INSERT INTO assetlink_internal.key_space (space_id, signature) VALUES (9001, 'serial');
    INSERT INTO assetlink_internal.asset (asset_ref, source_id, key, serial_number, digest, phase, lifecycle_mapped,
        standing, composite, first_seen_at, ci_count, since)
    SELECT v.ref, t.itam, v.key, v.serial, '', v.phase, true, v.standing, false, '2026-01-01Z', v.cis, '2026-01-01Z'
    FROM t, (VALUES (901, 'A-1', 'SN-1', 'in_use', 0, 1), (902, 'A-2', 'SN-2', 'retired', 1, 0),
        (903, 'A-3', 'SN-3', 'in_use', 0, 0), (904, 'A-4', 'SN-3', 'in_use', 0, 0),
        (905, 'A-5', 'SN-5', 'in_use', 0, 0)) v (ref, key, serial, phase, standing, cis);
    INSERT INTO assetlink_internal.asset_key (space_id, key, standing, asset_ref, source_id)
    SELECT 9001, a.serial_number, a.standing, a.asset_ref, a.source_id FROM assetlink_internal.asset a;
    INSERT INTO assetlink_internal.ci (ci_ref, source_id, key, ci_class, name, serial_number, digest, class,
        class_known, lifecycle_mapped, retired, rule, last_discovered_at, first_seen_at, evidence)
    SELECT v.ref, CASE v.ref WHEN 807 THEN t.events ELSE t.cmdb END, v.key, v.class, v.name, v.serial, '',
        coalesce(c.class, 'ci'), c.class IS NOT NULL, true, false, v.rule, now(), '2026-01-01Z',
        coalesce((
            SELECT jsonb_agg('{"p": 10, "t": "regular", "k": "serial", "a": "serial_number"}'::jsonb || e)
            FROM jsonb_array_elements(v.evidence::jsonb) e), '[]')
    FROM t, (VALUES
        (801, '100', 'linux_server', 'web-01', ' sn-1', 'hardware',
            '[{"r": " sn-1", "c": "SN-1", "sp": 9001, "key": "SN-1"}]'),
        (802, '101', 'linux_server', 'web-02', 'SN-9', 'hardware',
            '[{"r": "SN-9", "c": "SN-9", "sp": 9001, "key": "SN-9"}]'),
        (803, '102', 'linux_server', 'db-01', 'Test Placeholder', 'hardware',
            '[{"r": "Test Placeholder", "c": "TEST PLACEHOLDER", "s": "placeholder PH"},
              {"p": 30, "k": "uuid", "a": "uuid", "r": "4c4c", "s": "malformed"}]'),
        (804, '103', 'switch', 'sw-01', 'SN-3', 'hardware',
            '[{"r": "SN-3", "c": "SN-3", "sp": 9001, "key": "SN-3"}]'),
        (805, '104', 'virtual_machine', 'vm-01', NULL, NULL, NULL),
        (806, '105', 'linux_server', 'db-02', 'SN-2', 'hardware',
            '[{"r": "SN-2", "c": "SN-2", "sp": 9001, "key": "SN-2"}]'),
        (807, '100', 'toaster', 'web-01', NULL, NULL, NULL)
    ) v (ref, key, class, name, serial, rule, evidence) LEFT JOIN assetlink.ci_class c ON c.class = v.class;
    UPDATE assetlink_internal.ci SET evidence = replace(evidence::text, 'PH',
        (SELECT id::text FROM assetlink.placeholder WHERE value = 'test placeholder'))::jsonb WHERE ci_ref = 803;
    INSERT INTO assetlink_internal.ci_key (space_id, key, ci_ref)
    SELECT 9001, c.serial_number, c.ci_ref FROM assetlink_internal.ci c WHERE c.ci_ref IN (802, 804, 806);
    INSERT INTO assetlink_internal.ci_key (space_id, key, ci_ref) VALUES (9001, 'SN-1', 801);
    INSERT INTO assetlink_internal.link (link_id, ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id,
        status, method, rule, entry_priority, matched_on, linked_at, linked_by, stale_at, stale_reason)
    SELECT v.id, v.ci, t.cmdb, v.ci_id, v.asset, t.itam, v.asset_id, v.status, 'automatic', 'hardware', 10,
        v.matched::jsonb,
        '2026-01-02T03:04:05Z', 'assetlinkd', v.stale::timestamptz, v.reason
    FROM t, (VALUES
        (701, 801, '100', 901, 'A-1', 'active', '[["SN-1"]]', NULL, NULL),
        (702, 806, '105', 902, 'A-2', 'stale', '[["SN-2"]]', '2026-02-03T04:05:06Z', 'asset_decommissioned')
    ) v (id, ci, ci_id, asset, asset_id, status, matched, stale, reason);
    INSERT INTO assetlink_internal.conflict (conflict_id, kind, identity, matched_on, opened_at)
    VALUES (601, 'duplicate_asset', 'serial SN-3', '[["SN-3"]]', '2026-03-04T05:06:07Z');
    INSERT INTO assetlink_internal.ci_decision (ci_ref, source_id, state, reason, since, claim_asset, claim_rank,
        candidate_asset, rule, entry_priority, entry_space, matched_on, conflict_id, link_id, link_asset, link_status,
        link_reason, link_manual)
    SELECT c.ci_ref, c.source_id, v.state, v.reason,
        '2026-01-02T03:04:05Z'::timestamptz + (c.ci_ref - 801) * '1 day'::interval,
        v.asset, CASE WHEN v.asset IS NOT NULL THEN 10 END, v.asset, v.rule, v.p, v.space, v.matched::jsonb, v.conflict,
        l.link_id, l.asset_ref, l.status, l.stale_reason, CASE WHEN l.link_id IS NOT NULL THEN false END
    FROM (VALUES
        (801, 'linked', NULL, 901, 'hardware', 10, 9001, '[["SN-1"]]', NULL::bigint),
        (802, 'orphaned', 'no_matching_asset', NULL, NULL, NULL, NULL, NULL, NULL),
        (803, 'orphaned', 'placeholder_identifier', NULL, NULL, NULL, NULL, NULL, NULL),
        (804, 'conflicted', 'duplicate_asset', NULL, 'hardware', 10, 9001, '[["SN-3"]]', 601),
        (805, 'excluded', 'class_excluded', NULL, NULL, NULL, NULL, NULL, NULL),
        (806, 'orphaned', 'asset_decommissioned', NULL, NULL, NULL, NULL, NULL, NULL),
        (807, 'excluded', 'class_excluded', NULL, NULL, NULL, NULL, NULL, NULL)
    ) v (ref, state, reason, asset, rule, p, space, matched, conflict)
    JOIN assetlink_internal.ci c ON c.ci_ref = v.ref LEFT JOIN assetlink_internal.link l ON l.ci_ref = v.ref;
    INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id,
        link_id, from_state, to_state, reason, rule_set_version)
    VALUES (1, '2026-01-02T03:04:05Z', 'assetlinkd', 'link_opened', 'cmdb', '100', 'itam', 'A-1', 701, NULL, 'active',
            NULL, 1),
        (2, '2026-02-03T04:05:06Z', 'assetlinkd', 'link_stale', 'cmdb', '105', 'itam', 'A-2', 702, 'active', 'stale',
            'asset_decommissioned', 1);
    """

/// Waits until a query on a database is true.
func executeUntil(_ sql: String, _ conninfo: String) async throws {
    let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
    do {
        try await Eventually.holds(sql, on: connection)
    } catch {
        await connection.close()
        throw error
    }
    await connection.close()
}

/// A file of that text, in a folder that the system empties.
func temporaryFile(_ text: String) throws -> String {
    var path = Array("/tmp/assetlink-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&path)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    return String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// What the program finds around it: a terminal's usual variables, and the database as an operator has it, so that nothing
/// of it stands in the command.
func programEnvironment(_ conninfo: String) -> [String: String] {
    var variables = [
        "TERM": "xterm", "LC_ALL": "C.UTF-8", "NO_COLOR": "", "COLUMNS": "", "PGOPTIONS": "-c TimeZone=UTC",
    ]
    for word in conninfo.split(separator: " ") where !word.hasPrefix("options") {
        let parts = word.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { continue }
        let names = ["host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER"]
        if let name = names[String(parts[0])] { variables[name] = String(parts[1].filter { $0 != "'" }) }
    }
    return variables
}

/// The only cell of a query on a database, as text.
func value(_ sql: String, _ conninfo: String) async throws -> String? {
    let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
    let value = try await connection.query("SELECT (\(sql))::text").first?.textOrNil(0)
    await connection.close()
    return value
}
