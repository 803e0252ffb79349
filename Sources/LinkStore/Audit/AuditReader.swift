package import Postgres

/// Reads the audit page by page, oldest first; no transaction stays open meanwhile, as what is written never changes.
package struct AuditReader: Sendable {
    let connection: PostgresConnection
    /// How many rows are read at once, and of how many batches.
    private let page: Int64
    private static let batchPage: Int64 = 64

    /// - Parameter page: rows held in memory at once.
    package init(_ connection: PostgresConnection, page: Int64 = 2_000) {
        self.connection = connection
        self.page = page
    }

    /// Up to where the audit was detached: the batch, its digest, and the tree over all up to there.
    struct Base: Hashable {
        var lastBatch: Int64 = 0
        var digest = AuditBatch.beginning
        var peaks = MerklePeaks()
    }

    /// Where the audit begins by now.
    func base() async throws -> Base {
        guard
            let row = try await connection.query(
                "SELECT last_batch, digest, peaks FROM assetlink.audit_detached ORDER BY last_batch DESC LIMIT 1"
            ).first
        else { return Base() }
        let last = try row.int8(0)
        guard let peaks = MerklePeaks(count: last, bytes: try row.bytes(2)) else {
            throw StoreError.corrupt("the peaks in assetlink_internal.audit_detached")
        }
        return Base(lastBatch: last, digest: try row.bytes(1), peaks: peaks)
    }

    /// The newest batch; `nil`: there is none.
    package func newest() async throws -> Int64? {
        try await connection.query("SELECT max(batch_id) FROM assetlink.audit_batch").first?.int8OrNil(0)
    }

    /// The first batch that was committed at or after a time; `nil`: none was.
    ///
    /// - Parameter time: an expression of SQL, with `$1` for `text`.
    package func firstBatch(since time: String, _ text: String) async throws -> Int64? {
        try await connection.query(
            "SELECT min(batch_id) FROM assetlink.audit_batch WHERE committed_at >= \(time)", [.text(text)]
        ).first?.int8OrNil(0)
    }

    /// The last batch that was committed before a time; `nil`: none was.
    ///
    /// - Parameter time: an expression of SQL, with `$1` for `text`.
    package func lastBatch(before time: String, _ text: String) async throws -> Int64? {
        try await connection.query(
            "SELECT max(batch_id) FROM assetlink.audit_batch WHERE committed_at < \(time)", [.text(text)]
        ).first?.int8OrNil(0)
    }

    /// Verifies the whole audit, or batches of it.
    ///
    /// - Parameters:
    ///   - first: the first batch; `nil`: all there is, with the records of what was detached.
    ///   - last: the last batch; `nil`: the newest.
    ///   - progress: told of rows that were verified.
    package func verify(
        from first: Int64? = nil, to last: Int64? = nil, progress: (Int) -> Void = { _ in }
    ) async throws -> AuditFindings {
        let base = try await base()
        let begin = max(first ?? 0, base.lastBatch + 1)
        let isWhole = (first ?? 1) <= base.lastBatch + 1
        let end = if let last { last } else { try await newest() ?? base.lastBatch }
        var digest: [UInt8]? = base.digest
        if !isWhole {
            digest = try await connection.query(
                "SELECT digest FROM assetlink.audit_batch WHERE batch_id = $1", [.int8(begin - 1)]
            ).first?.bytes(0)
        }
        var chain = AuditChain(after: begin - 1, digest: digest)
        var extra = AuditFindings()
        if isWhole { try await verifyDetached(&extra) }
        var after = begin - 1
        while after < end {
            let batches = try await batches(after: after, to: end)
            guard let upper = batches.last?.batchID else { break }
            // What stands behind the last batch is looked for by itself.
            var pages = RowPages(connection, after: after, to: upper, page)
            var place = 0
            while let rows = try await pages.next() {
                for record in rows {
                    while place < batches.count, batches[place].batchID <= record.batchID {
                        chain.take(batches[place])
                        place += 1
                    }
                    chain.take(record)
                }
                progress(rows.count)
            }
            for batch in batches[place...] { chain.take(batch) }
            after = upper
        }
        try await verifyStrays(&extra, from: isWhole ? nil : begin, begin, after, last)
        var findings = chain.end(expecting: last)
        findings.add(extra)
        guard try await self.base() == base else { throw StoreError.auditDetached }
        return findings
    }

    /// A page of batches.
    func batches(after: Int64, to last: Int64) async throws -> [AuditBatch] {
        // Planned for these numbers, and not once for any; two of one number are there only where somebody interfered.
        try await connection.query(
            Statement(
                """
                SELECT \(AuditBatch.columns) FROM assetlink.audit_batch
                WHERE batch_id > $1 AND batch_id <= $2 ORDER BY batch_id FETCH FIRST ($3) ROWS WITH TIES
                """, [.int8(after), .int8(last), .int8(Self.batchPage)], prepared: false)
        ).map { row in
            var columns = Columns(row)
            return try AuditBatch(&columns)
        }
    }

    /// The rows of batches, page by page.
    func rows(after: Int64, to last: Int64) -> RowPages { RowPages(connection, after: after, to: last, page) }

    /// Rows in the order of batches and numbers, page by page.
    struct RowPages {
        private let connection: PostgresConnection
        private let last, page: Int64
        private var position: (batch: Int64, row: Int64)
        private var isAtEnd = false

        init(_ connection: PostgresConnection, after: Int64, to last: Int64, _ page: Int64) {
            self.connection = connection
            self.last = last
            self.page = page
            position = (after, .max)
        }

        /// The next rows; `nil`: there are no more.
        mutating func next() async throws -> [AuditRecord]? {
            guard !isAtEnd else { return nil }
            let rows = try await connection.query(
                Statement(
                    """
                    SELECT \(AuditRecord.columns) FROM assetlink.audit_record
                    WHERE (batch_id, audit_id) > ($1, $2) AND batch_id <= $3
                    ORDER BY batch_id, audit_id FETCH FIRST ($4) ROWS WITH TIES
                    """, [.int8(position.batch), .int8(position.row), .int8(last), .int8(page)], prepared: false)
            ).map { row in
                var columns = Columns(row)
                return try AuditRecord(&columns)
            }
            isAtEnd = rows.count < page
            guard let end = rows.last else { return nil }
            position = (end.batchID, end.auditID)
            return rows
        }
    }

    /// Rows and batches that are where none can be.
    private func verifyStrays(
        _ findings: inout AuditFindings, from first: Int64?, _ begin: Int64, _ after: Int64, _ last: Int64?
    ) async throws {
        let rows = try await connection.query(
            """
            SELECT a.batch_id, count(*), false FROM assetlink.audit_record AS a
            WHERE (a.batch_id > $2 OR a.batch_id < $1 AND $3) AND (a.batch_id <= $4 OR $4 IS NULL)
                AND NOT EXISTS (SELECT FROM assetlink.audit_batch AS b WHERE b.batch_id = a.batch_id)
            GROUP BY a.batch_id
            UNION ALL
            SELECT b.batch_id, 0, true FROM assetlink.audit_batch AS b WHERE b.batch_id < $1 AND $3
            """, [.int8(begin), .int8(after), .bool(first == nil), last.map { .int8($0) } ?? .null])
        for row in rows {
            let count = try row.int8(1)
            findings.note(
                try row.int8(0),
                try row.bool(2)
                    ? "it is here, and was before all that is left"
                    : "there are \(count) audit rows of a batch that does not exist")
        }
    }

    /// Each part that was detached follows the one before.
    private func verifyDetached(_ findings: inout AuditFindings) async throws {
        var last: Int64 = 0
        var digest = AuditBatch.beginning
        for row in try await connection.query(
            "SELECT first_batch, last_batch, previous_digest, digest FROM assetlink.audit_detached ORDER BY last_batch")
        {
            let first = try row.int8(0)
            if try first != last + 1 || row.bytes(2) != digest {
                findings.note(first, "the record of the part that was detached does not follow the one before")
            }
            last = try row.int8(1)
            digest = try row.bytes(3)
        }
    }
}
