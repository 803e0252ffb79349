import Postgres

/// A call of one of the functions that act, and the wait for the daemon to take it up.
struct Act {
    /// The command, for the JSON's schema name.
    let command: String
    /// The call, which returns the number of the act.
    let call: Statement
    /// A query that is true once the daemon has taken it up; `$1` is `subject`.
    let isDone: String
    /// What the act is about.
    let subject: Parameter
    /// What to say when it is done.
    let done: String

    /// Acts, waits, and answers.
    func run(_ session: Session, wait: Double) async throws -> CommandExit {
        guard let number = try await session.connection.query(call).first?.int8OrNil(0) else {
            throw Failure(.failed, "The database did not say under which number it took the request.")
        }
        let isTaken = try await waitUntilDone(session, wait)
        if session.json {
            session.answer(command, [("act", .integer(number)), ("taken_up", .bool(isTaken))])
        } else {
            session.console.say((isTaken ? "\(done) (act \(number))" : "Recorded as act \(number).").harmless)
        }
        if !isTaken, wait > 0 {
            session.console.remark(
                "The daemon has not taken it up yet; it will. assetlinkctl status shows whether one is at work.")
        }
        return .success
    }

    private func waitUntilDone(_ session: Session, _ wait: Double) async throws -> Bool {
        // The batch that runs now may have begun before the act; the one after it has seen it for certain.
        let seen = try await session.query("SELECT coalesce(last_batch, 0) + 2 FROM assetlink.daemon_status").first?
            .int8(0)
        let query =
            "SELECT coalesce((\(isDone)), false) OR coalesce(last_batch >= $2, false) FROM assetlink.daemon_status"
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(wait)
        var pause = Duration.milliseconds(20)
        while true {
            let rows = try await session.query(query, [subject, .int8(seen ?? 2)])
            if try rows.first?.bool(0) == true { return true }
            guard clock.now + pause < deadline else { return false }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }
}
