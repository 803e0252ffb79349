package import ArgumentParser

/// The links themselves.
package struct Links: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the links of CIs and assets, newest first.",
        discussion: """
            Examples:
              assetlinkctl links --status active --csv --all > links.csv
              assetlinkctl links --source cmdb --method manual

            JSON: schema assetlinkctl/links.v1, fields rows (of assetlink.link), more and next.
            """)

    /// What may become of a link.
    package enum Status: String, CaseIterable, ExpressibleByArgument, Sendable {
        case active, stale, closed
    }

    /// Who made it.
    package enum Method: String, CaseIterable, ExpressibleByArgument, Sendable {
        case automatic, manual
    }

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only links of CIs of this source.") var source: String?
    @Option(help: "Only links with this status; without it those that are not closed.") var status: Status?
    @Option(help: "Only links made by the rule, or by a pin.") var method: Method?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "links", from: "assetlink.link",
            cells: [
                (.number("LINK"), "link_id"), (.text("CI", narrowest: 10), Expression.reference("ci_source", "ci_id")),
                (.text("ASSET", narrowest: 10), Expression.reference("asset_source", "asset_id")),
                (.fixed("STATUS"), "status"), (.text("METHOD"), "method"),
                (.fixed("LINKED"), Expression.minute("linked_at")),
                (.text("ON", narrowest: 8), Expression.keys("matched_on")),
            ], order: [.number("link_id")], descending: true, nothing: "No links.")
        listing.index = ("assetlink.link_index", "link_id")
        try await listing.filter(source: source, "source_id = assetlink.source_number(?)", session)
        if let status { listing.filter("status = ?", status.rawValue) } else { listing.filter("status <> 'closed'") }
        listing.filter("method = ?", method?.rawValue)
        return try await listing.run(session, list)
    }
}
