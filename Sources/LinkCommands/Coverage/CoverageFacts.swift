import Postgres

/// One row of `assetlink.coverage` and how it reads.
struct CoverageFacts {
    let eligible, paired, orphaned, conflicted, excluded: Int64
    let unlinkedAssets, openConflicts, stale, automatic, manual: Int64
    /// Cut to one decimal by the database; nil when nothing is eligible.
    let percent: String?
    let target: String
    let isMet: Bool?
    /// `no_matching_asset 12, no_identifier 3`.
    let orphansByReason: String?
    let json: String

    static let sql = """
        SELECT to_json(c)::text, eligible_cis, paired_cis, orphaned_cis, conflicted_cis, excluded_cis, unlinked_assets,
            open_conflicts, stale_links, automatic_links, manual_links, coverage_percent::text, target_percent::text,
            target_met, (SELECT string_agg(r.key || ' ' || r.value, ', ' ORDER BY r.value::bigint DESC, r.key)
                FROM jsonb_each_text(c.orphans_by_reason) r)
        FROM assetlink.coverage c
        """

    init(_ row: Row) throws {
        json = try row.text(0)
        eligible = try row.int8(1)
        paired = try row.int8(2)
        orphaned = try row.int8(3)
        conflicted = try row.int8(4)
        excluded = try row.int8(5)
        unlinkedAssets = try row.int8(6)
        openConflicts = try row.int8(7)
        stale = try row.int8(8)
        automatic = try row.int8(9)
        manual = try row.int8(10)
        percent = try row.textOrNil(11)
        target = try row.text(12)
        isMet = try row.boolOrNil(13)
        orphansByReason = try row.textOrNil(14)
    }

    /// A label and what is to be said, line by line.
    func lines(_ style: Style) -> [(String, String)] {
        let verdict =
            switch isMet {
            case true?: style.good("met")
            case false?: style.doubtful("missed")
            case nil: "nothing to measure"
            }
        let share = percent.map { "\($0) %" } ?? "–"
        let reasons = orphansByReason.map { ": \($0)" } ?? ""
        return [
            (
                "Coverage",
                "\(share), \(grouped(paired)) of \(grouped(eligible)) eligible CIs; target \(target) %: \(verdict)"
            ),
            ("Linked", "\(counted(paired, "CI")): \(grouped(automatic)) automatic, \(grouped(manual)) manual"),
            ("Orphaned", "\(counted(orphaned, "CI"))\(reasons)"),
            ("Conflicted", "\(counted(conflicted, "CI")) in \(counted(openConflicts, "open conflict"))"),
            ("Excluded", counted(excluded, "CI")), ("Stale", counted(stale, "link")),
            ("Unlinked", counted(unlinkedAssets, "asset")),
        ]
    }
}

extension Session {
    /// Lines with a label each.
    func show(_ lines: [(String, String)]) {
        let width = lines.reduce(0) { max($0, $1.0.displayWidth) } + 2
        for (label, text) in lines {
            for (index, line) in wrapped(text, to: max(20, console.width - width)).enumerated() {
                console.say((index == 0 ? label : "").padded(to: width) + line)
            }
        }
    }
}

/// The text in lines of at most that many columns, broken at blanks; escape sequences take no room.
func wrapped(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
        if !line.isEmpty, visibleWidth(line) + 1 + visibleWidth(String(word)) > width {
            lines.append(line)
            line = ""
        }
        line += (line.isEmpty ? "" : " ") + word
    }
    return lines + [line]
}

private func visibleWidth(_ text: String) -> Int {
    var width = 0
    var escaping = false
    for character in text {
        if character == "\u{1B}" { escaping = true }
        if !escaping { width += String(character).displayWidth }
        if escaping, character == "m" { escaping = false }
    }
    return width
}
