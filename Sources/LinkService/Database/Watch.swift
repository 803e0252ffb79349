import Postgres

/// The heartbeat: one statement on the connection that listens, in no transaction block (engine point 16).
struct Watch {
    let work: PostgresConnection
    /// The server process behind ``work``.
    let serverPID: Int32
    let listen: PostgresConnection
    let lease: Lease

    /// Prolongs the lease where asked, and compares whom the two ends of the working connection wait for.
    func ask(_ call: WatchCall) async throws -> WatchReply {
        var isOurs: Bool?
        if let epoch = call.epoch { isOurs = try await lease.renew(listen, epoch: epoch, call.mode) }
        let command = work.commandUnderWay
        // Waiting for us, or gone.
        let rows = try await listen.query(
            """
            SELECT NOT EXISTS (
                SELECT FROM pg_stat_activity AS a
                WHERE a.pid = $1 AND a.wait_event_type IS DISTINCT FROM 'Client')
            """, [.int4(serverPID)])
        let isWaitedFor = try rows.first?.bool(0) ?? false
        // The same command before and after: no answer came meanwhile.
        guard isWaitedFor, let command, command == work.commandUnderWay else { return WatchReply(isOurs: isOurs) }
        return WatchReply(isOurs: isOurs, stalledCommand: command)
    }
}
