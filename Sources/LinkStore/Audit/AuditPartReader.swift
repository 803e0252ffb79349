package import LinkCore

/// Verifies a file of a detached part line by line.
struct AuditPartReader {
    /// Digests on record, by batch.
    let marks: [Int64: [UInt8]]
    /// How many lines were taken in.
    private(set) var line = 0
    /// The digest of the last batch.
    private(set) var digest: [UInt8] = []
    /// Whether the file ends where a part on record ends, with its digest.
    private(set) var isOnRecord = false
    private var chain: AuditChain?
    private var extra = AuditFindings()
    private var rows: Int64 = 0
    private var lastBatch: Int64 = 0
    private var lastRow: (batchID: Int64, auditID: Int64) = (0, .min)
    private var isEnded = false

    init(marks: [Int64: [UInt8]]) { self.marks = marks }

    /// Takes the next line in.
    mutating func take(_ bytes: [UInt8]) throws(AuditPart.Problem) {
        line += 1
        guard let text = String(validating: bytes, as: UTF8.self), let value = try? JSONValue.parse(text),
            case .object = value
        else { throw problem("it is no JSON object") }
        guard !isEnded else { throw problem("something follows the end") }
        if chain == nil {
            guard value["schema"]?.plainText == AuditPart.schema, let first = int(value, "first_batch"), first > 0,
                let previous = hex(value, "previous_digest")
            else { throw problem("the file is no part of the audit: it begins with its schema") }
            chain = AuditChain(after: first - 1, digest: previous)
            digest = previous
            lastBatch = first - 1
            let expected = first == 1 ? AuditBatch.beginning : marks[first - 1]
            if let expected, expected != previous {
                extra.note(first, "the part does not follow the digest on record of the batch before")
            }
        } else if value["audit_id"] != nil {
            guard let record = AuditRecord(json: value) else { throw problem("it is no audit row") }
            rows += 1
            // In the database they have no order but by their numbers.
            if record.batchID == lastRow.batchID, record.auditID < lastRow.auditID {
                extra.note(record.batchID, row: record.auditID, "it is out of its order")
            }
            lastRow = (record.batchID, record.auditID)
            chain?.take(record)
        } else if value["batch_id"] != nil {
            guard let batch = AuditBatch(json: value) else { throw problem("it is no batch") }
            chain?.take(batch)
            digest = batch.digest
            lastBatch = batch.batchID
            if let mark = marks[batch.batchID], mark != batch.digest {
                extra.note(batch.batchID, "its digest is not the one on record of the part that was detached")
            }
        } else {
            try takeEnd(value)
        }
    }

    /// No line follows.
    mutating func end() throws(AuditPart.Problem) -> AuditFindings {
        guard var chain else { throw problem("the file is empty") }
        if !isEnded { extra.note(lastBatch, "the file is cut off behind it") }
        isOnRecord = marks[lastBatch].map { $0 == digest } ?? false
        var findings = chain.end()
        findings.add(extra)
        return findings
    }

    private mutating func takeEnd(_ value: JSONValue) throws(AuditPart.Problem) {
        guard let last = int(value, "last_batch"), let digest = hex(value, "digest"),
            let count = int(value, "audit_rows")
        else { throw problem("it is neither batch nor row nor the end") }
        isEnded = true
        if last != lastBatch || digest != self.digest {
            extra.note(lastBatch, "the file ends with it, and should end with batch \(last)")
        }
        if count != rows { extra.note(lastBatch, "the file should have \(count) audit rows, and has \(rows)") }
    }

    private func problem(_ what: String) -> AuditPart.Problem { AuditPart.Problem(line: max(line, 1), what: what) }

    private func int(_ value: JSONValue, _ name: String) -> Int64? { value.int(name) }

    private func hex(_ value: JSONValue, _ name: String) -> [UInt8]? { value.hex(name) }
}

extension JSONValue {
    fileprivate func int(_ name: String) -> Int64? {
        guard case .number(let text)? = self[name] else { return nil }
        return Int64(text)
    }

    fileprivate func hex(_ name: String) -> [UInt8]? {
        guard case .string(let text)? = self[name] else { return nil }
        return Hexadecimal.bytes(text)
    }

    /// - Returns: `nil` when it is there and no text.
    fileprivate func text(_ name: String) -> String?? {
        switch self[name] {
        case .string(let text)?: .some(text)
        case .null?: .some(nil)
        default: nil
        }
    }
}

extension AuditRecord {
    /// As ``json``.
    package init?(json value: JSONValue) {
        let isLinked = if case .null? = value["link_id"] { false } else { true }
        guard let auditID = value.int("audit_id"), let batchID = value.int("batch_id"), let at = value.int("at"),
            let actor = value.text("actor") ?? nil, let action = value.text("action") ?? nil,
            let ciSource = value.text("ci_source"), let ciID = value.text("ci_id"),
            let assetSource = value.text("asset_source"), let assetID = value.text("asset_id"),
            let from = value.text("from_state"), let to = value.text("to_state"), let reason = value.text("reason"),
            let version = value.int("rule_set_version"), let evidence = value.text("evidence"),
            let cause = value.text("cause"), !isLinked || value.int("link_id") != nil
        else { return nil }
        self.init(
            auditID: auditID, batchID: batchID, at: at, actor: actor, action: action, ciSource: ciSource, ciID: ciID,
            assetSource: assetSource, assetID: assetID, linkID: value.int("link_id"), fromState: from, toState: to,
            reason: reason, ruleSetVersion: version, evidence: evidence, cause: cause)
    }

    /// Every column; the time in microseconds since 1970-01-01 00:00 UTC.
    package var json: String {
        let fields: KeyValuePairs<String, String?> = [
            "audit_id": "\(auditID)", "batch_id": "\(batchID)", "at": "\(at)", "actor": JSONText.string(actor),
            "action": JSONText.string(action), "ci_source": JSONText.string(ciSource),
            "ci_id": JSONText.string(ciID), "asset_source": JSONText.string(assetSource),
            "asset_id": JSONText.string(assetID), "link_id": linkID.map { "\($0)" } ?? "null",
            "from_state": JSONText.string(fromState), "to_state": JSONText.string(toState),
            "reason": JSONText.string(reason), "rule_set_version": "\(ruleSetVersion)",
            "evidence": JSONText.string(evidence), "cause": JSONText.string(cause),
        ]
        return JSONText.object(fields)
    }
}

extension AuditBatch {
    /// As ``json``.
    package init?(json value: JSONValue) {
        let isSealed = if case .null? = value["row_digests"] { false } else { true }
        guard let batchID = value.int("batch_id"), let committedAt = value.int("committed_at"),
            let rows = value.int("audit_rows"), let previous = value.hex("previous_digest"),
            let digest = value.hex("digest"), !isSealed || value.hex("row_digests") != nil
        else { return nil }
        self.init(
            batchID: batchID, committedAt: committedAt, auditRows: rows, previousDigest: previous, digest: digest,
            rowDigests: value.hex("row_digests"))
    }

    /// Every column; the time in microseconds since 1970-01-01 00:00 UTC.
    package var json: String {
        JSONText.object([
            "batch_id": "\(batchID)", "committed_at": "\(committedAt)", "audit_rows": "\(auditRows)",
            "previous_digest": JSONText.string(Hexadecimal.text(previousDigest)),
            "digest": JSONText.string(Hexadecimal.text(digest)),
            "row_digests": rowDigests.map { JSONText.string(Hexadecimal.text($0)) } ?? "null",
        ])
    }
}
