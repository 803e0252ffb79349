import LinkStore
import Postgres

/// The lease: liveness by database time; safety is the epoch in every batch and the batch id (engine point 17).
struct Lease: Sendable {
    let holder: String
    let duration: Duration

    /// Nobody else's channel: whether a notification arrives at all is found out on it.
    var probeChannel: String { "assetlink_probe_\(holder)" }

    private var milliseconds: Int32 {
        Int32(duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }

    /// Takes the lease when it is free, has run out, its holder's working session is gone, or it is still this daemon's
    /// own from a connection that was lost.
    ///
    /// A leader that was killed is succeeded at once: the server notices that its session is gone. One that only lost
    /// its connection writes nothing under its epoch once another has taken over (engine point 17). While another daemon
    /// holds it, this only reads: who stands by looks at every ring.
    ///
    /// - Parameter interruption: what this daemon saw end its session before; what the server says of itself beside the
    ///   last leader's word is added, and all of it is shown by `assetlink.daemon_status`.
    /// - Returns: the new epoch, or `nil` while another daemon holds it; how long ago prepared transactions were last
    ///   seen on attached tables, by whoever led.
    func acquire(
        _ connection: PostgresConnection, _ mode: WakeMode, after interruption: Interruption?
    ) async throws(PostgresError) -> (epoch: Int64?, twoPhaseAgo: Duration?) {
        let rows = try await connection.query(
            Statement(
                """
                INSERT INTO assetlink_internal.lease AS l (holder, epoch, expires_at, details)
                SELECT $1, 1, clock_timestamp() + $2 * interval '1 millisecond',
                       $3::jsonb || jsonb_build_object('backend_pid', pg_backend_pid(),
                           'leading_since', clock_timestamp(), 'server_started_at', pg_postmaster_start_time())
                WHERE NOT EXISTS (
                    SELECT FROM assetlink_internal.lease AS o
                    WHERE o.expires_at >= clock_timestamp() AND o.holder <> $1 AND \(Self.isAlive("o")))
                ON CONFLICT (only_one) DO UPDATE SET
                    holder = excluded.holder, epoch = l.epoch + 1, expires_at = excluded.expires_at,
                    details = excluded.details
                        || jsonb_strip_nulls(jsonb_build_object('two_phase_at', l.details -> 'two_phase_at',
                            'resumed_after', CASE
                                WHEN (SELECT g.timeline FROM assetlink_internal.lineage AS g) <> \(Lineage.timeline)
                                THEN 'failover'
                                WHEN $4 = 'promotion' THEN $4
                                WHEN (l.details ->> 'server_started_at')::timestamptz <> pg_postmaster_start_time()
                                THEN 'restart'
                                ELSE $4 END))
                WHERE l.expires_at < clock_timestamp() OR l.holder = excluded.holder OR NOT \(Self.isAlive("l"))
                RETURNING l.epoch, (extract(
                    epoch FROM clock_timestamp() - (l.details ->> 'two_phase_at')::timestamptz) * 1000)::bigint
                """,
                [
                    .text(holder), .int4(milliseconds), .json(details(mode)),
                    interruption.map { .text($0.rawValue) } ?? .null,
                ]))
        guard let row = rows.first else { return (nil, nil) }
        return (try row.int8(0), try row.int8OrNil(1).map { .milliseconds(max(0, $0)) })
    }

    /// Whether the session that a holder works in is there; of one that says nothing of it, that is taken for granted.
    private static func isAlive(_ lease: String) -> String {
        """
        (\(lease).details ->> 'backend_pid' IS NULL OR EXISTS (
            SELECT FROM pg_catalog.pg_stat_activity AS a
            WHERE a.pid = (\(lease).details ->> 'backend_pid')::integer AND a.datname = current_database()))
        """
    }

    /// Prolongs it and says in which mode the daemon works.
    ///
    /// What was given up meanwhile stays given up: the release may overtake the heartbeat on the other connection.
    ///
    /// - Returns: whether it is still ours.
    func renew(_ connection: PostgresConnection, epoch: Int64, _ mode: WakeMode) async throws(PostgresError) -> Bool {
        try await connection.query(
            Statement(
                """
                UPDATE assetlink_internal.lease
                SET expires_at = clock_timestamp() + $3 * interval '1 millisecond',
                    details = (details - 'reason') || $4::jsonb || CASE $4::jsonb ->> 'reason'
                        WHEN 'two-phase' THEN jsonb_build_object('two_phase_at', clock_timestamp()) ELSE '{}' END
                WHERE holder = $1 AND epoch = $2 AND expires_at > '-infinity'
                """,
                [
                    .text(holder), .int8(epoch), .int4(milliseconds),
                    .json(JSONText.object(["mode": JSONText.string(mode.name), "reason": reason(mode)])),
                ])
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

    /// What `assetlink.daemon_status` shows of the leader.
    private func details(_ mode: WakeMode) -> String {
        JSONText.object([
            "version": JSONText.string(Schema.programVersion),
            "mode": JSONText.string(mode.name), "reason": reason(mode),
        ])
    }

    private func reason(_ mode: WakeMode) -> String? {
        if case .polling(let reason) = mode { JSONText.string(reason.rawValue) } else { nil }
    }
}

extension WakeMode {
    fileprivate var name: String { self == .doorbell ? "doorbell" : "polling" }
}
