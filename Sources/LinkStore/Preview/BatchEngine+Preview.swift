package import LinkCore
package import Logging
package import Postgres

extension BatchEngine {
    /// What rules would do to the links, on the data as stored: one read-only snapshot, page by page.
    ///
    /// The steps are those of an activation, over temporary tables of this session that lie over what is stored: only
    /// what an edit touches is looked at, and only what it changes is copied. Where stored keys are not all by the rules
    /// in force, as another version or a verdict is under way, everything is looked at. Needs the right to read what the
    /// daemon reads and to make temporary tables; the session is of no use for anything else afterwards.
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
        return try await engine.onSnapshot { try await engine.previewAll(ruleSet, trusted, examples, progress) }
    }

    private func previewAll(
        _ ruleSet: RuleSet, _ trusted: [KindValue], _ examples: Int, _ progress: (Int) -> Void
    ) async throws -> PreviewReport {
        guard let row = try await connection.query(CursorStatements.start).first else {
            throw StoreError.corrupt("no cursor")
        }
        let start = try CursorStatements.decodeStart(row)
        let open = try await connection.query(CursorStatements.ranges).map { try CursorStatements.decodeRange($0) }
        let sources = try await connection.query(SourceInfo.statement).map { try SourceInfo($0) }
        let empty = Batch(
            start: start, sources: Dictionary(uniqueKeysWithValues: sources.map { ($0.id, $0) }),
            names: Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0.id) }), ranges: [])
        var report = PreviewReport()
        report.isUnderWay =
            start.ruleSetVersion != start.cursor.ruleSetVersion || open.contains { $0.kind == .reevaluate }
        let isSettled =
            !report.isUnderWay
            && !open.contains { [.value, .holders].contains($0.kind) || $0.kind == .read && $0.force }
        for statement in Shadow.copying { _ = try await connection.query(statement) }
        let inForce = CompiledRuleSet(try await RuleSetLoader.load(connection))
        if isSettled { shadow?.inForce = inForce }
        var done = 0
        func note(_ count: Int) {
            done += count
            progress(done)
        }
        if !trusted.isEmpty {
            use(inForce, try Self.numbers(try await connection.query(Self.keySpaces)))
            try await previewTrust(trusted, isSettled, empty, note)
        }
        try await propose(ruleSet)
        try await previewRules(inForce, isSettled, empty, note)
        try await allowing("enable_seqscan, enable_hashjoin") { try await compare(&report, examples) }
        return report
    }

    /// As the batches after an operator's trust: the verdicts, who reads the values, and whom that reaches.
    private func previewTrust(
        _ trusted: [KindValue], _ isSettled: Bool, _ empty: Batch, _ note: (Int) -> Void
    ) async throws {
        _ = try await flush(
            Statement(
                """
                INSERT INTO assetlink_internal.trusted_value (kind, value, act_id)
                SELECT k.kind, k.value, 0 FROM unnest($1::text[], $2::text[]) AS k (kind, value) ON CONFLICT DO NOTHING
                """, [.texts(trusted.map(\.kind.rawValue)), .texts(trusted.map(\.value))]))
        // Otherwise everything is looked at in any case.
        guard isSettled else { return }
        var batch = empty
        for value in trusted { batch.work.values[value] = .system }
        while true {
            try await read(&batch)
            try await settleValues(&batch)
            try await noteRingsOfAssetsAgain(&batch)
            try await write(&batch)
            try await previewDecisions(&batch)
            note(batch.assets.count + batch.decisions.count)
            guard var range = batch.ranges.first else { return }
            let rest = Array(batch.ranges.dropFirst())
            batch = empty
            batch.ranges = rest
            let isOver =
                range.kind == .value ? try await takeValue(&range, &batch) : try await takeHolders(&range, &batch)
            if !isOver { batch.ranges.append(range) }
        }
    }

    /// As the batches of an activation: keys first, then decisions.
    private func previewRules(
        _ inForce: CompiledRuleSet, _ isSettled: Bool, _ empty: Batch, _ note: (Int) -> Void
    ) async throws {
        guard let rules else { return }
        var range = BulkRange(.reevaluate, id: 0, cause: "preview")
        range.total = 0
        if isSettled, rules.hasSameTables(as: inForce) { scope(&range, rules, inForce) }
        if range.classes == [] { return }
        var keys = empty
        keys.isRekeying = range.makesKeys
        add(range, to: &keys)
        while keys.isRekeying {
            var batch = keys
            try await makeKeys(&batch)
            keys.ranges = batch.ranges
            keys.isRekeying = batch.ranges.contains(where: \.makesKeys)
            note(batch.work.rows)
        }
        guard var decisions = keys.ranges.first else { throw StoreError.corrupt("a preview without a range") }
        var isOver = false
        while !isOver {
            var batch = empty
            isOver = try await takeDecisions(&decisions, &batch)
            batch.work.rulesChanged = true
            try await previewDecisions(&batch)
            note(batch.work.cis.count)
        }
    }

    /// Confines a range to what the rules read otherwise than those in force; keys that nobody asks for may stay.
    private func scope(_ range: inout BulkRange, _ rules: CompiledRuleSet, _ inForce: CompiledRuleSet) {
        range.keepsLimits = rules.hasSameLimits(as: inForce)
        guard let classes = rules.classes(thatDifferFrom: inForce) else { return }
        range.classes = classes.sorted()
        guard rules.asksAssetsNothingNew(as: inForce) else { return }
        range.phase = ActivationPhase.ciKeys
        if classes.allSatisfy({ rules.readsSameValues($0, as: inForce) }) { range.phase = ActivationPhase.decisions }
    }

    private func previewDecisions(_ batch: inout Batch) async throws {
        try await decideAll(&batch)
        let list = decisionStatements(batch) + conflictStatements(batch)
        if !list.isEmpty { _ = try await flush(list) }
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

    /// What reads whole tables is planned for that.
    private func allowing(_ settings: String, _ body: () async throws -> Void) async throws {
        let names = settings.split(separator: ",").map { $0.trimmingPrefix(" ") }
        for name in names { _ = try await connection.query(Statement("SET LOCAL \(name) = on", prepared: false)) }
        try await body()
        for name in names { _ = try await connection.query(Statement("SET LOCAL \(name) = off", prepared: false)) }
    }
}
