package import LinkStore
package import Postgres

/// Runs batches in a test until nothing is left to do.
package struct EngineRunner {
    package let engine: BatchEngine
    package let connection: PostgresConnection

    /// Takes the lease for itself on a connection of its own.
    package init(_ conninfo: String, epoch: Int64 = 1, limits: BatchLimits = BatchLimits()) async throws {
        connection = try await .connect(ConnectionSettings(conninfo), logger: quietLogger)
        try await connection.script(BatchEngine.sessionSettings)
        _ = try await connection.query(
            """
            INSERT INTO assetlink_internal.lease (holder, epoch, expires_at) VALUES ('test', $1, 'infinity')
            ON CONFLICT (only_one) DO UPDATE SET epoch = excluded.epoch, holder = excluded.holder
            """, [.int8(epoch)])
        engine = BatchEngine(connection: connection, epoch: epoch, limits: limits, logger: quietLogger)
    }

    /// All batches until the log is empty and no range is open.
    @discardableResult
    package func drain(most: Int = 10_000) async throws -> [BatchReport] {
        var reports: [BatchReport] = []
        for _ in 0..<most {
            guard case .done(let report) = try await engine.run() else { return reports }
            reports.append(report)
        }
        return reports
    }
}
