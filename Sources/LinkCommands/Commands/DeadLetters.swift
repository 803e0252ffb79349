package import ArgumentParser

/// Events that could not be taken in.
package struct DeadLetters: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List rejected events and records, or replay one.",
        subcommands: [DeadLettersList.self, DeadLettersReplay.self], defaultSubcommand: DeadLettersList.self)

    /// What the parser makes.
    package init() {}
}

/// All that wait.
package struct DeadLettersList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List rejected events and records, oldest first, with what is wrong.",
        discussion: """
            Example: assetlinkctl dead-letters --source cmdb

            JSON: schema assetlinkctl/dead-letters.v1, fields rows (of assetlink.dead_letter), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only those of this source or feed.") var source: String?
    @Option(help: "Only those with this error code.") var code: String?
    @Flag(help: "Also those that were replayed.") var replayed = false

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "dead-letters", from: "assetlink.dead_letter",
            cells: [
                (.number("ID"), "id"), (.fixed("AT"), Expression.minute("at")), (.text("FEED", narrowest: 8), "feed"),
                (.text("RECORD", narrowest: 8), "record_id"), (.text("CODE", narrowest: 8), "error_code"),
                (.text("WHAT IS WRONG", narrowest: 16), "error_text"),
            ], order: [.time("at"), .number("id")], nothing: "No rejected events.")
        if !replayed { listing.filter("replayed_at IS NULL") }
        listing.filter("? IN (source, feed)", source)
        listing.filter("error_code = ?", code)
        return try await listing.run(session, list)
    }
}
