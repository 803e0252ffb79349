package import ArgumentParser

/// The CIs that should have an asset and have none.
package struct Orphans: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the orphaned CIs, oldest first, each with what to do.",
        discussion: "JSON: schema assetlinkctl/orphans.v1, fields rows (of assetlink.orphaned_ci) and more.")

    /// Which reasons there are.
    package enum Reason: String, CaseIterable, ExpressibleByArgument, Sendable {
        case incomplete
        case blockedByOperator = "blocked_by_operator"
        case assetDecommissioned = "asset_decommissioned"
        case assetDeleted = "asset_deleted"
        case noMatchingAsset = "no_matching_asset"
        case parentCycle = "parent_cycle"
        case parentNotLinked = "parent_not_linked"
        case suspectIdentifier = "suspect_identifier"
        case placeholderIdentifier = "placeholder_identifier"
        case noIdentifier = "no_identifier"
    }

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only CIs of this source.") var source: String?
    @Option(name: .customLong("class"), help: "Only CIs of this class.") var ciClass: String?
    @Option(help: "Only CIs that are orphaned for this reason.") var reason: Reason?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "orphans", from: "assetlink.orphaned_ci",
            cells: [
                (.text("CI", narrowest: 10), Expression.reference("ci_source", "ci_id")), (.text("NAME"), "name"),
                (.text("CLASS"), "ci_class"), (.text("REASON", narrowest: 12), "reason"),
                (.fixed("SINCE"), Expression.minute("since")),
            ], order: "since", nothing: "No orphaned CIs.")
        listing.advice = ("reason", "remedy")
        listing.filter("ci_source = ?", source)
        listing.filter("lower(ci_class) = lower(?)", ciClass)
        listing.filter("reason = ?", reason?.rawValue)
        return try await listing.run(session, limit: list.limit)
    }
}
