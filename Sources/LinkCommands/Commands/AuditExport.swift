package import ArgumentParser
import Glibc
import LinkStore

/// The oldest part of the audit as a file.
package struct AuditExport: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the oldest part of the audit to a file that can be verified by itself, before it is detached.",
        discussion: """
            One JSON object a line: each batch, with its rows behind it. The part is verified first; the file appears \
            when it is complete, and is never overwritten. "assetlinkctl audit verify --file" verifies it, also when \
            the part is no longer in the database.

            Example: assetlinkctl audit export --before '2 years' /archive/audit-2024.ndjson

            JSON: schema assetlinkctl/audit-export.v1, fields file, first_batch, last_batch and rows.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(name: .customLong("up-to"), help: ArgumentHelp("The last batch of it.", valueName: "batch")) var last:
        Int64?
    @Option(help: ArgumentHelp("What was written before then: '2 years', '2026-01-01'.", valueName: "time"))
    var before: String?
    @Argument(help: "The file, which is not there yet.") var file: String

    /// What the parser makes.
    package init() {}

    /// What the parser cannot check.
    package func validate() throws {
        guard (last == nil) != (before == nil) else { throw ValidationError("say either --up-to or --before") }
    }

    /// Writes it.
    package func execute(_ session: Session) async throws -> CommandExit {
        guard access(file, F_OK) != 0 else { throw Failure(.usage, "\(file) is there already.") }
        let reader = AuditReader(session.connection)
        guard let last = try await lastBatch(reader) else {
            throw Failure(.problems, "Nothing was written before then.")
        }
        let progress = Progress("rows", session.console)
        defer { progress.end() }
        let findings = try await reader.verify(to: last) { progress.advance(by: Int64($0)) }
        guard findings.count == 0 else {
            throw Failure(
                .problems, "That part of the audit is not whole: nothing is written.",
                hint: "assetlinkctl audit verify shows why.")
        }
        let part: (batches: ClosedRange<Int64>, rows: Int64)?
        do {
            var writer = try LineWriter(path: file)
            part = try await reader.export(upTo: last, progress: { progress.advance(by: Int64($0)) }) {
                try writer.write($0)
            }
            guard part != nil else { throw Failure(.problems, "There is no part of the audit up to batch \(last).") }
            try writer.finish()
        } catch let error as LineReader.Failure {
            throw Failure(.failed, "\(error).")
        }
        guard let part else { return .problems }
        progress.end()
        guard session.json else {
            session.tell(
                "\(file): batches \(part.batches.lowerBound) to \(part.batches.upperBound), \(part.rows) rows.")
            return .success
        }
        session.answer(
            "audit-export",
            [
                ("file", .string(file)), ("first_batch", .integer(part.batches.lowerBound)),
                ("last_batch", .integer(part.batches.upperBound)), ("rows", .integer(part.rows)),
            ])
        return .success
    }

    private func lastBatch(_ reader: AuditReader) async throws -> Int64? {
        guard let before else { return last }
        return try await reader.lastBatch(before: Since(text: before).sql("$1"), before)
    }
}
