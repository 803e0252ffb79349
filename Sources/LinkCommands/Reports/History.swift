package import ArgumentParser
import Postgres

/// Which assets a CI had, or which CIs an asset carried.
package struct History: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Show the links that a CI or an asset had, from the first to the present one.",
        discussion: """
            Works for deleted records too, by source/id.

            Example: assetlinkctl history --asset T-1001

            JSON: schema assetlinkctl/history.v1, fields side, source, id and rows (of assetlink.link, with periods: \
            every status with its reason, from and until).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: LimitOptions
    @Flag(help: "The record is an asset.") var asset = false
    @Argument(
        help: ArgumentHelp("A CI (source/id, its id, or its name); with --asset an asset.", valueName: "record"))
    var record: String

    /// What the parser makes.
    package init() {}

    /// Shows it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let side: RecordReference.Side = asset ? .asset : .ci
        let reference = try await RecordReference.findEver(record, side, session)
        let other: RecordReference.Side = asset ? .ci : .asset
        let rows = try await session.query(
            """
            SELECT (to_jsonb(l) || jsonb_build_object('periods', p.periods))::text, l.link_id,
                \(Expression.reference("l.\(other.prefix)_source", "l.\(other.prefix)_id")), l.status, l.method,
                \(Expression.minute("l.linked_at")), \(Expression.minute("coalesce(l.closed_at, l.stale_at)")),
                coalesce(l.close_reason, l.stale_reason), l.linked_by, p.stale
            FROM assetlink.link l
            CROSS JOIN LATERAL (
                SELECT jsonb_agg(
                        jsonb_build_object('status', w.status, 'reason', w.reason, 'from_batch', w.from_batch,
                            'to_batch', w.to_batch) ORDER BY w.from_batch) AS periods,
                    count(*) FILTER (WHERE w.status = 'stale')::text AS stale
                FROM assetlink.link_period w WHERE w.link_id = l.link_id
            ) p
            WHERE (l.\(side.prefix)_source, l.\(side.prefix)_id) = ($1, $2)
            ORDER BY l.link_id DESC LIMIT \(list.limit + 1)
            """, [.text(reference.source), .text(reference.id)])
        let shown = Array(rows.prefix(list.limit)).reversed()
        if session.json {
            session.answer(
                "history",
                [
                    ("side", .string(side.prefix)), ("source", .string(reference.source)),
                    ("id", .string(reference.id)), ("rows", .array(try shown.map { .raw(try $0.text(0)) })),
                    ("more", .bool(rows.count > list.limit)),
                ])
            return .success
        }
        if shown.isEmpty {
            session.console.remark("The \(side.noun) \(reference.words) never had a link.")
            return .success
        }
        session.tell(
            asset ? "CIs that asset \(reference.words) carried:" : "Assets that CI \(reference.words) was linked to:")
        session.show(
            Table(
                [
                    .number("LINK"), .text(other.noun.uppercased(), narrowest: 10), .fixed("STATUS"), .text("METHOD"),
                    .fixed("FROM"), .fixed("UNTIL"), .text("BECAUSE", narrowest: 8), .text("BY"),
                    .number("TIMES STALE"),
                ],
                try shown.map { row in
                    [String(try row.int8(1))] + (try (2...9).map { try row.textOrNil($0) })
                }))
        if rows.count > list.limit {
            session.console.remark("… and older ones: --limit shows them (now \(list.limit)).")
        }
        return .success
    }
}
