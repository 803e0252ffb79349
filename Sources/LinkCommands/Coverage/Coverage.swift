package import ArgumentParser
import Postgres

/// How much of what should be linked is linked.
package struct Coverage: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Show how many of the eligible CIs are linked: in all, by class, by source, in time, as a page.",
        discussion: """
            Coverage = linked CIs / (linked + orphaned + conflicted CIs); excluded CIs are left out.

            Examples:
              assetlinkctl coverage --since 90d
              assetlinkctl coverage --html coverage.html

            JSON: schema assetlinkctl/coverage.v1, field coverage (of assetlink.coverage); coverage-by-class.v1 and \
            coverage-by-source.v1, fields rows (of the view of that name), more and next; with --since \
            coverage-history.v1, fields rows (of assetlink.coverage_history) and more.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Flag(help: "One row per class.") var byClass = false
    @Flag(help: "One row per source.") var bySource = false
    @Option(name: .customLong("class"), help: "Only this class.") var ciClass: String?
    @Option(help: ArgumentHelp("A chart since then: '90d', '2026-01-01'.", valueName: "time")) var since: String?
    @Option(help: ArgumentHelp("Write a page to this file, for a browser; - for standard output.", valueName: "file"))
    var html: String?

    /// What the parser makes.
    package init() {}

    /// Refuses what does not go together.
    package func validate() throws {
        let ways = [byClass, bySource, since != nil, html != nil].count { $0 }
        if ways > 1 { throw ValidationError("Give one of --by-class, --by-source, --since and --html.") }
        if html != nil, common.json { throw ValidationError("--html and --json do not go together.") }
        if ciClass != nil, bySource || html != nil {
            throw ValidationError("--class goes with --by-class and --since.")
        }
    }

    /// Shows it.
    package func execute(_ session: Session) async throws -> CommandExit {
        if let since { return try await CoverageChart(since: since, ciClass: ciClass).run(session) }
        if let html { return try await CoveragePage.write(to: html, session) }
        if bySource { return try await showSources(session) }
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

    private static let figures: [(Table.Column, String)] = [
        (.number("COVERAGE"), "coalesce(coverage_percent || ' %', '–')"), (.number("LINKED"), "paired_cis"),
        (.number("OF"), "eligible_cis"), (.number("ORPHANED"), "orphaned_cis"),
        (.number("CONFLICTED"), "conflicted_cis"), (.number("EXCLUDED"), "excluded_cis"),
        (.number("UNLINKED"), "unlinked_assets"),
    ]

    private func showClasses(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "coverage-by-class", from: "assetlink.coverage_by_class",
            cells: [(.text("CLASS", narrowest: 10), "coalesce(nullif(class, ''), '(none)')")] + Self.figures,
            order: [.number("-eligible_cis"), .text("class")], nothing: "There are no CIs yet.")
        listing.filter("lower(class) = lower(?)", ciClass)
        return try await listing.run(session, list)
    }

    private func showSources(_ session: Session) async throws -> CommandExit {
        try await Listing(
            "coverage-by-source", from: "assetlink.coverage_by_source",
            cells: [(.text("SOURCE", narrowest: 10), "source"), (.fixed("SIDE"), "side")] + Self.figures,
            order: [.text("side"), .text("source")], descending: true, nothing: "There are no sources yet."
        ).run(session, list)
    }
}
