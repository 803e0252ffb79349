package import ArgumentParser
import Logging
import Postgres

/// `assetlinkctl fleet`: sample fleets, and trials with them.
package struct FleetCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Make or load a fleet, and play an asset register against the running daemon.",
        discussion: "For trials: it writes to the reference schemas itam and cmdb, never to anybody's own tables.",
        subcommands: [
            FleetGenerate.self, FleetLoad.self, FleetDiscoverLocal.self, FleetDay.self, FleetReplayHistory.self,
        ])

    package init() {}
}

/// Which database a fleet command works on.
struct FleetDatabase: ParsableArguments {
    @Option(
        name: [.customShort("d"), .long],
        help: ArgumentHelp("The database, as psql takes it; default: the environment's.", valueName: "conninfo"))
    var database = ""

    /// Connects; the caller closes.
    func connect() async throws -> PostgresConnection {
        var logger = Logger(label: "assetlinkctl")
        logger.logLevel = .warning
        return try await PostgresConnection.connect(ConnectionSettings(database), logger: logger)
    }

    /// Connects for the time of a piece of work.
    func withConnection<Value: Sendable>(
        _ body: (PostgresConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await connect()
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }
}
