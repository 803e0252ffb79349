import Crypto
package import LinkCore
import Postgres

/// A row of the audit with every column as it is hashed.
package struct AuditRecord: Hashable, Sendable {
    /// Its number.
    package var auditID: Int64
    /// The batch that wrote it.
    package var batchID: Int64
    /// Microseconds since 1970-01-01 00:00 UTC.
    package var at: Timestamp
    /// Who, and what was done.
    package var actor, action: String
    /// The CI, where it is about one.
    package var ciSource, ciID: String?
    /// The asset, where it is about one.
    package var assetSource, assetID: String?
    /// The link, where it is about one.
    package var linkID: Int64?
    /// What it was, what it is, and why.
    package var fromState, toState, reason: String?
    /// The rules that were in force.
    package var ruleSetVersion: Int64
    /// JSON, as the text that it is.
    package var evidence, cause: String?

    /// Every column of `assetlink.audit_record`, in its order.
    package static let columns = """
        audit_id, batch_id, at, actor, action, ci_source, ci_id, asset_source, asset_id, link_id, from_state, to_state, \
        reason, rule_set_version, evidence, cause
        """

    /// Its canonical bytes: the format's version, then every column with its length.
    package var bytes: [UInt8] {
        var out = FieldBytes()
        out.bytes.reserveCapacity(256 + (evidence?.utf8.count ?? 0) + (cause?.utf8.count ?? 0))
        out.bytes.append(1)
        out.add(auditID)
        out.add(batchID)
        out.add(at)
        out.add(actor)
        out.add(action)
        out.add(ciSource)
        out.add(ciID)
        out.add(assetSource)
        out.add(assetID)
        out.add(linkID)
        out.add(fromState)
        out.add(toState)
        out.add(reason)
        out.add(ruleSetVersion)
        out.add(evidence)
        out.add(cause)
        return out.bytes
    }

    /// Its digest, which is a leaf of its batch's tree.
    package var digest: [UInt8] { Merkle.leaf(bytes) }
}

/// Fields with their lengths: four bytes, then the content; null has length -1 and none.
private struct FieldBytes {
    var bytes: [UInt8] = []

    mutating func add(_ value: Int64?) {
        guard let value else { return bytes.append(contentsOf: [0xff, 0xff, 0xff, 0xff]) }
        bytes.append(contentsOf: [0, 0, 0, 8])
        bytes.append(contentsOf: value.bigEndianBytes)
    }

    mutating func add(_ value: String?) {
        guard let value else { return bytes.append(contentsOf: [0xff, 0xff, 0xff, 0xff]) }
        let length = UInt32(truncatingIfNeeded: value.utf8.count)
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(shift))) }
        bytes.append(contentsOf: value.utf8)
    }
}

extension Int64 {
    /// As PostgreSQL's `int8send` gives it.
    var bigEndianBytes: [UInt8] { (0..<8).reversed().map { UInt8(truncatingIfNeeded: self >> Int64($0 * 8)) } }
}

/// What a batch says of its audit rows and of the batch before.
package struct AuditBatch: Hashable, Sendable {
    /// Its number.
    package var batchID: Int64
    /// Microseconds since 1970-01-01 00:00 UTC.
    package var committedAt: Timestamp
    /// How many audit rows it wrote.
    package var auditRows: Int64
    /// The digest of the batch before, and its own.
    package var previousDigest, digest: [UInt8]
    /// The digests of its rows, 32 bytes each; `nil`: its digest is over the rows themselves.
    package var rowDigests: [UInt8]?

    /// Every column of `assetlink.audit_batch`, in its order.
    package static let columns = "batch_id, committed_at, audit_rows, previous_digest, digest, row_digests"

    /// The digest before the first batch.
    package static let beginning = [UInt8](repeating: 0, count: 32)

    /// The digests of its rows one by one; `nil` when they are not whole or it has none.
    package var leaves: [[UInt8]]? {
        guard let rowDigests, rowDigests.count % 32 == 0 else { return nil }
        return stride(from: 0, to: rowDigests.count, by: 32).map { Array(rowDigests[$0..<$0 + 32]) }
    }

    /// Whether its digest is that of its time and of the digests of its rows; `false` where it has none.
    var isSealed: Bool {
        guard let leaves else { return false }
        return digest
            == Self.digest(
                previousDigest, batchID, [2] + Merkle.root(leaves) + committedAt.bigEndianBytes)
    }

    /// The digest of a batch.
    ///
    /// - Parameter payload: what stands for its rows.
    package static func digest(_ previous: [UInt8], _ batchID: Int64, _ payload: [UInt8]) -> [UInt8] {
        Merkle.hash(previous + batchID.bigEndianBytes + payload)
    }
}

extension AuditRecord {
    /// Reads ``columns``.
    init(_ columns: inout Columns) throws {
        auditID = try columns.int8()
        batchID = try columns.int8()
        at = try columns.time()
        actor = try columns.text()
        action = try columns.text()
        ciSource = try columns.textOrNil()
        ciID = try columns.textOrNil()
        assetSource = try columns.textOrNil()
        assetID = try columns.textOrNil()
        linkID = try columns.int8OrNil()
        fromState = try columns.textOrNil()
        toState = try columns.textOrNil()
        reason = try columns.textOrNil()
        ruleSetVersion = try columns.int8()
        evidence = try columns.textOrNil()
        cause = try columns.textOrNil()
    }
}

extension AuditBatch {
    /// Reads ``columns``.
    init(_ columns: inout Columns) throws {
        batchID = try columns.int8()
        committedAt = try columns.time()
        auditRows = try columns.int8()
        previousDigest = try columns.bytes()
        digest = try columns.bytes()
        rowDigests = try columns.bytesOrNil()
    }
}
