import Postgres

/// A day that did not go as the contract says.
struct DayFailure: Error, CustomStringConvertible {
    let description: String
}

/// What a CI must come to.
struct Expected: Sendable {
    let ci: String
    let state: String
    var reason: String?
    var asset: String?
}

/// Looks at the public relations until they say what is expected.
struct DayWatch: Sendable {
    let connection: PostgresConnection
    /// How long an effect may take.
    var deadline = Duration.seconds(10)

    /// Waits until every CI is as expected; returns how long that took.
    func wait(for expected: [Expected], since started: ContinuousClock.Instant) async throws -> Duration {
        let parameters: [Parameter] = [
            .textArray(expected.map(\.ci)), .textArray(expected.map(\.state)), .textArray(expected.map(\.reason)),
            .textArray(expected.map(\.asset)),
        ]
        let isReached = try await poll(deadline) {
            try await connection.query(Self.missed, parameters).isEmpty
        }
        guard isReached else {
            let rows = try await connection.query(Self.missed, parameters)
            let table = SmallTable(columns: ["ci", "expected", "found"], rows: try rows.texts())
            throw DayFailure(
                description: "not reached within \(spoken(deadline)); is assetlinkd running?\n\(table.text)")
        }
        return .now - started
    }

    /// Waits until the change log is worked off, however long that takes as long as it goes on.
    @discardableResult
    func waitForQuiescence(
        patience: Duration = .seconds(60), progress: ((String) -> Void)? = nil
    ) async throws -> Duration {
        let started = ContinuousClock.now
        var lastBatch: Int64?
        var lastProgress = started, lastWord = started
        _ = try await poll(nil) {
            guard let row = try await connection.query(Self.backlog).first else { return true }
            let (waiting, batch) = (try row.int8(0), try row.int8(1))
            if batch != lastBatch { (lastBatch, lastProgress) = (batch, .now) }
            if ContinuousClock.now - lastWord >= .seconds(5) {
                lastWord = .now
                progress?("\(waiting) changes or ranges are waiting, batch \(batch) is done")
            }
            guard ContinuousClock.now - lastProgress < patience else {
                throw DayFailure(
                    description: "\(waiting) changes are waiting, and for \(spoken(patience)) none was taken: "
                        + "is assetlinkd running? See assetlinkctl status.")
            }
            return waiting == 0
        }
        return .now - started
    }

    /// Asks again and again, with a breath in between; false at the deadline.
    private func poll(_ limit: Duration?, _ condition: () async throws -> Bool) async throws -> Bool {
        let started = ContinuousClock.now
        while try await !condition() {
            if let limit, ContinuousClock.now - started >= limit { return false }
            try await Task.sleep(for: .milliseconds(2))
        }
        return true
    }

    /// What waits in the log or in a range that is read piece by piece, and the newest batch.
    private static let backlog = """
        SELECT (backlog + open_ranges)::bigint, coalesce(last_batch, -1)::bigint FROM assetlink.daemon_status
        """

    /// The CIs that are not as expected, with what they are.
    private static let missed = """
        SELECT e.ci, concat_ws(' ', e.state, e.reason, e.asset),
            coalesce(nullif(concat_ws(' ', s.state, s.reason, s.asset_id), ''), 'not known')
        FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS e (ci, state, reason, asset)
        LEFT JOIN assetlink.ci_state s ON s.ci_source = 'cmdb' AND s.ci_id = e.ci
        WHERE (s.state, coalesce(e.reason, s.reason, ''), coalesce(e.asset, s.asset_id, ''))
            IS DISTINCT FROM (e.state, coalesce(s.reason, ''), coalesce(s.asset_id, ''))
        """
}

extension Rows {
    /// Every cell as text; the statement must ask for texts only.
    func texts() throws(PostgresError) -> [[String?]] {
        var all: [[String?]] = []
        for row in self {
            var cells: [String?] = []
            for column in 0..<row.count { cells.append(try row.textOrNil(column)) }
            all.append(cells)
        }
        return all
    }
}
