package import ArgumentParser

/// The CIs that should have an asset and have none.
package struct Orphans: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the orphaned CIs with what to do, or what stands in their way.",
        subcommands: [OrphansList.self, OrphansCauses.self], defaultSubcommand: OrphansList.self)

    /// Why a CI is orphaned.
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

    /// What the parser makes.
    package init() {}
}

/// One by one, oldest first.
package struct OrphansList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the orphaned CIs, oldest first, each with what to do.",
        discussion: """
            LINKS says how many links the remedy would make, this CI's and those of others that have the same cause; \
            nothing where nobody can tell. With --details each CI has its own remedy, its near matches among the \
            assets, and the command that accepts each of them; near matches are never linked by themselves.

            Examples:
              assetlinkctl orphans --reason no_matching_asset --details --limit 10
              assetlinkctl orphans --class linux_server --csv --all > orphans.csv

            JSON: schema assetlinkctl/orphans.v1, fields rows (of assetlink.orphaned_ci, and of assetlink.orphan_advice: \
            cause_kind, cause, step, cause_cis, would_link, command, unknown_because; and near_matches: of assetlink.suggest_assets, with \
            command), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only CIs of this source.") var source: String?
    @Option(name: .customLong("class"), help: "Only CIs of this class.") var ciClass: String?
    @Option(help: "Only CIs that are orphaned for this reason.") var reason: Orphans.Reason?
    @Flag(help: "Tell of each CI what to do, its near matches, and the commands.") var details = false

    /// What the parser makes.
    package init() {}

    /// Refuses what does not go together.
    package func validate() throws {
        if details, common.json || list.csv {
            throw ValidationError("--details is for people: --json and --csv have all of it.")
        }
    }

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "orphans", from: "assetlink.orphaned_ci",
            cells: [
                (.text("CI", narrowest: 10), Expression.reference("ci_source", "ci_id")), (.text("NAME"), "name"),
                (.text("CLASS"), "ci_class"), (.text("REASON", narrowest: 12), "reason"),
                (.fixed("SINCE"), Expression.minute("since")), (.number("LINKS"), "advice.would_link"),
            ], order: [.time("since"), .number("ci_ref")], nothing: "No orphaned CIs.")
        listing.index = ("assetlink.orphaned_ci_index", "ci_ref")
        listing.advice = ("reason", "page.remedy")
        try await listing.filter(source: source, "source_id = assetlink.source_number(?)", session)
        try await listing.filter(class: ciClass, session)
        listing.filter("reason = ?", reason?.rawValue)
        listing.beside = (
            OrphanDetails.advice + (session.json || list.csv || details ? OrphanDetails.nearMatches : ""),
            OrphanDetails.columns
        )
        return try await listing.run(session, list, as: details ? OrphanDetails() : nil)
    }
}
