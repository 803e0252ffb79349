import Glibc
import Postgres

/// Coverage as one page that needs nothing else: no scripts, no fonts, no pictures from elsewhere.
struct CoveragePage {
    private let coverage: CoverageFacts
    private let takenAt: String
    private let history, classes, sources, reasons, ageing: Rows

    /// Writes the page; everything in it is of one moment.
    static func write(to path: String, _ session: Session) async throws -> CommandExit {
        let page = try await CoveragePage(session)
        let text = try page.html
        if path == "-" {
            session.console.say(text)
            return .success
        }
        guard let file = fopen(path, "we") else {
            throw Failure(.failed, "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        let bytes = Array(text.utf8)
        let isWritten = fwrite(bytes, 1, bytes.count, file) == bytes.count
        guard fclose(file) == 0, isWritten else {
            throw Failure(.failed, "\(path) cannot be written: \(String(cString: strerror(errno))).")
        }
        session.console.remark("Written to \(path).")
        return .success
    }

    private init(_ session: Session) async throws {
        _ = try await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        let results = try await session.connection.pipeline([
            Statement(CoverageFacts.sql), Statement("SELECT to_char(now(), 'YYYY-MM-DD HH24:MI TZ')"),
            Statement(
                """
                SELECT extract(epoch FROM h.taken_at)::float8, h.coverage_percent::float8,
                    to_char(h.taken_at, 'YYYY-MM-DD')
                FROM assetlink.coverage_history h
                WHERE h.class IS NULL AND h.coverage_percent IS NOT NULL ORDER BY h.taken_at LIMIT 100000
                """),
            Statement(Self.table("coverage_by_class", "coalesce(nullif(x.class, ''), '(none)')")),
            Statement(Self.table("coverage_by_source", "x.source")),
            Statement(
                """
                SELECT r.key, r.value, o.remedy FROM assetlink.coverage c
                CROSS JOIN LATERAL jsonb_each_text(c.orphans_by_reason) r
                LEFT JOIN LATERAL (
                    SELECT w.remedy FROM assetlink.orphaned_ci w WHERE w.reason = r.key LIMIT 1) o ON true
                ORDER BY r.value::bigint DESC, r.key
                """),
            Statement(
                """
                SELECT b.label, (SELECT count(*) FROM assetlink.conflict_queue q
                        WHERE q.since <= now() - b.low AND q.since > now() - b.high)::text,
                    (SELECT count(*) FROM assetlink.stale_link s WHERE s.status = 'stale'
                        AND s.since <= now() - b.low AND s.since > now() - b.high)::text
                FROM (VALUES (1, 'up to a day', interval '0', interval '1 day'),
                    (2, 'up to a week', interval '1 day', interval '7 days'),
                    (3, 'up to a month', interval '7 days', interval '30 days'),
                    (4, 'up to a quarter', interval '30 days', interval '91 days'),
                    (5, 'longer', interval '91 days', interval '1000 years')) b (n, label, low, high)
                ORDER BY b.n
                """),
        ])
        _ = try await session.query("COMMIT")
        guard let row = results[0].first else { throw Failure(.failed, "There is no coverage to show.") }
        coverage = try CoverageFacts(row)
        takenAt = try results[1].first?.text(0) ?? ""
        history = results[2]
        classes = results[3]
        sources = results[4]
        reasons = results[5]
        ageing = results[6]
    }

    private static func table(_ relation: String, _ name: String) -> String {
        """
        SELECT \(name), coalesce(x.coverage_percent || ' %', '–'), x.paired_cis::text, x.eligible_cis::text,
            x.orphaned_cis::text, x.conflicted_cis::text, x.excluded_cis::text, x.unlinked_assets::text
        FROM assetlink.\(relation) x ORDER BY x.eligible_cis DESC, 1 LIMIT 200
        """
    }

    private var html: String {
        get throws {
            let head = ["", "Coverage", "Linked", "Of", "Orphaned", "Conflicted", "Excluded", "Unlinked assets"]
            return """
                <!DOCTYPE html>
                <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
                <title>Coverage of CIs by assets</title><style>\(Self.style)</style></head><body>
                <h1>Coverage of CIs by assets</h1><p class="quiet">As of \(HTML.escape(takenAt))</p>
                \(figures)
                <h2>Trend against target</h2>
                \(try trend)
                <h2>Orphaned CIs by reason, and what to do</h2>
                \(HTML.table(["Reason", "CIs", "Remedy"], try Self.cells(reasons, 3), numbers: [1]))
                <h2>How long conflicts and stale links have waited</h2>
                \(HTML.table(["Age", "Open conflicts", "Stale links"], try Self.cells(ageing, 3), numbers: [1, 2]))
                <h2>By class</h2>
                \(HTML.table(["Class"] + head.dropFirst(), try Self.cells(classes, 8), numbers: 1...7))
                <h2>By source</h2>
                \(HTML.table(["Source"] + head.dropFirst(), try Self.cells(sources, 8), numbers: 1...7))
                </body></html>
                """
        }
    }

    private static func cells(_ rows: Rows, _ columns: Int) throws -> [[String]] {
        try rows.map { row in try (0..<columns).map { try row.textOrNil($0) ?? "" } }
    }

    /// Each figure under the name of its column, so that programs can compare it.
    private var figures: String {
        let verdict =
            switch coverage.isMet {
            case true?: "met"
            case false?: "missed"
            case nil: "nothing to measure"
            }
        let share = coverage.automatic + coverage.manual
        let list: [(String, String, String)] = [
            ("coverage_percent", coverage.percent ?? "–", "percent covered"),
            ("paired_cis", String(coverage.paired), "paired CIs"),
            ("eligible_cis", String(coverage.eligible), "eligible CIs"),
            ("orphaned_cis", String(coverage.orphaned), "orphaned CIs"),
            ("conflicted_cis", String(coverage.conflicted), "conflicted CIs"),
            ("excluded_cis", String(coverage.excluded), "excluded CIs"),
            ("unlinked_assets", String(coverage.unlinkedAssets), "unlinked assets"),
            ("open_conflicts", String(coverage.openConflicts), "open conflicts"),
            ("stale_links", String(coverage.stale), "stale links"),
            ("automatic_links", String(coverage.automatic), "links by rule"),
            ("manual_links", String(coverage.manual), "links by hand, of \(share)"),
        ]
        let items = list.map { name, value, words in
            "<div><b data-figure=\"\(name)\">\(HTML.escape(value))</b><span>\(HTML.escape(words))</span></div>"
        }
        return """
            <div class="figures">\(items.joined())</div>
            <p>Target: <b data-figure="target_percent">\(HTML.escape(coverage.target))</b> percent, \(verdict).</p>
            """
    }

    private var trend: String {
        get throws {
            let points = try history.map { (at: try $0.float8(0), percent: try $0.float8(1), day: try $0.text(2)) }
            guard points.count > 1 else { return "<p class=\"quiet\">There are not yet two snapshots.</p>" }
            return TrendPicture(points: points, target: Double(coverage.target) ?? 90).svg
        }
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1b1f24;--quiet:#59636e;--paper:#fff;--line:#d1d9e0;--mark:#0969da;--goal:#bc4c00}
        @media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--quiet:#9198a1;--paper:#0d1117;--line:#3d444d;--mark:#4493f8;
        --goal:#db6d28}}
        body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:68rem;margin:2rem auto;
        padding:0 1rem}
        h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}.quiet{color:var(--quiet);margin-top:0}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.75rem}
        .figures div{border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
        .figures b{display:block;font-size:1.5rem;font-variant-numeric:tabular-nums}.figures span{color:var(--quiet)}
        .wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
        th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
        svg{width:100%;height:auto}svg text{fill:var(--quiet);font-size:12px}
        .grid{stroke:var(--line)}.mark{stroke:var(--mark);fill:none;stroke-width:2}
        .goal{stroke:var(--goal);stroke-dasharray:6 4}
        """
}
