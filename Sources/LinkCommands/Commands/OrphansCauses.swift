package import ArgumentParser

/// What stands in the way, grouped.
package struct OrphansCauses: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "causes",
        abstract:
            "List what stands in the way of orphans: how many CIs each cause keeps, and what its removal would make.",
        discussion: """
            Reads every orphan that the filters leave, so it takes longer than a page of the list.

            Example: assetlinkctl orphans causes --reason placeholder_identifier

            JSON: schema assetlinkctl/orphans-causes.v1, fields rows (of assetlink.orphan_causes), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only CIs of this source.") var source: String?
    @Option(name: .customLong("class"), help: "Only CIs of this class.") var ciClass: String?
    @Option(help: "Only CIs that are orphaned for this reason.") var reason: Orphans.Reason?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var names = Listing("", from: "", cells: [], order: [], nothing: "")
        // Checked for their spelling; the function filters before it groups.
        try await names.filter(source: source, "?", session)
        try await names.filter(class: ciClass, session)
        var listing = Listing(
            "orphans-causes", from: "",
            cells: [
                (.number("CIS"), "cis"), (.number("LINKS"), "would_link"), (.text("REASON", narrowest: 12), "reason"),
                (.text("WHAT TO DO", narrowest: 20), "remedy"),
            ],
            order: [
                .number("-cis"), .text("reason"), .text("coalesce(cause, '')"),
                .text("coalesce(asset_source || '/' || asset_id, '')"),
                .text("example_ci_source || '/' || example_ci_id"),
            ], nothing: "No orphaned CIs.")
        listing.call("assetlink.orphan_causes", [source, ciClass, reason?.rawValue])
        return try await listing.run(session, list)
    }
}
