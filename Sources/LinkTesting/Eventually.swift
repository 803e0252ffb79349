import LinkStore
package import Postgres

/// Waits for what a running daemon brings about, by asking the database until it is so; no fixed sleeps.
package struct Eventually {
    /// Asks until the query's first column is true.
    ///
    /// - Throws: ``TooLate`` with the query when it is not so within the limit.
    package static func holds(
        _ sql: String, _ parameters: [Parameter] = [], on connection: PostgresConnection,
        within limit: Duration = .seconds(120)
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end {
            if try await connection.query(sql, parameters).first?.boolOrNil(0) == true { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TooLate(question: sql)
    }

    /// Waits until everything written so far is taken in: nothing in the log is new and no range is open.
    package static func quiet(on connection: PostgresConnection, within limit: Duration = .seconds(120)) async throws {
        let clock = ContinuousClock()
        let end = clock.now + limit
        while clock.now < end {
            let rows = try await connection.query(
                "SELECT snapshot::text, ranges = '[]' FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1")
            if let row = rows.first, let snapshot = Snapshot(try row.text(0)), try row.bool(1) {
                if try await connection.query(ChangeLog.probe(snapshot)).first?.bool(0) == false { return }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TooLate(question: "everything is taken in")
    }
}

/// Something did not come about in time.
package struct TooLate: Error, CustomStringConvertible {
    package let question: String

    package init(question: String) { self.question = question }

    package var description: String { "it did not come about in time: \(question)" }
}
