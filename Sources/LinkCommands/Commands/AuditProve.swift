package import ArgumentParser
import LinkStore

/// That one row is in the audit of which a head was kept.
package struct AuditProve: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Prove that one row is in the audit of which a head was kept, for somebody without the database.",
        discussion: """
            Prints a proof that deploy/audit/check-proof.py checks against the head with nothing but Python: the row \
            itself, and the hashes beside its way up the tree of its batch and the tree of all batches. Of a million \
            batches that is about thirty hashes; other rows are not shown.

            Example: assetlinkctl audit prove 4711 > row.json && check-proof.py "$(assetlinkctl audit head)" row.json

            JSON: schema assetlinkctl/audit-proof.v1, fields head, row (every column; at in microseconds since 1970), \
            row_index, row_count, row_path, previous_digest, committed_at and batch_path.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Argument(help: ArgumentHelp("The audit row.", valueName: "audit_id")) var row: Int64
    @Option(
        help: ArgumentHelp("Prove it for this head, kept elsewhere, instead of the present one.", valueName: "head"))
    var head: String?

    /// What the parser makes.
    package init() {}

    /// What the parser cannot check.
    package func validate() throws {
        if let head, AuditHead(head)?.root == nil {
            throw ValidationError("\(head) is no head with a root; BATCH:DIGEST:ROOT is one, as audit head prints it")
        }
    }

    /// Proves it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let proof: AuditProof
        do {
            proof = try await AuditReader(session.connection).prove(row, head: head.flatMap { AuditHead($0) })
        } catch let refusal as AuditProof.Refusal {
            throw Failure(.problems, Self.words(refusal, row), hint: Self.hint(refusal))
        }
        session.answer(
            "audit-proof",
            [
                ("head", .string(proof.head.description)), ("row", .raw(proof.record.json)),
                ("row_index", .integer(Int64(proof.index))), ("row_count", .integer(Int64(proof.count))),
                ("row_path", Self.list(proof.rowPath)),
                ("previous_digest", .string(Hexadecimal.text(proof.batch.previousDigest))),
                ("committed_at", .integer(proof.batch.committedAt)), ("batch_path", Self.list(proof.batchPath)),
            ])
        return .success
    }

    private static func list(_ hashes: [[UInt8]]) -> JSON { .array(hashes.map { .string(Hexadecimal.text($0)) }) }

    private static func words(_ refusal: AuditProof.Refusal, _ row: Int64) -> String {
        switch refusal {
        case .unknownRow: "There is no audit row \(row)."
        case .detached(let last): "Audit row \(row) is in the part up to batch \(last), which was detached."
        case .altered(let batch):
            "Audit row \(row) or its batch \(batch) is not what was written: there is no proof of it."
        case .flat(let batch):
            "Batch \(batch) has no digests of its rows, as an older release or a rebase writes it: only the whole chain "
                + "shows that row \(row) is in it."
        case .headIsOlder: "The head was made before audit row \(row) was written."
        case .noRoot: "There is no head to prove it for: a batch is missing."
        case .otherRoot: "The batches that are here do not lead to that head."
        }
    }

    private static func hint(_ refusal: AuditProof.Refusal) -> String? {
        switch refusal {
        case .altered, .noRoot, .otherRoot: "assetlinkctl audit verify says what is wrong."
        case .headIsOlder: "Take a later head."
        case .detached: "Its file has it; assetlinkctl audit verify --file verifies that."
        case .unknownRow, .flat: nil
        }
    }
}
