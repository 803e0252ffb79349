import LinkService
import LinkStore
import LinkTesting
import Postgres

/// Runs the body on a database with a few records of every kind, beside a daemon that has taken them in.
///
/// CI `web-1` (1) is linked to T-1, `web-2` (2) is orphaned, `web-3` (3) is in conflict between T-3 and T-4, `web-5` (5)
/// and `web-6` (6) both claim T-5, `vm-7` (7) is excluded, `web-8` (8) lost T-8, which was retired.
func liveFleet(
    _ name: String = #function, file: String = #fileID, _ body: (String) async throws -> Void
) async throws {
    let conninfo = try await migratedDatabase(name, file: file) + " options='-c TimeZone=UTC'"
    let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
    try await connection.script(liveFleetSQL)
    var configuration = DaemonConfiguration(database: conninfo)
    configuration.limits.breakerMinimum = 1_000
    let daemon = Daemon(configuration: configuration, logger: quietLogger)
    let running = Task { try await daemon.run() }
    do {
        try await Eventually.holds(
            "SELECT count(*) = 8 FROM assetlink.ci_state WHERE ci_source = 'cmdb'", on: connection)
        try await connection.script("UPDATE itam.asset SET state = 'retired' WHERE asset_tag = 'T-8'")
        try await Eventually.holds(
            "SELECT count(*) = 1 FROM assetlink.ci_state WHERE reason = 'asset_decommissioned'", on: connection)
        try await Eventually.quiet(on: connection)
        try await body(conninfo)
    } catch {
        daemon.stop()
        _ = await running.result
        await connection.close()
        throw error
    }
    daemon.stop()
    try await running.value
    await connection.close()
}

private let liveFleetSQL = """
    INSERT INTO itam.asset (asset_tag, serial_number, state) VALUES
        ('T-1', 'SER-0001', 'in use'), ('T-2', 'SER-0002X', 'in use'), ('T-3', 'SER-0003', 'in use'),
        ('T-4', 'SER-0003', 'in stock'), ('T-5', 'SER-0005', 'in use'), ('T-6', 'SER-0006', 'in use'),
        ('T-8', 'SER-0008', 'in use');
    INSERT INTO cmdb.ci (ci_id, ci_class, name, serial_number, last_discovered_at) VALUES
        (1, 'linux_server', 'web-1', 'SER-0001', now() - '2 days'::interval), (2, 'linux_server', 'web-2', 'SER-0002', now() - '2 days'::interval),
        (3, 'linux_server', 'web-3', 'SER-0003', now() - '2 days'::interval), (5, 'linux_server', 'web-5', 'SER-0005', now() - '2 days'::interval),
        (6, 'linux_server', 'web-6', 'SER-0005', now()), (7, 'virtual_machine', 'vm-7', NULL, now() - '2 days'::interval),
        (8, 'linux_server', 'web-8', 'SER-0008', now() - '2 days'::interval), (9, 'linux_server', 'web-9', NULL, now() - '2 days'::interval);
    """
