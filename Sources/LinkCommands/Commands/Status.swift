package import ArgumentParser
import Postgres

/// Whether the daemon and the links are well.
package struct Status: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Show whether the daemon is well, how far behind it is, and how many CIs are linked.",
        discussion: """
            Ends with 1 when something is wrong: no daemon leads, a source is held or broken, its triggers do not fire, \
            its writers are refused, or events were rejected. What merely waits is named and is no reason: transactions \
            left open, and who holds them.

            Example: assetlinkctl status --json

            JSON: schema assetlinkctl/status.v1, fields healthy, problems, daemon (assetlink.daemon_status), coverage \
            (assetlink.coverage), sources (assetlink.feed_status) and alarms (assetlink.alarm).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions

    /// What the parser makes.
    package init() {}

    /// Shows it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let results = try await session.connection.pipeline([
            Statement(DaemonFacts.sql), Statement(CoverageFacts.sql),
            Statement("SELECT to_json(f)::text FROM assetlink.feed_status f ORDER BY f.source"),
            Statement(AlarmFacts.sql),
        ])
        guard let first = results[0].first, let second = results[1].first else { return .problems }
        let daemon = try DaemonFacts(first, backendPID: session.connection.backendPID)
        let coverage = try CoverageFacts(second)
        let alarms = try results[3].map { try AlarmFacts($0) }
        let problems = daemon.problems + alarms.filter(\.isError).map(\.problem)
        if session.json {
            session.answer(
                "status",
                [
                    ("healthy", .bool(problems.isEmpty)), ("problems", .array(problems.map { .string($0.text) })),
                    ("daemon", .raw(daemon.json)), ("coverage", .raw(coverage.json)),
                    ("sources", .array(try results[2].map { .raw(try $0.text(0)) })),
                    ("alarms", .array(alarms.map { .raw($0.json) })),
                ])
        } else {
            let style = session.console.style
            session.console.say(problems.isEmpty ? style.good("healthy") : style.bad("degraded"))
            session.show(problems.map { ("  !", "\($0.text) → \($0.remedy)".harmless) })
            let warnings = alarms.filter { !$0.isError }.map(\.problem)
            session.show(warnings.map { ("  ?", "\($0.text) → \($0.remedy)".harmless) })
            session.show(daemon.lines + coverage.lines(style))
        }
        return problems.isEmpty ? .success : .problems
    }
}
