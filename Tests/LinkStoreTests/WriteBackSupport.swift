import LinkStore
import LinkTesting
import Postgres
import Testing

/// The engine, and write-back beside it: on request the reference tables have a column each, `cmdb.ci.asset` and
/// `itam.asset.ci`.
struct WriteBackBench {
    let bench: EngineBench
    let connection: PostgresConnection
    let engine: WriteBackEngine

    static let columns = "ALTER TABLE cmdb.ci ADD COLUMN asset text; ALTER TABLE itam.asset ADD COLUMN ci text;"
    static let on = """
        SELECT assetlink.set_write_back('cmdb', 'asset', 'test');
        SELECT assetlink.set_write_back('itam', 'ci', 'test');
        """

    init(
        _ name: String = #function, file: String = #fileID, isOn: Bool = true, epoch: Int64 = 1,
        _ edit: (inout WriteBackLimits) -> Void = { _ in }
    ) async throws {
        bench = try await EngineBench(name, file: file) { $0.breakerMinimum = 1_000_000 }
        try await bench.run(Self.columns)
        if isOn { try await bench.run(Self.on) }
        connection = try await .connect(ConnectionSettings(bench.conninfo), logger: quietLogger)
        var limits = WriteBackLimits()
        limits.sweepInterval = .zero
        edit(&limits)
        engine = WriteBackEngine(connection: connection, epoch: epoch, limits: limits, logger: quietLogger)
    }

    /// Lets write-back do what there is to do now.
    func write() async throws {
        for _ in 0..<1_000 {
            guard case .done = try await engine.run() else { return }
        }
        Issue.record("write-back finds no end")
    }

    /// Runs a script, takes it in, and writes back.
    func settle(_ sql: String = "") async throws {
        if !sql.isEmpty { try await bench.run(sql) }
        try await bench.drain()
        try await write()
    }

    /// What failed is due at once, for a test that will not wait.
    func hurry() async throws {
        try await bench.run(
            """
            UPDATE assetlink_internal.write_back SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL;
            UPDATE assetlink_internal.write_back_retry SET next_attempt_at = now();
            """)
    }

    /// `ci 1: 7`, `asset 7: 1`, and nothing behind the colon for null.
    func held() async throws -> [String] {
        try await bench.rows(
            """
            SELECT x FROM (
                SELECT 'asset ' || asset_id || ':' || coalesce(' ' || ci, '') FROM itam.asset
                UNION ALL SELECT 'ci ' || ci_id || ':' || coalesce(' ' || asset, '') FROM cmdb.ci) AS r (x)
            ORDER BY x COLLATE "C"
            """)
    }

    /// Records every row whose column is not what the links say, by the public view of links alone.
    func check(_ place: String = "", sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let wrong = try await bench.rows(
            """
            SELECT 'ci ' || c.ci_id || ' holds ' || coalesce(c.asset, 'nothing') || ', not ' || coalesce(l.id, 'nothing')
            FROM cmdb.ci AS c LEFT JOIN LATERAL (
                SELECT asset_id AS id FROM assetlink.link
                WHERE ci_source = 'cmdb' AND ci_id = c.ci_id::text AND status = 'active') AS l ON true
            WHERE c.asset IS DISTINCT FROM l.id
            UNION ALL
            SELECT 'asset ' || a.asset_id || ' holds ' || coalesce(a.ci, 'nothing') || ', not ' || coalesce(l.id, 'nothing')
            FROM itam.asset AS a LEFT JOIN LATERAL (
                SELECT (array_agg(ci_id ORDER BY ci_source COLLATE "C", ci_id COLLATE "C"))[1] AS id FROM assetlink.link
                WHERE asset_source = 'itam' AND asset_id = a.asset_id::text AND status = 'active') AS l ON true
            WHERE a.ci IS DISTINCT FROM l.id
            """)
        #expect(wrong == [], "\(place)", sourceLocation: sourceLocation)
    }

    /// How many changes wait in the log, and the number of the newest batch: what a write-back must leave alone.
    func activity() async throws -> String? {
        try await bench.value(
            """
            SELECT (SELECT count(*) FROM assetlink_internal.pending_change) || ' waiting after batch '
                || (SELECT max(batch_id) FROM assetlink_internal.batch)
            """)
    }

    /// `source state pending failed code`.
    func status() async throws -> [String] {
        try await bench.rows(
            "SELECT concat_ws(' ', source, state, pending, failed, error_code) FROM assetlink.write_back ORDER BY source"
        )
    }
}
