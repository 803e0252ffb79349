package import ArgumentParser
import Postgres

/// Begins a new cursor in a copy of a database.
package struct Rebase: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Begin a new cursor in a database that was restored from a dump or copied from another cluster.",
        discussion: """
            A daemon refuses such a database with exit code 7: the cursor counts the transactions of the cluster that it \
            came from. Stop every daemon, rebase, start one: it reads every source again and repairs what differs. \
            Links, decisions, operators' acts and the audit stay; the audit says who rebased and why. A failover to a \
            physical standby, a recovery to a point in time and pg_upgrade need none of this.

            Ends with 75 while a daemon leads.

            Example: assetlinkctl rebase --reason 'restored from the dump of Sunday'

            JSON: schema assetlinkctl/rebase.v1, field batch (its number).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(help: "Why you do it; kept in the audit with your role.") var reason: String

    /// What the parser makes.
    package init() {}

    /// Refuses an empty reason before the database does.
    package func validate() throws {
        if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say something.") }
    }

    /// Rebases.
    package func execute(_ session: Session) async throws -> CommandExit {
        let batch = try await session.record(
            Statement("SELECT assetlink.rebase($1)", [.text(reason)]), "the request")
        if session.json {
            session.answer("rebase", [("batch", .integer(batch))])
        } else {
            session.console.say(
                "A new cursor begins with batch \(batch). Start a daemon: it reads every source again.")
        }
        return .success
    }
}
