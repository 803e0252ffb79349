package import ArgumentParser

/// What the breaker holds back.
package struct Held: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List changes that are held because they would end many links; approve or drop them.",
        subcommands: [HeldList.self, HeldApprove.self, HeldDrop.self], defaultSubcommand: HeldList.self)

    /// What the parser makes.
    package init() {}
}

/// All that is held.
package struct HeldList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the held changes, oldest first.",
        discussion: """
            Example: assetlinkctl held

            JSON: schema assetlinkctl/held.v1, fields rows (of assetlink.held_change), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only those of this source.") var source: String?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "held", from: "assetlink.held_change",
            cells: [
                (.text("SOURCE", narrowest: 10), "coalesce(source, '(the rules)')"),
                (.text("RECORD", narrowest: 10), "coalesce(id, '(all of it)')"),
                (.fixed("SINCE"), Expression.minute("since")), (.text("WHY", narrowest: 12), "detail"),
            ], order: [.time("since"), .text("coalesce(source, '')"), .text("coalesce(id, '')")],
            nothing: "Nothing is held.")
        listing.advice = ("coalesce(source, 'the rules')", "remedy")
        try await listing.filter(source: source, "source = ?", session)
        return try await listing.run(session, list)
    }
}
