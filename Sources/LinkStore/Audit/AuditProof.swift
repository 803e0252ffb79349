import LinkCore
import Postgres

/// That one row is in the audit of which a head was kept: a few hashes, however much the audit has.
///
/// `deploy/audit/check-proof.py` checks it without us.
package struct AuditProof: Sendable {
    /// The row.
    package var record: AuditRecord
    /// Its batch: time, the digest before, and its own.
    package var batch: AuditBatch
    /// The row's place among those of its batch, from 0, and how many there are.
    package var index, count: Int
    /// The hashes beside the way from the row to the root of its batch, the lowest first.
    package var rowPath: [[UInt8]]
    /// The hashes beside the way from the batch to the root over all batches, the lowest first.
    package var batchPath: [[UInt8]]
    /// The head that it leads to.
    package var head: AuditHead

    /// Why there is none.
    package enum Refusal: Error, Hashable {
        /// There is no such row.
        case unknownRow
        /// The row is in a part that was detached, which ends with this batch.
        case detached(lastBatch: Int64)
        /// The row or its batch is not what was written.
        case altered(batchID: Int64)
        /// The batch has no digests of its rows: its digest is over the rows themselves.
        case flat(batchID: Int64)
        /// The head was made before the row was written.
        case headIsOlder
        /// The head has no root, or there is none to be made.
        case noRoot
        /// The batches do not lead to the root of the head.
        case otherRoot
    }
}

extension AuditReader {
    /// Proves that a row is in the audit.
    ///
    /// - Parameter head: the head that was kept; `nil`: the present one.
    /// - Throws: ``AuditProof/Refusal``, and the database's errors.
    package func prove(_ auditID: Int64, head kept: AuditHead? = nil) async throws -> AuditProof {
        let base = try await base()
        guard let record = try await record(auditID) else {
            let row = try await connection.query(
                "SELECT last_batch FROM assetlink.audit_detached WHERE $1 BETWEEN first_audit_id AND last_audit_id",
                [.int8(auditID)]
            ).first
            throw try row.map { AuditProof.Refusal.detached(lastBatch: try $0.int8(0)) } ?? .unknownRow
        }
        let number = record.batchID
        guard let batch = try await batches(after: number - 1, to: number).first else {
            throw AuditProof.Refusal.altered(batchID: number)
        }
        guard batch.rowDigests != nil else { throw AuditProof.Refusal.flat(batchID: number) }
        guard batch.isSealed, let leaves = batch.leaves, let index = leaves.firstIndex(of: record.digest),
            let rowPath = Merkle.path(to: index, in: leaves)
        else { throw AuditProof.Refusal.altered(batchID: number) }
        let present = if let kept { kept } else { try await head() }
        guard let head = present, let root = head.root else { throw AuditProof.Refusal.noRoot }
        guard head.batchID >= number else { throw AuditProof.Refusal.headIsOlder }
        let (batchPath, found) = try await path(to: number, upTo: head.batchID, base)
        guard found == root else { throw AuditProof.Refusal.otherRoot }
        return AuditProof(
            record: record, batch: batch, index: index, count: leaves.count, rowPath: rowPath, batchPath: batchPath,
            head: head)
    }

    private func record(_ auditID: Int64) async throws -> AuditRecord? {
        try await connection.query(
            "SELECT \(AuditRecord.columns) FROM assetlink.audit_record WHERE audit_id = $1 LIMIT 1", [.int8(auditID)]
        ).first.map { row in
            var columns = Columns(row)
            return try AuditRecord(&columns)
        }
    }

    /// The hashes beside the way from a batch to the root over all up to another, and that root.
    private func path(
        to number: Int64, upTo last: Int64, _ base: Base
    ) async throws -> (path: [[UInt8]], root: [UInt8]?) {
        // Every leaf but the batch itself is below exactly one of them.
        var ranges = Merkle.ranges(beside: number - 1, of: last)
        ranges.sort { $0.lowerBound < $1.lowerBound }
        var trees = ranges.map { base.peaks.within($0) }
        var whole = base.peaks
        var place = 0
        _ = try await digests(after: base.lastBatch, to: last) { batch, digest in
            let leaf = Merkle.leaf(digest)
            whole.append(leaf)
            guard batch != number else { return }
            while place < ranges.count, ranges[place].upperBound < batch { place += 1 }
            if place < ranges.count { trees[place].append(leaf) }
        }
        guard whole.count == last else { return ([], nil) }
        let roots = Dictionary(uniqueKeysWithValues: zip(ranges, trees.map(\.root)))
        return (Merkle.ranges(beside: number - 1, of: last).compactMap { roots[$0] ?? nil }, whole.root)
    }
}
