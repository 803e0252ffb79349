import Postgres

/// Which cluster the cursor belongs to (engine point 15): its snapshots mean nothing in another one.
///
/// The row of `assetlink_internal.lineage` keeps the number of the transaction that wrote it. A physical copy (standby,
/// base backup, point in time, `pg_upgrade`) leaves the row where that transaction put it, and the log goes on; a dump, or
/// logical replication, writes it anew.
struct Lineage {
    let connection: PostgresConnection

    /// The timeline that the server writes.
    static let timeline = "('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer"

    private static let here = """
        (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
        (SELECT oid FROM pg_database WHERE datname = current_database()) AS database_oid,
        \(timeline) AS timeline,
        current_setting('server_version_num')::integer AS server_version
        """

    /// - Throws: ``StartError`` when the database is a copy that has no transactions in common with its origin.
    func check() async throws {
        let rows = try await connection.query(
            """
            SELECT coalesce((
                       SELECT pg_snapshot_xmax(snapshot) > pg_snapshot_xmax(pg_current_snapshot())
                       FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1), false),
                   (SELECT l.xmin::text::bigint <> l.written_by::text::numeric % 4294967296
                    FROM assetlink_internal.lineage AS l)
            """)
        guard let row = rows.first else { throw StartError("the database did not answer the start-up check") }
        let remedy = "run: assetlinkctl rebase. It begins a new cursor and reads every source again"
        if try row.bool(0) {
            throw StartError(
                "the cursor is ahead of this cluster's transactions, so its log must not be trusted; \(remedy)",
                exit: .foreignLineage)
        }
        if try row.boolOrNil(1) == true {
            throw StartError(
                "the database was restored from a dump or copied from another cluster, so its log must not be trusted; "
                    + remedy, exit: .foreignLineage)
        }
    }

    /// Notes where the leader works; writes only what is new.
    ///
    /// - Returns: whether the cluster is on another timeline than when this was noted last: it failed over.
    func record() async throws -> Bool {
        let rows = try await connection.query(
            """
            WITH here AS (SELECT \(Self.here)), before AS (SELECT timeline FROM assetlink_internal.lineage)
            INSERT INTO assetlink_internal.lineage AS l (
                system_identifier, database_oid, timeline, server_version, written_by, recorded_at)
            SELECT h.system_identifier, h.database_oid, h.timeline, h.server_version, pg_current_xact_id(),
                   clock_timestamp()
            FROM here AS h
            WHERE NOT EXISTS (
                SELECT FROM assetlink_internal.lineage AS o
                WHERE (o.system_identifier, o.database_oid, o.timeline, o.server_version)
                    = (h.system_identifier, h.database_oid, h.timeline, h.server_version))
            ON CONFLICT (only_one) DO UPDATE SET
                system_identifier = excluded.system_identifier, database_oid = excluded.database_oid,
                timeline = excluded.timeline, server_version = excluded.server_version,
                written_by = excluded.written_by, recorded_at = excluded.recorded_at
            RETURNING coalesce((SELECT timeline FROM before) <> l.timeline, false)
            """)
        return try rows.first?.bool(0) ?? false
    }
}
