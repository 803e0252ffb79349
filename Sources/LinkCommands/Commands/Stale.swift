package import ArgumentParser

/// The links that need a look: flagged stale, or of a CI that was not discovered for long.
package struct Stale: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the stale links, oldest first, each with what to do.",
        discussion: """
            Example: assetlinkctl stale --reason not_discovered --class server

            JSON: schema assetlinkctl/stale.v1, fields rows (of assetlink.stale_link), more and next.
            """)

    /// Which reasons there are.
    package enum Reason: String, CaseIterable, ExpressibleByArgument, Sendable {
        case assetDecommissioned = "asset_decommissioned"
        case assetDeleted = "asset_deleted"
        case inConflict = "in_conflict"
        case notDiscovered = "not_discovered"
    }

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only links of CIs of this source.") var source: String?
    @Option(name: .customLong("class"), help: "Only links of CIs of this class.") var ciClass: String?
    @Option(help: "Only links that are stale for this reason.") var reason: Reason?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "stale", from: "assetlink.stale_link",
            cells: [
                (.number("LINK"), "link_id"), (.text("CI", narrowest: 10), Expression.reference("ci_source", "ci_id")),
                (.text("ASSET", narrowest: 10), Expression.reference("asset_source", "asset_id")),
                (.text("REASON", narrowest: 12), "reason"), (.fixed("SINCE"), Expression.minute("since")),
            ], order: [.time("since"), .number("ci_ref")], nothing: "No stale links.")
        listing.index = ("assetlink.stale_link_index", "ci_ref")
        listing.advice = ("reason", "remedy")
        try await listing.filter(source: source, "source_id = assetlink.source_number(?)", session)
        try await listing.filter(class: ciClass, session)
        listing.filter("reason = ?", reason?.rawValue)
        return try await listing.run(session, list)
    }
}
