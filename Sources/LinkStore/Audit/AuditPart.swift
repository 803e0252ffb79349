import LinkCore
import Postgres

/// A part of the audit in a file.
///
/// A line begins it, each batch has one with its rows behind it, and one ends it. Each line is a JSON object (deploy/docs/audit.md).
package enum AuditPart {
    /// The name of its form.
    package static let schema = "assetlinkctl/audit-part.v1"

    /// Why a file is not one.
    package struct Problem: Error, Hashable, CustomStringConvertible {
        /// The line, from 1.
        package var line: Int
        /// What is wrong with it.
        package var what: String
        package var description: String { "line \(line): \(what)" }
    }
}

extension AuditReader {
    /// Gives a part of the audit line by line, as it is: verify it before.
    ///
    /// - Parameters:
    ///   - last: the last batch of it; it begins with the first that is there.
    ///   - write: takes a line.
    /// - Returns: the batches and how many rows they have; `nil`: there are none.
    package func export(
        upTo last: Int64, progress: (Int) -> Void = { _ in }, _ write: (String) throws -> Void
    ) async throws -> (batches: ClosedRange<Int64>, rows: Int64)? {
        let base = try await base()
        guard last > base.lastBatch, let newest = try await newest(), newest >= last else { return nil }
        try write(
            JSONText.object([
                "schema": JSONText.string(AuditPart.schema), "first_batch": "\(base.lastBatch + 1)",
                "previous_digest": JSONText.string(Hexadecimal.text(base.digest)),
            ]))
        var rows: Int64 = 0
        var digest = base.digest
        var after = base.lastBatch
        while after < last {
            let batches = try await batches(after: after, to: last)
            guard let upper = batches.last?.batchID else { break }
            var pages = self.rows(after: after, to: upper)
            var place = 0
            while let page = try await pages.next() {
                for record in page {
                    while place < batches.count, batches[place].batchID <= record.batchID {
                        try write(batches[place].json)
                        place += 1
                    }
                    try write(record.json)
                }
                rows += Int64(page.count)
                progress(page.count)
            }
            for batch in batches[place...] { try write(batch.json) }
            digest = batches.last?.digest ?? digest
            after = upper
        }
        try write(
            JSONText.object([
                "last_batch": "\(last)", "digest": JSONText.string(Hexadecimal.text(digest)), "audit_rows": "\(rows)",
            ]))
        return (base.lastBatch + 1...last, rows)
    }

    /// Verifies a file by itself, and against what the database has on record of these batches.
    ///
    /// - Parameter lines: of the file, without their ends.
    /// - Throws: ``AuditPart/Problem`` where it is none.
    package func verify(
        file lines: some Sequence<[UInt8]>, progress: (Int) -> Void = { _ in }
    ) async throws -> AuditFindings {
        let marks = try await connection.query(
            """
            SELECT d.first_batch - 1, d.previous_digest FROM assetlink.audit_detached AS d
            UNION SELECT d.last_batch, d.digest FROM assetlink.audit_detached AS d
            """
        ).map { (try $0.int8(0), try $0.bytes(1)) }
        var file = AuditPartReader(marks: Dictionary(marks) { first, _ in first })
        for line in lines {
            try file.take(line)
            if file.line % 1_000 == 0 { progress(1_000) }
        }
        var findings = try file.end()
        guard let part = findings.batches, !file.isOnRecord else { return findings }
        // Not detached, or not in these steps: its end is a batch that is here.
        let here = try await connection.query(
            "SELECT digest FROM assetlink.audit_batch WHERE batch_id = $1", [.int8(part.upperBound)]
        ).first?.bytes(0)
        if here != file.digest {
            findings.note(
                part.upperBound,
                here == nil
                    ? "the database has no record of a part that ends with it" : "it is not the batch of the database")
        }
        return findings
    }
}
