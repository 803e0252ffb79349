package import LinkCore
package import Logging
package import Postgres

extension BatchEngine {
    /// What rules would do to the links, on the data as stored: one read-only snapshot, page by page.
    ///
    /// The steps are those of an activation, over temporary tables of this session: keys of all records, then all
    /// decisions from scratch, which is what an activation ends with. Needs the right to read what the daemon reads and
    /// to make temporary tables; the session is of no use for anything else afterwards.
    ///
    /// - Parameters:
    ///   - ruleSet: the proposed rules, whole.
    ///   - trusted: values that would be trusted, in canonical form.
    ///   - examples: how many of each change are named.
    ///   - progress: told of records done.
    package static func preview(
        _ connection: PostgresConnection, _ ruleSet: RuleSet, trusting trusted: [KindValue] = [], page: Int = 2_000,
        examples: Int = 5, logger: Logger,
        progress: (Int) -> Void = { _ in }
    ) async throws -> PreviewReport {
        var limits = BatchLimits()
        limits.bulk = page
        let engine = BatchEngine(connection: connection, epoch: 0, limits: limits, logger: logger)
        engine.shadow = Shadow()
        try await connection.script("SET temp_buffers = '64MB'; " + sessionSettings)
        try await connection.script(Shadow.creation)
        try await connection.script(Shadow.indexes)
        return try await engine.onSnapshot { try await engine.previewAll(ruleSet, trusted, examples, progress) }
    }

    private func previewAll(
        _ ruleSet: RuleSet, _ trusted: [KindValue], _ examples: Int, _ progress: (Int) -> Void
    ) async throws -> PreviewReport {
        guard let row = try await connection.query(CursorStatements.start).first else {
            throw StoreError.corrupt("no cursor")
        }
        let start = try CursorStatements.decodeStart(row)
        let sources = try await connection.query(SourceInfo.statement).map { try SourceInfo($0) }
        try await propose(ruleSet)
        try await allowing("enable_seqscan") { _ = try await connection.pipeline(Shadow.copying) }
        _ = try await connection.query(
            """
            INSERT INTO pg_temp.trusted_value (kind, value, act_id)
            SELECT k.kind, k.value, 0 FROM unnest($1::text[], $2::text[]) AS k (kind, value) ON CONFLICT DO NOTHING
            """, [.texts(trusted.map(\.kind.rawValue)), .texts(trusted.map(\.value))])
        var empty = Batch(
            start: start, sources: Dictionary(uniqueKeysWithValues: sources.map { ($0.id, $0) }),
            names: Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0.id) }), ranges: [])
        empty.isRekeying = true
        add(BulkRange(.reevaluate, id: 0, cause: "preview"), to: &empty)
        var done = 0
        while empty.isRekeying {
            var batch = empty
            try await makeKeys(&batch)
            empty.ranges = batch.ranges
            empty.isRekeying = batch.ranges.contains(where: \.makesKeys)
            done += batch.work.rows
            progress(done)
        }
        guard var range = empty.ranges.first else { throw StoreError.corrupt("a preview without a range") }
        empty.ranges = []
        var isOver = false
        while !isOver {
            var batch = empty
            isOver = try await takeDecisions(&range, &batch)
            try await decideAll(&batch)
            let list = decisionStatements(batch) + conflictStatements(batch)
            if !list.isEmpty { _ = try await flush(list) }
            done += batch.work.cis.count
            progress(done)
        }
        var report = PreviewReport()
        report.isUnderWay = try await isActivating(start)
        try await allowing("enable_seqscan, enable_hashjoin") { try await compare(&report, examples) }
        return report
    }

    /// Makes the proposed rules those that everything is read by; spaces that are not stored get numbers of their own.
    private func propose(_ ruleSet: RuleSet) async throws {
        let compiled = CompiledRuleSet(ruleSet)
        var ids = try Self.numbers(try await connection.query(Self.keySpaces))
        var next = (ids.values.max() ?? 0) + 1
        for space in compiled.spaces where ids[space.signature] == nil {
            ids[space.signature] = next
            next += 1
        }
        use(compiled, ids)
    }

    private func isActivating(_ start: BatchStart) async throws -> Bool {
        let ranges = try await connection.query(CursorStatements.ranges).map { try CursorStatements.decodeRange($0) }
        return start.ruleSetVersion != start.cursor.ruleSetVersion || ranges.contains { $0.kind == .reevaluate }
    }

    /// What reads whole tables is planned for that.
    private func allowing(_ settings: String, _ body: () async throws -> Void) async throws {
        let names = settings.split(separator: ",").map { $0.trimmingPrefix(" ") }
        for name in names { _ = try await connection.query(Statement("SET LOCAL \(name) = on", prepared: false)) }
        try await body()
        for name in names { _ = try await connection.query(Statement("SET LOCAL \(name) = off", prepared: false)) }
    }
}
