package import ArgumentParser
import LinkStore
import Postgres

/// A command that says something and ends.
package protocol PlainCommand: AsyncParsableCommand {
    /// Does the work; says how the program ends.
    func run(_ console: Console) async throws -> CommandExit
}

/// A command that reads or acts on a migrated database.
package protocol ConsoleCommand: PlainCommand {
    /// What every command takes.
    var common: CommonOptions { get }

    /// Does the work; says how the program ends.
    func execute(_ session: Session) async throws -> CommandExit
}

extension ConsoleCommand {
    /// Connects, checks that program and database fit, works, and closes.
    package func run(_ console: Console) async throws -> CommandExit {
        let session = try await Session.connect(common, console)
        do {
            try await Schema.require(on: session.connection)
            try await session.prepareToRead()
            let exit = try await execute(session)
            await session.connection.close()
            return exit
        } catch {
            await session.connection.close()
            throw error
        }
    }
}
