package import ArgumentParser
import Postgres

/// The conflicts that wait for a person.
package struct Conflicts: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the open conflicts, oldest first, or the records in one of them.",
        discussion: """
            JSON: schema assetlinkctl/conflicts.v1, fields rows (of assetlink.conflict_queue) and more; with a number \
            schema assetlinkctl/conflict.v1, fields conflict (of assetlink.conflict) and members (of \
            assetlink.conflict_member).
            """)

    /// Which kinds there are.
    package enum Kind: String, CaseIterable, ExpressibleByArgument, Sendable {
        case duplicateAsset = "duplicate_asset"
        case contradictingEvidence = "contradicting_evidence"
        case duplicateCI = "duplicate_ci"
        case assetAlreadyLinked = "asset_already_linked"
    }

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only conflicts of this kind.") var kind: Kind?
    @Option(help: "Only conflicts with a record of this source.") var source: String?
    @Argument(help: "The number of a conflict: show the records in it.") var number: Int64?

    /// What the parser makes.
    package init() {}

    /// Lists them, or shows one.
    package func execute(_ session: Session) async throws -> CommandExit {
        if let number { return try await members(of: number, session) }
        var listing = Listing(
            "conflicts", from: "assetlink.conflict_queue q",
            cells: [
                (.number("ID"), "conflict_id"), (.text("KIND", narrowest: 12), "kind"),
                (.fixed("SINCE"), Expression.minute("since")),
                (
                    .text("ON", narrowest: 10),
                    "coalesce(\(Expression.reference("asset_source", "asset_id")), \(Expression.keys("matched_on")))"
                ),
                (.number("CIS"), "cis"), (.number("ASSETS"), "assets"),
            ], order: "since", nothing: "No open conflicts.")
        listing.advice = ("kind", "remedy")
        listing.filter("kind = ?", kind?.rawValue)
        listing.filter(
            """
            EXISTS (SELECT FROM assetlink.conflict_member m WHERE m.conflict_id = q.conflict_id AND m.source = ?)
            """, source)
        return try await listing.run(session, limit: list.limit)
    }

    private func members(of number: Int64, _ session: Session) async throws -> CommandExit {
        let conflict = try await session.query(
            """
            SELECT to_json(c)::text, c.kind, \(Expression.minute("c.opened_at")), \(Expression.minute("c.closed_at")),
                c.close_reason, q.remedy
            FROM assetlink.conflict c LEFT JOIN assetlink.conflict_queue q USING (conflict_id)
            WHERE c.conflict_id = $1
            """, [.int8(number)])
        guard let row = conflict.first else {
            throw Failure(
                .problems, "There is no conflict \(number).", hint: "assetlinkctl conflicts lists the open ones.")
        }
        let members = try await session.query(
            """
            SELECT to_json(m)::text, m.side, \(Expression.reference("m.source", "m.id")),
                \(Expression.minute("m.since"))
            FROM assetlink.conflict_member m WHERE m.conflict_id = $1 ORDER BY m.side DESC, m.since, m.source, m.id
            """, [.int8(number)])
        if session.json {
            session.answer(
                "conflict",
                [
                    ("conflict", .raw(try row.text(0))),
                    ("members", .array(try members.map { .raw(try $0.text(0)) })),
                ])
            return .success
        }
        let end = try row.textOrNil(3).map { ", closed \($0) (\((try? row.text(4)) ?? ""))" } ?? ""
        session.console.say("Conflict \(number): \(try row.text(1)), opened \(try row.text(2))\(end).")
        session.show(
            Table(
                [.fixed("SIDE"), .text("RECORD", narrowest: 10), .fixed("SINCE")],
                try members.map { [try $0.textOrNil(1), try $0.textOrNil(2), try $0.textOrNil(3)] }))
        if let remedy = try row.textOrNil(5) { session.console.say("What to do: \(remedy)") }
        return .success
    }
}
