package import ArgumentParser
import LinkStore
import Postgres

/// What history is put away, and when.
package struct Retention: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Say what housekeeping would put away by the settings of retention.",
        subcommands: [RetentionPlan.self], defaultSubcommand: RetentionPlan.self)

    /// What the parser makes.
    package init() {}
}

/// What housekeeping would put away; puts nothing away.
package struct RetentionPlan: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what housekeeping would put away by the settings of retention; puts nothing away.",
        discussion: """
            Each kind of history has a setting in assetlink.setting, in days; 0, as shipped, keeps it for ever. The leading \
            daemon removes what is over, up to a thousand rows of a kind each few seconds. --days asks what another value \
            would mean before it is set.

            Example: assetlinkctl retention plan --days 365

            JSON: schema assetlinkctl/retention-plan.v1, field rows (of assetlink.retention_plan).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(help: "What would go if every setting were this.") var days: Int?

    /// What the parser makes.
    package init() {}

    /// Refuses what no setting takes.
    package func validate() throws {
        if let days, !(0...999_999).contains(days) { throw ValidationError("--days is 0 to 999999.") }
    }

    /// Says it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let rows = try await session.query(
            """
            SELECT to_json(p)::text, p.what, p.setting, p.keep_days::text, p.due::text,
                \(Expression.minute("p.oldest")), p.kept::text, p.loses, p.keep_days > 0
            FROM assetlink.retention_plan(nullif($1, '')::integer) AS p
            """, [.text(days.map { String($0) } ?? "")])
        if session.json {
            session.answer("retention-plan", [("rows", .array(try rows.map { .raw(try $0.text(0)) }))])
            return .success
        }
        session.show(
            Table(
                [
                    .fixed("WHAT"), .fixed("SETTING"), .number("DAYS"), .number("GOES"), .fixed("OLDEST"),
                    .number("STAYS"),
                ],
                try rows.map { row in
                    [
                        try row.text(1), try row.text(2), try row.bool(8) ? try row.text(3) : "for ever",
                        try row.text(4), try row.textOrNil(5), try row.text(6),
                    ]
                }))
        for row in rows where try row.bool(8) {
            session.tell("\(try row.text(1)) loses: \(try row.text(7)).")
        }
        return .success
    }
}
