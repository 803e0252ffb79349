package import ArgumentParser
import Postgres

/// How much of what should be linked is linked.
package struct Coverage: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Show how many of the eligible CIs are linked, in all or by class.",
        discussion: """
            Coverage = linked CIs / (linked + orphaned + conflicted CIs); excluded CIs are left out.

            JSON: schema assetlinkctl/coverage.v1, field coverage (of assetlink.coverage) or, by class, rows (of \
            assetlink.coverage_by_class) and more.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Flag(help: "One row per class.") var byClass = false
    @Option(name: .customLong("class"), help: "Only this class.") var ciClass: String?

    /// What the parser makes.
    package init() {}

    /// Shows it.
    package func execute(_ session: Session) async throws -> CommandExit {
        if byClass || ciClass != nil { return try await showClasses(session) }
        let rows = try await session.query(CoverageFacts.sql)
        guard let row = rows.first else { return .problems }
        let coverage = try CoverageFacts(row)
        if session.json {
            session.answer("coverage", [("coverage", .raw(coverage.json))])
        } else {
            session.show(coverage.lines(session.console.style))
        }
        return .success
    }

    private func showClasses(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "coverage", from: "assetlink.coverage_by_class",
            cells: [
                (.text("CLASS", narrowest: 10), "coalesce(nullif(class, ''), '(none)')"),
                (.number("COVERAGE"), "coalesce(coverage_percent || ' %', '–')"), (.number("LINKED"), "paired_cis"),
                (.number("OF"), "eligible_cis"), (.number("ORPHANED"), "orphaned_cis"),
                (.number("CONFLICTED"), "conflicted_cis"), (.number("EXCLUDED"), "excluded_cis"),
                (.number("UNLINKED"), "unlinked_assets"),
            ], order: "eligible_cis DESC, class", nothing: "There are no CIs yet.")
        listing.filter("lower(class) = lower(?)", ciClass)
        return try await listing.run(session, limit: list.limit)
    }
}
