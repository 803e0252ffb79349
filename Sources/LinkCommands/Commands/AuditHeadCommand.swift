package import ArgumentParser
import LinkStore

/// What to keep elsewhere of the audit.
package struct AuditHeadCommand: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "head",
        abstract:
            "Print what to keep elsewhere of the audit, so that nobody can cut it off or rewrite all of it unseen.",
        discussion: """
            One line, BATCH:DIGEST:ROOT: the newest batch, the digest of the chain, which covers every row before, and \
            the root of the tree over all batches, which proofs of single rows lead to (assetlinkctl audit prove). The \
            daemon writes one to the journal every hour and the digest when it ends. Keep it where who administers the \
            database cannot write.

            Example: assetlinkctl audit head >> /mnt/worm/assetlinkd.heads

            JSON: schema assetlinkctl/audit-head.v1, fields head, batch, digest and root.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(name: .customLong("batch"), help: "The head as of this batch, instead of the newest.") var last: Int64?

    /// What the parser makes.
    package init() {}

    /// Prints it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let reader = AuditReader(session.connection)
        let total = try await reader.newest()
        let progress = Progress("batches", of: last ?? total, session.console)
        defer { progress.end() }
        guard let head = try await reader.head(upTo: last, progress: { progress.advance(by: Int64($0)) }) else {
            throw Failure(
                .problems,
                total == nil ? "The audit is empty: there is no head yet." : "There is no head: a batch is not there.",
                hint: total == nil ? nil : "assetlinkctl audit verify shows which.")
        }
        progress.end()
        guard session.json else {
            session.console.say(head.description)
            return .success
        }
        session.answer(
            "audit-head",
            [
                ("head", .string(head.description)), ("batch", .integer(head.batchID)),
                ("digest", .string(Hexadecimal.text(head.digest))),
                ("root", .text(head.root.map { Hexadecimal.text($0) })),
            ])
        return .success
    }
}
