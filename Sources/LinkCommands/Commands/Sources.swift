package import ArgumentParser

/// The sources and how they fare.
package struct Sources: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the sources, check one, or let the daemon write ids back to one.",
        subcommands: [SourcesList.self, SourcesCheck.self, SourcesWriteBack.self],
        defaultSubcommand: SourcesList.self)

    /// What the parser makes.
    package init() {}
}

/// All sources.
package struct SourcesList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the sources with their state, size and backlog.",
        discussion: """
            Example: assetlinkctl sources

            JSON: schema assetlinkctl/sources.v1, fields rows (of assetlink.feed_status), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Flag(help: "Detached sources too.") var detached = false

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "sources", from: "assetlink.feed_status",
            cells: [
                (.text("SOURCE", narrowest: 10), "source"), (.fixed("SIDE"), "side"), (.text("KIND"), "kind"),
                (.fixed("STATUS"), "status"), (.number("RECORDS"), "records"), (.number("BACKLOG"), "backlog"),
                (.text("OLDEST", narrowest: 8), "date_trunc('second', oldest_unprocessed_age)"),
                (.number("HELD"), "held_changes"), (.text("DETAIL", narrowest: 10), "detail"),
            ], order: [.text("side"), .text("source")],
            nothing: "No sources. Attach one with assetlink.attach_asset_source or assetlink.attach_ci_source.")
        if !detached { listing.filter("status <> 'detached'") }
        return try await listing.run(session, list)
    }
}
