import Postgres

/// The orphans of a page told one by one: what to do, near matches, and the commands.
final class OrphanDetails: ListForm {
    /// What stands in a CI's way, beside its row.
    static let advice = """
        LEFT JOIN LATERAL (
            SELECT a.cause_kind, a.cause, a.remedy AS step, a.cis AS cause_cis, a.would_link, a.command,
                a.unknown_because
            FROM assetlink.orphan_advice(page.ci_source, page.ci_id) a) advice ON true
        """
    /// Its near matches, each with the command that accepts it.
    static let nearMatches = """

        CROSS JOIN LATERAL (
            SELECT coalesce(jsonb_agg(to_jsonb(m) || jsonb_build_object('command', m.command) ORDER BY m.n), '[]')
                AS near_matches
            FROM (
                SELECT s.*, row_number() OVER () AS n,
                    format('assetlinkctl pin %s %s --reason %s',
                        assetlink_words.ci, assetlink_words.asset, assetlink_words.reason) AS command
                FROM assetlink.suggest_assets(page.ci_source, page.ci_id) s
                CROSS JOIN LATERAL (SELECT
                    \(Expression.shell("page.ci_source || '/' || page.ci_id")) AS ci,
                    \(Expression.shell("s.asset_source || '/' || s.asset_id")) AS asset,
                    \(Expression.shell("s.reason")) AS reason) assetlink_words
                LIMIT 5) m) near
        """
    /// The columns of both.
    static let columns = [
        "advice.cause_kind", "advice.cause", "advice.step", "advice.cause_cis", "advice.would_link", "advice.command",
        "near.near_matches", "advice.unknown_because",
    ]

    let columns = [
        Expression.reference("page.ci_source", "page.ci_id"), "page.name", "page.reason",
        Expression.minute("page.since"), "advice.step", "advice.cause_cis::text", "advice.would_link::text",
        "advice.command", "near.near_matches::text",
        """
        ARRAY(SELECT format('Near match: asset %s/%s%s, %s%s', m ->> 'asset_source', m ->> 'asset_id',
            coalesce(' (' || coalesce(m ->> 'asset_tag', m ->> 'serial_number') || ')', ''), m ->> 'reason',
            CASE m ->> 'state' WHEN 'free' THEN '.' WHEN 'linked' THEN '; another CI is linked to it.'
                ELSE '; it has ended, so a pin would be void.' END)
            FROM jsonb_array_elements(near.near_matches) WITH ORDINALITY e (m, n) ORDER BY e.n)
        """,
        "ARRAY(SELECT m ->> 'command' FROM jsonb_array_elements(near.near_matches) WITH ORDINALITY e (m, n) ORDER BY e.n)",
        "advice.unknown_because",
    ]
    private var isEmpty = true

    func add(_ rows: [Row], _ session: Session) throws {
        for row in rows {
            if !isEmpty { session.console.say("") }
            isEmpty = false
            let name = try row.textOrNil(1).map { " (\($0))" } ?? ""
            session.tell("CI \(try row.text(0))\(name), \(try row.text(2)) since \(try row.text(3))")
            if let step = try row.textOrNil(4) { session.tell("  \(step)\(try Self.gain(row))") }
            if let command = try row.textOrNil(7) { session.console.say("    \(command.harmless)") }
            for (match, command) in zip(try row.textArray(9), try row.textArray(10)) {
                session.tell("  \(match ?? "")")
                // Never broken: it is to be copied.
                session.console.say("    \((command ?? "").harmless)")
            }
        }
    }

    /// How many links it would make.
    private static func gain(_ row: Row) throws -> String {
        let shared = try row.textOrNil(5).flatMap { Int64($0) } ?? 1
        let others = shared > 1 ? " \(counted(shared, "CI")) have the same cause." : ""
        guard let links = try row.textOrNil(6).flatMap({ Int64($0) }) else {
            return others + (try row.textOrNil(11).map { " Nobody can say how many links it would make: \($0)." } ?? "")
        }
        if links == 0 { return others + " No link would follow: the CIs of one source would be in conflict." }
        return others + " It would make \(counted(links, "link"))."
    }

    func end(_ more: String?, _ next: PageCursor?, _ session: Session) {
        if isEmpty { session.console.remark("No orphaned CIs with these filters.") }
        if let more { session.console.remark(more) }
    }
}
