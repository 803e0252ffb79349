package import ArgumentParser

/// The assets that no CI is linked to.
package struct Unlinked: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the assets without a CI, oldest first, each with what to do.",
        discussion: """
            Example: assetlinkctl unlinked --phase in_use --limit 20

            JSON: schema assetlinkctl/unlinked.v1, fields rows (of assetlink.unlinked_asset), more and next.
            """)

    /// The phases that an asset without a CI may be in.
    package enum Phase: String, CaseIterable, ExpressibleByArgument, Sendable {
        case planned
        case inStock = "in_stock"
        case inUse = "in_use"
        case inMaintenance = "in_maintenance"
        case missing
    }

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only assets of this source.") var source: String?
    @Option(name: .customLong("class"), help: "Only assets of this class, as their source writes it.")
    var assetClass: String?
    @Option(help: "Only assets in this phase.") var phase: Phase?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "unlinked", from: "assetlink.unlinked_asset",
            cells: [
                (.text("ASSET", narrowest: 10), Expression.reference("asset_source", "asset_id")),
                (.text("TAG", narrowest: 6), "asset_tag"), (.text("SERIAL", narrowest: 6), "serial_number"),
                (.text("CLASS"), "asset_class"), (.fixed("PHASE"), "lifecycle_phase"),
                (.fixed("SINCE"), Expression.minute("since")),
            ], order: [.time("since"), .number("asset_ref")], nothing: "No unlinked assets.")
        listing.index = ("assetlink.unlinked_asset_index", "asset_ref")
        listing.advice = ("lifecycle_phase", "remedy")
        try await listing.filter(source: source, "source_id = assetlink.source_number(?)", session)
        listing.filter("asset_class = ?", assetClass)
        listing.filter("lifecycle_phase = ?", phase?.rawValue)
        return try await listing.run(session, list)
    }
}
