import LinkStore
import LinkTesting
package import Postgres

/// What must be so after every scenario, once everything is taken in.
package enum Oracle {
    /// What is not so, in words; empty = all is well.
    ///
    /// - Parameter load: what was acknowledged of the reference tables' rows; without one their rows are not looked at.
    package static func problems(_ connection: PostgresConnection, load: Load? = nil) async throws -> [String] {
        var problems: [String] = []
        if let load {
            // Acknowledged, committed, taken in: three places, one content.
            let there = try await SourceRows.read(connection)
            problems += load.rows.differences(from: there, "acknowledged", "in the tables").map { "source: \($0)" }
            let stored = try await SourceRows.readStored(connection)
            problems += there.differences(from: stored, "in the tables", "taken in").map { "feed: \($0)" }
        }
        let model = ReferenceModel.decide(try await StoredWorld.read(connection))
        let stored = try await StoredOutcome.read(connection)
        problems += stored.differences(from: model).map { "model: \($0)" }
        problems += try await EngineInvariants.problems(connection)
        problems += try await connection.query(Statement(history, prepared: false)).map { try $0.text(0) }
        problems += try await verify(connection)
        return problems
    }

    /// The product's own comparison, on a session of its own because it changes its settings.
    private static func verify(_ connection: PostgresConnection) async throws -> [String] {
        let place = "host=\(connection.host) port=\(connection.port) user=\(connection.user)"
        let own = try await PostgresConnection.connect(
            ConnectionSettings("\(place) dbname=\(connection.database)"), logger: quietLogger)
        let report: VerifyReport
        do { report = try await BatchEngine.verify(own, logger: quietLogger) } catch {
            await own.close()
            throw error
        }
        await own.close()
        return report.isClean ? [] : report.examples.map { "verify: \($0)" } + ["verify: \(report)"]
    }

    /// Histories: epochs never go back, every audit row is of a batch and says something new, and the audit replayed
    /// from its beginning gives the present states, links and conflicts.
    private static let history = """
        SELECT 'batch ' || batch_id || ' is of epoch ' || epoch || ' after ' || before FROM (
            SELECT batch_id, epoch, lag(epoch) OVER (ORDER BY batch_id) AS before FROM assetlink_internal.batch) AS b
        WHERE epoch < before
        UNION ALL
        SELECT 'audit row ' || audit_id || ' is of no batch' FROM assetlink_internal.audit AS a
        WHERE NOT EXISTS (SELECT FROM assetlink_internal.batch AS b WHERE b.batch_id = a.batch_id)
        UNION ALL
        SELECT 'audit row ' || audit_id || ' changes nothing' FROM (
            SELECT a.*, lag(audit_id) OVER w AS before, lag((asset_source, asset_id)) OVER w AS asset_before,
                lag(reason) OVER w AS reason_before, lag(evidence) OVER w AS evidence_before
            FROM assetlink_internal.audit AS a WHERE action IN ('link', 'ci_state')
            WINDOW w AS (PARTITION BY action, CASE action WHEN 'link' THEN link_id::text ELSE ci_source || '/' || ci_id END
                ORDER BY audit_id)) AS a
        WHERE before IS NOT NULL AND from_state IS NOT DISTINCT FROM to_state AND reason IS NOT DISTINCT FROM reason_before
            AND (asset_source, asset_id) IS NOT DISTINCT FROM asset_before AND evidence IS NOT DISTINCT FROM evidence_before
        UNION ALL
        SELECT 'audit: CI ' || coalesce(s.ci, a.ci) || ' is ' || coalesce(s.state, 'not there') || ', not '
            || coalesce(a.to_state, 'there')
        FROM (SELECT ci_source || '/' || ci_id AS ci, state FROM assetlink.ci_state) AS s
        FULL JOIN (SELECT DISTINCT ON (ci_source, ci_id) ci_source || '/' || ci_id AS ci, to_state
            FROM assetlink_internal.audit WHERE action = 'ci_state' ORDER BY ci_source, ci_id, audit_id DESC) AS a
        ON a.ci = s.ci
        WHERE s.state IS DISTINCT FROM nullif(a.to_state, 'deleted')
        UNION ALL
        SELECT 'link_open is no unique index any more' WHERE NOT EXISTS (
            SELECT FROM pg_index AS i WHERE i.indexrelid = 'assetlink_internal.link_open'::regclass
                AND i.indisunique AND i.indisvalid)
        """
}
