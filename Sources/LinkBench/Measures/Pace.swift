import Postgres

/// Writers that commit single-row changes at a rate, each at its time whether or not the one before was slow.
struct Pace {
    /// Changes a second, all writers together.
    let rate: Double
    /// Every session has every nth change.
    let sessions: [PostgresConnection]

    /// Runs the statement once for each id; returns when the last has committed.
    ///
    /// - Returns: the seconds by which the slowest change began late: the writers' own limit, not what is measured.
    @discardableResult
    func write(_ ids: [Int64], _ statement: @escaping @Sendable (Int64) -> Statement) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now + .milliseconds(20)
        let (rate, count) = (rate, sessions.count)
        return try await withThrowingTaskGroup(of: Double.self) { group in
            for (number, session) in sessions.enumerated() {
                group.addTask {
                    var late = 0.0
                    for index in stride(from: number, to: ids.count, by: count) {
                        let due = start + .seconds(Double(index) / rate)
                        if clock.now < due { try await Task.sleep(until: due, clock: clock) }
                        late = max(late, (clock.now - due).inSeconds)
                        _ = try await session.query(statement(ids[index]))
                    }
                    return late
                }
            }
            var late = 0.0
            for try await one in group { late = max(late, one) }
            return late
        }
    }
}
