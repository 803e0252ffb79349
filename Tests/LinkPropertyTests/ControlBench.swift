import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// A database, an engine and a world beside it, for variants of the engine that are broken on purpose: each control
/// shows that the checks notice, and that they are silent where nothing is broken.
final class ControlBench {
    let conninfo: String
    let writer: PostgresConnection
    let player: WorldPlayer
    private(set) var runner: EngineRunner
    var world = Script().emptyWorld
    private var epoch: Int64 = 1

    /// - Parameter tables: sources with tables of their own.
    init(_ name: String, tables: Set<String> = []) async throws {
        conninfo = try await migratedDatabase(name)
        writer = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        player = WorldPlayer(writer, tables: tables)
        try await player.prepare(world)
        runner = try await EngineRunner(conninfo)
        try await drain()
    }

    func session() async throws -> PostgresConnection {
        try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
    }

    /// One transaction of the writer.
    func write(_ changes: [WorldChange]) async throws {
        try await writer.script("BEGIN")
        for change in changes {
            try await player.play(change)
            world.apply(change)
        }
        try await writer.script("COMMIT")
    }

    func drain() async throws { try await runner.drain() }

    /// Another engine, as after a crash or a lost lease.
    func takeOver() async throws {
        epoch += 1
        runner = try await EngineRunner(conninfo, epoch: epoch)
    }

    /// What is not as the model decides.
    func differences() async throws -> [String] {
        try await StoredOutcome.read(writer).differences(from: ReferenceModel.decide(world))
    }

    /// What does not hold of the history.
    func historyProblems() async throws -> [String] {
        try await AuditReplay.problems(writer) + EngineInvariants.problems(writer)
    }

    static let asset = RecordKey("itam", "a1")
    static let other = RecordKey("itam", "a2")
    static let ci = RecordKey("cmdb", "c1")

    /// An asset and a CI of one serial.
    static func pair() -> [WorldChange] {
        [
            .upsertAsset(asset, AssetRecord(serialNumber: "SN-7")),
            .upsertCI(ci, CIRecord(ciClass: "server", serialNumber: "SN-7")),
        ]
    }
}

#if DEBUG
    /// Breaks the engine's statements by their text; a text that is not there any more must not go unnoticed.
    final class Sabotage {
        /// How often it found what it breaks.
        private(set) var uses = 0
        private let anchor: String
        private let act: (PostgresConnection, [Statement], Int) async throws(PostgresError) -> [Rows]

        /// - Parameter act: what is done instead of sending a list that contains the text, in the statement of that index.
        init(
            _ anchor: String,
            _ act: @escaping (PostgresConnection, [Statement], Int) async throws(PostgresError) -> [Rows]
        ) {
            self.anchor = anchor
            self.act = act
        }

        /// Another text in place of the anchor.
        convenience init(_ anchor: String, replacement: String) {
            self.init(anchor) { connection, list, _ throws(PostgresError) in
                var list = list
                for index in list.indices {
                    let sql = list[index].sql.replacing(anchor, with: replacement)
                    list[index] = Statement(sql, list[index].parameters, prepared: list[index].prepared)
                }
                return try await connection.pipeline(list)
            }
        }

        func install(in engine: BatchEngine) {
            engine.interception = { [self] connection, list throws(PostgresError) in
                guard let index = list.firstIndex(where: { $0.sql.contains(anchor) }) else {
                    return try await connection.pipeline(list)
                }
                uses += 1
                return try await act(connection, list, index)
            }
        }

        func remove(from engine: BatchEngine, sourceLocation: SourceLocation = #_sourceLocation) {
            engine.interception = nil
            #expect(uses > 0, "the engine says this no more: \(anchor)", sourceLocation: sourceLocation)
        }
    }

    extension PostgresError {
        /// As the client tells of a connection that is gone.
        static var lost: PostgresError { PostgresError(.connectionLost, "the connection was lost") }
    }
#endif
