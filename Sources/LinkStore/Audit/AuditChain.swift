import Crypto

/// Verifies batches and their rows as they come, oldest first: it holds one batch's digests and nothing else.
///
/// `assetlink.audit_verify` finds the same without it, in the same words.
package struct AuditChain {
    /// What was found up to now.
    package private(set) var findings = AuditFindings()
    /// The last batch that was seen.
    private var lastID: Int64
    /// Its digest; `nil`: not known.
    private var lastDigest: [UInt8]?
    /// The batch whose rows come now.
    private var open: Open?
    /// Rows of a batch that is not there.
    private var stray: (batchID: Int64, rows: Int64)?

    private struct Open {
        var batch: AuditBatch
        var ids: [Int64] = []
        var digests: [[UInt8]] = []
        /// Over the rows themselves, in batches whose digest is.
        var flat: SHA256?
    }

    /// - Parameters:
    ///   - last: the batch before the first that comes; 0: from the beginning.
    ///   - digest: its digest; `nil`: not known.
    package init(after last: Int64, digest: [UInt8]?) {
        lastID = last
        lastDigest = digest
    }

    /// Takes the next batch in; its rows follow.
    package mutating func take(_ batch: AuditBatch) {
        close()
        let first = findings.batches?.lowerBound ?? batch.batchID
        findings.batches = first...max(first, batch.batchID)
        if batch.batchID > lastID + 1 {
            let others = batch.batchID > lastID + 2 ? ", and so are all up to \(batch.batchID - 1)" : ""
            findings.note(lastID + 1, "it is missing\(others)")
        } else if batch.batchID <= lastID {
            findings.note(batch.batchID, "it is there more than once")
        } else if batch.previousDigest != lastDigest {
            findings.note(batch.batchID, "it does not follow the digest of the batch before")
        }
        lastID = batch.batchID
        lastDigest = batch.digest
        var open = Open(batch: batch)
        if batch.rowDigests == nil {
            var hash = SHA256()
            hash.update(data: batch.previousDigest + batch.batchID.bigEndianBytes)
            open.flat = hash
        }
        self.open = open
    }

    /// Takes the next row in: of the batch that came last, or of one that is not there.
    package mutating func take(_ record: AuditRecord) {
        findings.rows += 1
        guard let batch = open?.batch, batch.batchID == record.batchID else {
            if stray?.batchID != record.batchID { closeStray() }
            stray = (record.batchID, (stray?.rows ?? 0) + 1)
            return
        }
        let bytes = record.bytes
        open?.ids.append(record.auditID)
        if open?.flat == nil { open?.digests.append(Merkle.leaf(bytes)) }
        open?.flat?.update(data: bytes)
    }

    /// No more comes.
    ///
    /// - Parameter last: the batch that must be there at least.
    package mutating func end(expecting last: Int64? = nil) -> AuditFindings {
        close()
        if let last, lastID < last {
            findings.note(lastID + 1, "it is missing, and so is all behind it up to \(last)")
        }
        findings.sort()
        return findings
    }

    private mutating func closeStray() {
        guard let (batchID, rows) = stray else { return }
        findings.note(batchID, "there are \(rows) audit rows of a batch that does not exist")
        stray = nil
    }

    private mutating func close() {
        closeStray()
        guard let open else { return }
        self.open = nil
        let batch = open.batch
        if batch.auditRows != Int64(open.ids.count) {
            findings.note(batch.batchID, "it should have \(batch.auditRows) audit rows, and has \(open.ids.count)")
        }
        if let flat = open.flat {
            guard Array(flat.finalize()) != batch.digest else { return }
            findings.note(batch.batchID, "its audit rows do not give its digest")
            return
        }
        if !batch.isSealed { findings.note(batch.batchID, "its time and its row digests do not give its digest") }
        compare(open)
    }

    /// Which rows are not those that the batch tells of.
    private mutating func compare(_ open: Open) {
        let told = open.batch.leaves ?? open.batch.wholeLeaves
        guard told != open.digests else { return }
        var places: [[UInt8]: ArraySlice<Int>] = [:]
        for (place, digest) in told.enumerated() { places[digest, default: []].append(place) }
        var isMatched = [Bool](repeating: false, count: told.count)
        var surplus: [(id: Int64, anchor: Int)] = []
        var matches = 0
        for (id, digest) in zip(open.ids, open.digests) {
            if let place = places[digest]?.popFirst() {
                isMatched[place] = true
                matches += 1
            } else {
                surplus.append((id, matches))
            }
        }
        var missing: [(place: Int, anchor: Int)] = []
        matches = 0
        for (place, isMatched) in isMatched.enumerated() {
            if isMatched { matches += 1 } else { missing.append((place, matches)) }
        }
        // Between two rows that are whole, those that are there are the ones that were, as far as there are as many.
        var rest = surplus[...]
        for (place, anchor) in missing {
            while let next = rest.first, next.anchor < anchor {
                findings.note(open.batch.batchID, row: next.id, "it was inserted")
                rest.removeFirst()
            }
            if let next = rest.first, next.anchor == anchor {
                findings.note(open.batch.batchID, row: next.id, "it was altered")
                rest.removeFirst()
            } else {
                findings.note(open.batch.batchID, "row \(place + 1) of \(told.count) is missing")
            }
        }
        for next in rest { findings.note(open.batch.batchID, row: next.id, "it was inserted") }
    }
}

extension AuditBatch {
    /// The row digests that are whole, where the text of them is not.
    fileprivate var wholeLeaves: [[UInt8]] {
        let bytes = rowDigests ?? []
        return stride(from: 0, to: bytes.count / 32 * 32, by: 32).map { Array(bytes[$0..<$0 + 32]) }
    }
}
