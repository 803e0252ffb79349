import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// The engine on a migrated database, and the session of those who write: the reference schemas are sources `itam` and
/// `cmdb` (its links are flagged when their asset ends).
struct EngineBench {
    let conninfo: String
    let connection: PostgresConnection
    let runner: EngineRunner
    private let place: EnginePlace

    var engine: BatchEngine { runner.engine }

    /// - Parameter cut: attaches the CIs a second time, as source `cut`, whose links are removed when their asset ends.
    init(
        _ name: String = #function, file: String = #fileID, cut: Bool = false,
        _ edit: (inout BatchLimits) -> Void = { _ in }
    ) async throws {
        place = await EnginePlace.take()
        conninfo = try await migratedDatabase(name, file: file)
        connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        var limits = BatchLimits()
        edit(&limits)
        runner = try await EngineRunner(conninfo, limits: limits)
        if cut {
            try await run(
                """
                DO $$ BEGIN PERFORM assetlink.attach_ci_source('cut', 'cmdb.ci', s.query, 'ci_id', '{
                    "cmdb.ci_serial_number": "ci_id", "cmdb.ci_network_adapter": "ci_id",
                    "cmdb.ci_relationship": "child_ci_id"}', removal_policy => 'remove')
                FROM assetlink_internal.source AS s WHERE s.name = 'cmdb'; END $$;
                """)
        }
        try await drain()
    }

    /// Runs a script: one transaction unless it says otherwise.
    func run(_ sql: String) async throws { try await connection.script(sql) }

    /// Lets the engine take in all there is.
    @discardableResult
    func drain() async throws -> [BatchReport] { try await runner.drain() }

    /// What the script brought about: the audit rows of links, `cmdb 1 to 2: active > closed, superseded`.
    func links(after sql: String, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [String] {
        try await audit("link", after: sql, sourceLocation: sourceLocation)
    }

    /// The audit rows of an action that the script brought about, with everything that must hold after any batch.
    func audit(
        _ action: String, after sql: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [String] {
        let last = try await value("SELECT coalesce(max(audit_id), 0) FROM assetlink_internal.audit") ?? "0"
        try await run(sql)
        try await drain()
        try await check(sourceLocation: sourceLocation)
        return try await rows(
            """
            SELECT concat_ws(' ', ci_source, ci_id, 'to ' || asset_id) || ': ' || coalesce(from_state, 'nothing')
                || ' > ' || coalesce(to_state, 'nothing') || coalesce(', ' || reason, '')
            FROM assetlink_internal.audit WHERE audit_id > \(last) AND action = '\(action)'
            ORDER BY ci_source, ci_id, audit_id
            """)
    }

    /// The first column of a query, as text.
    func rows(_ sql: String) async throws -> [String] {
        try await connection.query(Statement(sql, prepared: false)).map { try $0.textOrNil(0) ?? "" }
    }

    /// The only cell of a query, as text.
    func value(_ sql: String) async throws -> String? {
        try await connection.query(Statement("SELECT (\(sql))::text", prepared: false)).first?.textOrNil(0)
    }

    /// The state of a CI: `linked to 1`, `orphaned no_identifier`.
    func state(_ ci: Int, source: String = "cmdb") async throws -> String? {
        try await rows(
            """
            SELECT concat_ws(' ', state, reason, 'to ' || asset_id) FROM assetlink.ci_state
            WHERE ci_source = '\(source)' AND ci_id = '\(ci)'
            """
        ).first
    }

    /// Records everything that does not hold and must, after any batch.
    func check(_ place: String = "", sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let problems = try await EngineInvariants.problems(connection)
        #expect(
            problems.isEmpty, "\(place) \(problems.prefix(8).joined(separator: "\n"))", sourceLocation: sourceLocation)
    }

    /// Compares with the decision from scratch by the reference model, over the source tables and the tombstones.
    func compare(_ place: String = "", sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let world = try await world()
        let stored = try await StoredOutcome.read(connection)
        let differences = stored.differences(from: ReferenceModel.decide(world))
        #expect(
            differences.isEmpty, "\(place) \(differences.prefix(8).joined(separator: "\n"))",
            sourceLocation: sourceLocation)
    }

    /// The world that the tables describe: identifiers, states and classes only, and no acts.
    private func world() async throws -> World {
        var world = World(ruleSet: try await RuleSetLoader.load(connection))
        for row in try await connection.query(
            """
            SELECT asset_id::text, serial_number, uuid, asset_tag, state, is_composite, false FROM itam.asset
            UNION ALL
            SELECT a.key, a.serial_number, a.uuid, a.asset_tag, a.lifecycle_raw, a.is_composite, true
            FROM assetlink_internal.asset AS a JOIN assetlink_internal.source AS s USING (source_id)
            WHERE s.name = 'itam' AND a.standing = 2
            """)
        {
            var columns = Columns(row)
            let key = RecordKey("itam", try columns.text())
            var record = AssetRecord()
            record.serialNumber = try columns.textOrNil()
            record.uuid = try columns.textOrNil()
            record.assetTag = try columns.textOrNil()
            record.lifecycleRaw = try columns.textOrNil()
            record.isComposite = try columns.bool()
            world.assets[key] = WorldAsset(record, isDeleted: try columns.bool())
        }
        for row in try await connection.query(
            "SELECT ci_id::text, ci_class, serial_number, uuid, asset_tag, state FROM cmdb.ci")
        {
            var columns = Columns(row)
            let key = RecordKey("cmdb", try columns.text())
            var record = CIRecord()
            record.ciClass = try columns.textOrNil()
            record.serialNumber = try columns.textOrNil()
            record.uuid = try columns.textOrNil()
            record.assetTag = try columns.textOrNil()
            record.lifecycleRaw = try columns.textOrNil()
            world.cis[key] = WorldCI(record)
        }
        return world
    }
}

/// A place among those who may have a database and its sessions at one time; all tests share one server.
final class EnginePlace: Sendable {
    private init() {}

    /// Waits for a place; it is given back when nothing refers to it any more.
    static func take() async -> EnginePlace {
        await Self.gate.enter()
        return EnginePlace()
    }

    deinit {
        Task { await Self.gate.leave() }
    }

    private static let gate = Gate(places: 8)
}
