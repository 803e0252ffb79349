package import ArgumentParser
import Postgres

/// How one source fares.
package struct SourcesCheck: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a source: its query, its plan, its triggers, unmapped states and classes.",
        discussion: """
            Ends with 1 when something is wrong; warnings alone end with 0.

            Example: assetlinkctl sources check itam

            JSON: schema assetlinkctl/sources-check.v1, fields source, ok and findings (check_name, severity, finding, \
            remedy).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Argument(help: "The source; assetlinkctl sources lists them.") var source: String

    /// What the parser makes.
    package init() {}

    /// Checks it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let rows = try await findings(session)
        let isOK = try rows.allSatisfy { try $0.text(2) != "error" }
        if session.json {
            session.answer(
                "sources-check",
                [
                    ("source", .string(source)), ("ok", .bool(isOK)),
                    ("findings", .array(try rows.map { .raw(try $0.text(0)) })),
                ])
        } else {
            for row in rows { try show(row, session) }
        }
        return isOK ? .success : .problems
    }

    private func findings(_ session: Session) async throws -> Rows {
        do {
            return try await session.query(
                """
                SELECT to_json(f)::text, f.check_name, f.severity, f.finding, f.remedy
                FROM assetlink.check_source($1) f
                """, [.text(source)])
        } catch {
            guard error.sqlState == "42501" else { throw error }
            throw Failure(
                .permission, "\(error.message).",
                hint: "It checks in your name: be a member of assetlink_integrator and own or read the source's tables."
            )
        }
    }

    private func show(_ row: Row, _ session: Session) throws {
        let style = session.console.style
        let severity = try row.text(2)
        let mark = severity.harmless.padded(to: 8)
        let colored =
            switch severity {
            case "ok": style.good(mark)
            case "warning": style.doubtful(mark)
            default: style.bad(mark)
            }
        // A finding may show a plan of several lines.
        let lines = "\(try row.text(1)): \(try row.text(3))".split(whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            session.console.say((index == 0 ? colored : String(repeating: " ", count: 8)) + String(line).harmless)
        }
        if let remedy = try row.textOrNil(4) { session.console.say("        → \(remedy.harmless)") }
    }
}
