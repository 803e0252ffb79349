import LinkStore
import Postgres

/// The lease: liveness by database time; safety is the epoch in every batch and the batch id (engine point 17).
struct Lease {
    let holder: String
    let duration: Duration
    let details: String

    private var milliseconds: Int32 {
        Int32(duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }

    /// Takes the lease when it is free, has run out, or is still this daemon's own from a connection that was lost.
    ///
    /// While another daemon holds it, this only reads: who stands by looks at every ring.
    ///
    /// - Returns: the new epoch, or `nil` while another daemon holds it.
    func acquire(_ connection: PostgresConnection) async throws(PostgresError) -> Int64? {
        let rows = try await connection.query(
            Statement(
                """
                INSERT INTO assetlink_internal.lease AS l (holder, epoch, expires_at, details)
                SELECT $1, 1, clock_timestamp() + $2 * interval '1 millisecond', $3
                WHERE NOT EXISTS (
                    SELECT FROM assetlink_internal.lease AS o WHERE o.expires_at >= clock_timestamp() AND o.holder <> $1)
                ON CONFLICT (only_one) DO UPDATE SET
                    holder = excluded.holder, epoch = l.epoch + 1, expires_at = excluded.expires_at,
                    details = excluded.details
                WHERE l.expires_at < clock_timestamp() OR l.holder = excluded.holder
                RETURNING l.epoch
                """, [.text(holder), .int4(milliseconds), .json(details)]))
        return try rows.first?.int8(0)
    }

    /// - Returns: whether it is still ours.
    func renew(_ connection: PostgresConnection, epoch: Int64) async throws(PostgresError) -> Bool {
        try await connection.query(
            Statement(
                """
                UPDATE assetlink_internal.lease SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
                WHERE holder = $1 AND epoch = $2
                """, [.text(holder), .int8(epoch), .int4(milliseconds)])
        ).affected == 1
    }

    /// Gives it up and wakes whoever waits for it.
    func release(_ connection: PostgresConnection, epoch: Int64) async throws(PostgresError) {
        _ = try await connection.pipeline([
            Statement(
                "UPDATE assetlink_internal.lease SET expires_at = '-infinity' WHERE holder = $1 AND epoch = $2",
                [.text(holder), .int8(epoch)]),
            Statement("SELECT pg_notify('assetlink_wake', '')"),
        ])
    }
}
