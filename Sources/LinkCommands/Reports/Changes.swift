package import ArgumentParser
import Postgres

/// What changed since a time, grouped.
package struct Changes: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Show what changed since a time: how many of each transition, with an example.",
        discussion: """
            Example: assetlinkctl changes --since yesterday

            JSON: schema assetlinkctl/changes.v1, fields since, coverage_then (of assetlink.coverage_history; null \
            without a snapshot), coverage_now (of assetlink.coverage) and rows (of assetlink.changes_since).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(help: ArgumentHelp("Since when: '2 hours', '7 days', 'yesterday', '2026-11-01'.", valueName: "time"))
    var since = "1 day"

    /// What the parser makes.
    package init() {}

    /// Shows it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let time = Since(text: since).sql("$1")
        let results = try await session.connection.pipeline([
            Statement("SELECT to_json(\(time)) #>> '{}', \(Expression.minute(time))", [.text(since)]),
            Statement(
                """
                SELECT to_json(h)::text, h.coverage_percent::text FROM assetlink.coverage_history h
                WHERE h.class IS NULL AND h.taken_at <= \(time) ORDER BY h.taken_at DESC LIMIT 1
                """, [.text(since)]),
            Statement("SELECT to_json(c)::text, c.coverage_percent::text FROM assetlink.coverage c"),
            Statement(
                """
                SELECT to_json(x)::text, x.action, \(Expression.change), x.reason, x.changes::text, x.by_people,
                    coalesce(x.example_ci, x.example_asset), \(Expression.minute("x.last_at"))
                FROM assetlink.changes_since(\(time)) x ORDER BY x.action, x.changes DESC, 3, 4
                """, [.text(since)]),
        ])
        let before = results[1].first
        if session.json {
            session.answer(
                "changes",
                [
                    ("since", .text(try results[0].first?.textOrNil(0))),
                    ("coverage_then", try before.map { .raw(try $0.text(0)) } ?? .null),
                    ("coverage_now", try results[2].first.map { .raw(try $0.text(0)) } ?? .null),
                    ("rows", .array(try results[3].map { .raw(try $0.text(0)) })),
                ])
            return .success
        }
        let start = try results[0].first?.textOrNil(1) ?? since
        let now = try results[2].first?.textOrNil(1).map { "\($0) %" } ?? "–"
        if let before {
            session.tell("Since \(start): coverage \(try before.textOrNil(1).map { "\($0) %" } ?? "–") → \(now).")
        } else {
            session.tell("Since \(start): coverage is \(now) now; there is no snapshot from before.")
        }
        if results[3].isEmpty {
            session.console.say("Nothing changed.")
            return .success
        }
        session.show(
            Table(
                [
                    .text("WHAT", narrowest: 8), .text("CHANGE", narrowest: 8), .text("REASON", narrowest: 8),
                    .number("TIMES"), .number("BY PEOPLE"), .text("SUCH AS", narrowest: 8), .fixed("LAST"),
                ],
                try results[3].map { row in
                    [
                        try row.textOrNil(1), try row.textOrNil(2), try row.textOrNil(3), try row.textOrNil(4),
                        try row.int8(5) == 0 ? nil : String(try row.int8(5)), try row.textOrNil(6),
                        try row.textOrNil(7),
                    ]
                }))
        return .success
    }
}
