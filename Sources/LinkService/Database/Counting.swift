import LinkStore
import Logging
import Postgres

/// What reads everything and may take its time: on a connection of its own, which lives as long as it takes.
struct Counting: Sendable {
    let configuration: DaemonConfiguration
    /// After bulk work: PostgreSQL's own refresh comes up to a minute later, and until then plans are guesses.
    let refreshesStatistics: Bool
    let takesSnapshot: Bool
    /// What to keep elsewhere of the audit goes to the log, where somebody forwards it.
    let publishesHead: Bool
    let logger: Logger

    /// Does what is due; what fails is logged, and due again at its next time.
    func run() async {
        do {
            let connection = try await PostgresConnection.connect(configuration.settings("count"), logger: logger)
            do {
                // What others put on the database's search path is not called.
                try await connection.script("SET search_path = pg_catalog, pg_temp")
                try await count(connection)
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
        } catch {
            guard !Task.isCancelled else { return }
            logger.warning("counting failed; it is tried again later", metadata: ["error": "\(error)"])
        }
    }

    private func count(_ connection: PostgresConnection) async throws {
        if refreshesStatistics {
            _ = try await connection.query("SELECT assetlink_internal.refresh_statistics()")
        }
        if publishesHead {
            let reader = AuditReader(connection)
            if let (head, peaks) = try await reader.unpublishedHead() {
                logger.notice("audit head", metadata: ["head": "\(head)"])
                try await reader.notePublished(head, peaks)
            }
        }
        guard takesSnapshot else { return }
        // A leader that came back soon takes none.
        let recent = configuration.snapshotInterval / 2
        _ = try await connection.query(
            """
            SELECT assetlink_internal.take_coverage_snapshot(clock_timestamp())
            WHERE NOT EXISTS (SELECT FROM assetlink_internal.coverage_snapshot
                WHERE taken_at > clock_timestamp() - $1 * interval '1 millisecond')
            """, [.int8(recent.components.seconds * 1_000 + recent.components.attoseconds / 1_000_000_000_000_000)])
    }
}
