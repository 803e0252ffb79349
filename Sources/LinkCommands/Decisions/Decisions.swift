package import ArgumentParser

/// Pins and blocks.
package struct Decisions: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List pins and blocks, or load many decisions from a CSV file.",
        subcommands: [DecisionsList.self, DecisionsLoad.self], defaultSubcommand: DecisionsList.self)

    /// What the parser makes.
    package init() {}
}

/// The pins and blocks there are.
package struct DecisionsList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List pins and blocks that have not ended, newest first.",
        discussion: """
            Example: assetlinkctl decisions --kind pin

            JSON: schema assetlinkctl/decisions.v1, fields rows (of assetlink.operator_decision), more and next.
            """)

    /// What there is to decide.
    package enum Kind: String, CaseIterable, ExpressibleByArgument, Sendable {
        case pin, block
    }

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Flag(help: "Also those that have ended.") var ended = false
    @Option(help: "Only pins, or only blocks.") var kind: Kind?
    @Option(help: "Only decisions about CIs of this source.") var source: String?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "decisions", from: "assetlink.operator_decision",
            cells: [
                (.number("ID"), "decision_id"), (.fixed("KIND"), "kind"),
                (.text("CI", narrowest: 8), Expression.reference("ci_source", "ci_id")),
                (.text("ASSET", narrowest: 8), Expression.reference("asset_source", "asset_id")),
                (.text("EFFECT"), "CASE WHEN pending THEN 'pending' ELSE effect END"),
                (.fixed("UNTIL"), Expression.minute("expires_at")), (.text("BY", narrowest: 6), "decided_by"),
                (.text("REASON", narrowest: 8), "reason"),
            ], order: [.number("decision_id")], descending: true, nothing: "No pins or blocks.")
        listing.filter("kind = ?", kind?.rawValue)
        try await listing.filter(source: source, "ci_source = ?", session)
        if !ended { listing.filter("effect <> 'ended'") }
        return try await listing.run(session, list)
    }
}
