package import ArgumentParser

/// The values that too many records hold.
package struct Suspects: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List identifiers that too many records hold to tell them apart, oldest first.",
        discussion: """
            Such a value gives no match key until an operator trusts it: assetlinkctl trust KIND VALUE. What that would \
            do is estimated here by the value alone; assetlinkctl rules preview --trust KIND:VALUE works it out.

            Example: assetlinkctl suspects --kind serial

            JSON: schema assetlinkctl/suspects.v1, fields rows (of assetlink.suspect_identifier), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: "Only identifiers of this kind.") var kind: TrustedKind?

    /// What the parser makes.
    package init() {}

    /// Lists them.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "suspects", from: "assetlink.suspect_identifier",
            cells: [
                (.text("KIND"), "kind"), (.text("VALUE", narrowest: 12), "value"), (.number("CIS"), "ci_holders"),
                (.number("ASSETS"), "asset_holders"), (.fixed("SINCE"), Expression.minute("since")),
                (.text("IF TRUSTED", narrowest: 12), "if_trusted"),
            ], order: [.time("since"), .text("kind"), .text("value")], nothing: "No suspect identifiers.")
        listing.filter("kind = ?", kind?.rawValue)
        return try await listing.run(session, list)
    }
}

/// The kinds of identifiers that an operator may trust.
package enum TrustedKind: String, CaseIterable, ExpressibleByArgument, Sendable {
    case serial, uuid, mac
    case assetTag = "asset_tag"
    case cloudResourceID = "cloud_resource_id"
}
