import Postgres

/// What to keep elsewhere of the audit: `BATCH:DIGEST:ROOT`.
///
/// The digest is that of the chain, which covers every row before; the root is that of the tree over all batches, which
/// proofs of single rows lead to. Without a root it is `BATCH:DIGEST`.
package struct AuditHead: Hashable, Sendable, CustomStringConvertible {
    /// The newest batch that it covers.
    package var batchID: Int64
    /// Its digest.
    package var digest: [UInt8]
    /// The root over the digests of all batches up to it.
    package var root: [UInt8]?

    /// - Parameter text: as ``description``; `nil`: it is not.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let batchID = Int64(parts[0]), batchID > 0, parts[0].first != "+",
            parts[0].first != "0", let digest = Hexadecimal.bytes(parts[1]), digest.count == 32
        else { return nil }
        self.batchID = batchID
        self.digest = digest
        if parts.count == 3 {
            guard let root = Hexadecimal.bytes(parts[2]), root.count == 32 else { return nil }
            self.root = root
        }
    }

    init(batchID: Int64, digest: [UInt8], root: [UInt8]?) {
        self.batchID = batchID
        self.digest = digest
        self.root = root
    }

    /// As it is kept.
    package var description: String {
        "\(batchID):\(Hexadecimal.text(digest))" + (root.map { ":" + Hexadecimal.text($0) } ?? "")
    }

    /// Finds heads in lines of any text, as the journal has them.
    package static func all(in text: String) -> [AuditHead] {
        text.split { !($0.isHexDigit || $0 == ":") }.compactMap { AuditHead($0) }
    }
}

/// Bytes as two lower-case digits each.
package enum Hexadecimal {
    /// The text.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The bytes; `nil` where the text is anything else.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        func value(_ digit: UInt8) -> UInt8? {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
            default: nil
            }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for place in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[place]), let low = value(digits[place + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

extension AuditReader {
    /// The head of the audit up to a batch, or to the newest.
    ///
    /// - Parameter progress: told of batches that were read.
    /// - Returns: `nil` when there is no such batch, or a batch is missing before it.
    package func head(upTo last: Int64? = nil, progress: (Int) -> Void = { _ in }) async throws -> AuditHead? {
        let base = try await base()
        guard let end = if let last { last } else { try await newest() }, end > base.lastBatch else { return nil }
        var peaks = base.peaks
        let digest = try await digests(after: base.lastBatch, to: end) { batch, digest in
            peaks.append(Merkle.leaf(digest))
            if batch % 1_000 == 0 { progress(1_000) }
        }
        guard let digest, peaks.count == end else { return nil }
        return AuditHead(batchID: end, digest: digest, root: peaks.root)
    }

    /// The newest batch and its digest; `nil`: there is none.
    package func digestOfNewest() async throws -> AuditHead? {
        try await connection.query(
            "SELECT batch_id, digest FROM assetlink.audit_batch ORDER BY batch_id DESC LIMIT 1"
        ).first.map { AuditHead(batchID: try $0.int8(0), digest: try $0.bytes(1), root: nil) }
    }

    /// The head, if something was written since the last one that was published; it goes on from that one.
    ///
    /// - Returns: the head and the tree it is the root of; `nil`: there is nothing new, or a batch is missing.
    package func unpublishedHead() async throws -> (head: AuditHead, peaks: MerklePeaks)? {
        var base = try await base()
        if let row = try await connection.query(
            "SELECT batch_id, peaks FROM assetlink_internal.audit_head ORDER BY batch_id DESC LIMIT 1"
        ).first, try row.int8(0) > base.lastBatch {
            guard let peaks = MerklePeaks(count: try row.int8(0), bytes: try row.bytes(1)) else {
                throw StoreError.corrupt("the peaks in assetlink_internal.audit_head")
            }
            base = Base(lastBatch: peaks.count, peaks: peaks)
        }
        guard let end = try await newest(), end > base.lastBatch else { return nil }
        var peaks = base.peaks
        let digest = try await digests(after: base.lastBatch, to: end) { peaks.append(Merkle.leaf($1)) }
        guard let digest, peaks.count == end else { return nil }
        return (AuditHead(batchID: end, digest: digest, root: peaks.root), peaks)
    }

    /// That a head was published is on record; whoever published the same wrote it before.
    package func notePublished(_ head: AuditHead, _ peaks: MerklePeaks) async throws {
        _ = try await connection.query(
            """
            INSERT INTO assetlink_internal.audit_head (batch_id, digest, peaks) VALUES ($1, $2, $3)
            ON CONFLICT (batch_id) DO NOTHING
            """, [.int8(head.batchID), .bytes(head.digest), .bytes(peaks.bytes)])
    }

    /// Gives the digests of batches one by one, as long as none is missing.
    ///
    /// - Returns: the last of them.
    func digests(after: Int64, to last: Int64, _ body: (Int64, [UInt8]) throws -> Void) async throws -> [UInt8]? {
        var position = after
        var digest: [UInt8]?
        while position < last {
            let rows = try await connection.query(
                Statement(
                    """
                    SELECT batch_id, digest FROM assetlink.audit_batch
                    WHERE batch_id > $1 AND batch_id <= $2 ORDER BY batch_id LIMIT 10000
                    """, [.int8(position), .int8(last)], prepared: false))
            if rows.isEmpty { return nil }
            for row in rows {
                let next = try row.int8(0)
                guard next == position + 1 else { return nil }
                let bytes = try row.bytes(1)
                try body(next, bytes)
                digest = bytes
                position = next
            }
        }
        return digest
    }

    /// Compares the audit with a head that was kept elsewhere, as `assetlink.audit_verify_head` does, in the same words.
    package func verify(_ head: AuditHead, into findings: inout AuditFindings) async throws {
        let base = try await base()
        let newest = max(try await newest() ?? 0, base.lastBatch)
        guard newest >= head.batchID else {
            return findings.note(
                newest + 1, "it is missing, and so is all behind it up to \(head.batchID), of which a head was kept")
        }
        guard let known = try await self.known(head.batchID) else {
            return findings.note(
                head.batchID,
                head.batchID <= base.lastBatch
                    ? "the head that was kept is of a part that was detached: compare it with that part's file"
                    : "it is missing, and a head of it was kept")
        }
        if known.digest != head.digest {
            findings.note(head.batchID, "its digest is not that of the head that was kept")
        }
        guard let root = head.root else { return }
        let ours = if let peaks = known.peaks { peaks.root } else { try await self.head(upTo: head.batchID)?.root }
        if ours != root {
            findings.note(head.batchID, "the tree over the batches does not give the root that was kept")
        }
    }

    /// The digest of a batch, and the tree up to it where it is recorded.
    private func known(_ batchID: Int64) async throws -> (digest: [UInt8], peaks: MerklePeaks?)? {
        guard
            let row = try await connection.query(
                """
                SELECT b.digest, NULL::bytea FROM assetlink.audit_batch AS b WHERE b.batch_id = $1
                UNION ALL
                SELECT d.digest, d.peaks FROM assetlink.audit_detached AS d WHERE d.last_batch = $1 LIMIT 1
                """, [.int8(batchID)]
            ).first
        else { return nil }
        return (try row.bytes(0), try row.bytesOrNil(1).flatMap { MerklePeaks(count: batchID, bytes: $0) })
    }
}
