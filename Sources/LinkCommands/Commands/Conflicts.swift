package import ArgumentParser

/// The conflicts that wait for a person.
package struct Conflicts: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List the open conflicts, show one, or resolve it.",
        subcommands: [ConflictsList.self, ConflictsShow.self, ConflictsResolve.self],
        defaultSubcommand: ConflictsList.self)

    /// What the parser makes.
    package init() {}
}

/// All open conflicts.
package struct ConflictsList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the open conflicts, oldest first.",
        discussion: """
            Example: assetlinkctl conflicts --kind duplicate_ci

            JSON: schema assetlinkctl/conflicts.v1, fields rows (of assetlink.conflict_queue), more and next.
            """)

    /// Which kinds there are.
    package enum Kind: String, CaseIterable, ExpressibleByArgument, Sendable {
        case duplicateAsset = "duplicate_asset"
        case contradictingEvidence = "contradicting_evidence"
        case duplicateCI = "duplicate_ci"
        case assetAlreadyLinked = "asset_already_linked"
    }

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only conflicts of this kind.") var kind: Kind?
    @Option(help: "Only conflicts with a record of this source.") var source: String?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "conflicts", from: "assetlink.conflict_queue",
            cells: [
                (.number("ID"), "conflict_id"), (.text("KIND", narrowest: 12), "kind"),
                (.fixed("SINCE"), Expression.minute("since")),
                (
                    .text("ON", narrowest: 10),
                    "coalesce(\(Expression.reference("asset_source", "asset_id")), \(Expression.keys("matched_on")))"
                ),
                (.number("CIS"), "cis"), (.number("ASSETS"), "assets"),
            ], order: [.time("since"), .number("conflict_id")], nothing: "No open conflicts.")
        listing.index = ("assetlink.conflict_queue_index", "conflict_id")
        listing.advice = ("kind", "remedy")
        listing.filter("kind = ?", kind?.rawValue)
        // OFFSET keeps it a probe per conflict, so that a LIMIT spares the rest.
        try await listing.filter(
            source: source,
            """
            (SELECT assetlink.source_has_records(?))
            AND EXISTS (SELECT FROM assetlink.conflict_source m WHERE m.conflict_id = conflict_queue_index.conflict_id
                AND m.source_id = (SELECT assetlink.source_number(?)) OFFSET 0)
            """, session)
        return try await listing.run(session, list)
    }
}
