package import ArgumentParser
import LinkStore
import Logging
import Postgres

/// Whether everything stored is what it must be.
package struct Verify: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Compare sources with what is stored, and every decision with the decision from scratch.",
        discussion: """
            Reads everything in one read-only snapshot and writes nothing; needs the daemon's rights to read. Ends with \
            1 when something differs. Changes that still wait in the log show as differences from their source; the \
            daemon's sweep or "assetlinkctl resync" repairs what no event told of.

            Example: assetlinkctl verify

            JSON: schema assetlinkctl/verify.v1, fields ok, assets, cis, source_differences, derived_differences, \
            decision_differences, contradictions and examples.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions

    /// More read at the same time.
    @Option(help: "Sessions that read at the same time, on one snapshot: 1 to 4.")
    var sessions = 3

    /// What the parser cannot check.
    package func validate() throws {
        guard (1...4).contains(sessions) else { throw ValidationError("--sessions is a number from 1 to 4") }
    }

    /// What the parser makes.
    package init() {}

    /// Compares everything.
    package func execute(_ session: Session) async throws -> CommandExit {
        var others: [PostgresConnection] = []
        for _ in 1..<sessions { others.append(try await Session.open(common)) }
        let total = try await session.query(
            "SELECT coalesce(sum(f.records), 0)::bigint FROM assetlink.feed_status f"
        ).first?.int8(0)
        let progress = Progress("records", of: total, session.console)
        defer { progress.end() }
        let report = try await BatchEngine.verify(
            session.connection, beside: others, logger: Logger(label: "verify")
        ) { progress.advance(by: Int64($0)) }
        progress.end()
        for other in others { await other.close() }
        if session.json {
            session.answer(
                "verify",
                [
                    ("ok", .bool(report.isClean)), ("assets", .integer(Int64(report.assets))),
                    ("cis", .integer(Int64(report.cis))),
                    ("source_differences", .integer(Int64(report.sourceDifferences))),
                    ("derived_differences", .integer(Int64(report.derivedDifferences))),
                    ("decision_differences", .integer(Int64(report.decisionDifferences))),
                    ("contradictions", .integer(Int64(report.contradictions))),
                    ("examples", .array(report.examples.map { .string($0) })),
                ])
        } else {
            session.console.say("Compared \(report.assets) assets and \(report.cis) CIs.")
            for example in report.examples { session.console.say("  " + example) }
            session.console.say(
                report.isClean
                    ? "Everything is what it must be."
                    : """
                    \(report.sourceDifferences) differences from sources, \(report.derivedDifferences) from the rules, \
                    \(report.decisionDifferences) decisions, \(report.contradictions) contradictions.
                    """)
        }
        return report.isClean ? .success : .problems
    }
}
