package import ArgumentParser

/// What happened, and whether its record is whole.
package struct Audit: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "List what happened to links, states, conflicts and decisions; verify the record.",
        subcommands: [
            AuditList.self, AuditVerify.self, AuditHeadCommand.self, AuditProve.self, AuditExport.self,
        ], defaultSubcommand: AuditList.self)

    /// What the parser makes.
    package init() {}
}

/// What happened.
package struct AuditList: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what happened to links, states, conflicts and decisions, newest first.",
        discussion: """
            Example: assetlinkctl audit --ci cmdb/42 --since '7 days'

            JSON: schema assetlinkctl/audit.v1, fields rows (of assetlink.audit), more and next.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: ListOptions
    @Option(help: ArgumentHelp("Only what concerns this CI.", valueName: "source/id or id")) var ci: String?
    @Option(help: ArgumentHelp("Only what concerns this asset.", valueName: "source/id or id")) var asset: String?
    @Option(
        help: ArgumentHelp("Only what happened since then: '2 hours', '2026-11-01', 'yesterday'.", valueName: "time"))
    var since: String?
    @Option(help: "Only this action, as link_opened.") var action: String?
    @Option(help: "Only transitions with this reason.") var reason: String?

    /// What the parser makes.
    package init() {}

    /// Lists it.
    package func execute(_ session: Session) async throws -> CommandExit {
        var listing = Listing(
            "audit", from: "assetlink.audit",
            cells: [
                (.fixed("AT"), Expression.second("at")), (.text("ACTION", narrowest: 10), "action"),
                (.text("CI", narrowest: 8), Expression.reference("ci_source", "ci_id")),
                (.text("ASSET", narrowest: 8), Expression.reference("asset_source", "asset_id")),
                (.text("CHANGE", narrowest: 8), Expression.change), (.text("REASON", narrowest: 8), "reason"),
                (.text("WHO"), "actor"),
            ], order: [.number("audit_id")], descending: true, nothing: "Nothing in the audit.")
        filter(&listing, "ci", ci)
        filter(&listing, "asset", asset)
        if let since { listing.filter("at >= \(Since(text: since).sql("?"))", since) }
        listing.filter("action = ?", action)
        listing.filter("reason = ?", reason)
        return try await listing.run(session, list)
    }

    /// An id may hold a slash itself, so a text with one is read both ways.
    private func filter(_ listing: inout Listing, _ side: String, _ text: String?) {
        guard let text else { return }
        guard let slash = text.firstIndex(of: "/") else { return listing.filter("\(side)_id = ?", text) }
        listing.filter(
            "(\(side)_id = ? OR (\(side)_id = substr(?, \(text[...slash].unicodeScalars.count + 1)) "
                + "AND \(side)_source = left(?, \(text[..<slash].unicodeScalars.count))))", text)
    }
}
