import LinkCore
package import Logging
package import Postgres

/// What a full comparison found; nothing is written.
package struct VerifyReport: Sendable {
    /// Records compared, by side.
    package var assets = 0
    package var cis = 0
    /// Stored records that differ from their source, are gone there, or are not stored yet.
    package var sourceDifferences = 0
    /// Records whose stored keys, standing or values are not what the rules make of them.
    package var derivedDifferences = 0
    /// CIs whose stored decision is not the decision made from scratch.
    package var decisionDifferences = 0
    /// Stored figures and relations that contradict each other.
    package var contradictions = 0
    /// The first of each, in words.
    package var examples: [String] = []

    /// Whether everything is as it must be.
    package var isClean: Bool {
        sourceDifferences + derivedDifferences + decisionDifferences + contradictions == 0
    }

    /// Keeps the first fifty.
    mutating func note(_ example: String) { if examples.count < 50 { examples.append(example) } }

    /// Adds what was found elsewhere.
    mutating func add(_ other: VerifyReport) {
        assets += other.assets
        cis += other.cis
        sourceDifferences += other.sourceDifferences
        derivedDifferences += other.derivedDifferences
        decisionDifferences += other.decisionDifferences
        contradictions += other.contradictions
        for example in other.examples { note(example) }
    }
}

/// What is compared by itself: each part can have a session of its own.
private enum VerifyPart: CaseIterable, Sendable {
    case decisions, assets, sources, relations
}

extension BatchEngine {
    /// Compares everything: sources with what is stored, what is stored with what the rules make of it, and every
    /// decision with the decision from scratch (engine point 10); one read-only snapshot, page by page.
    ///
    /// Changes that wait in the log show as differences from their source.
    ///
    /// - Parameter others: sessions to read by at the same time, on the same snapshot; their settings are changed, as the
    ///   first one's are.
    /// - Parameter progress: told of records that were compared, from any session: each stored record once.
    package static func verify(
        _ connection: PostgresConnection, beside others: [PostgresConnection] = [], page: Int = 2_000, logger: Logger,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> VerifyReport {
        let sessions = [connection] + others
        do {
            var report = VerifyReport()
            try await share(connection, others)
            let rules = CompiledRuleSet(try await RuleSetLoader.load(connection))
            try await withThrowingTaskGroup(of: VerifyReport.self) { group in
                for (number, session) in sessions.enumerated() {
                    // In turn: the first two are what takes longest.
                    let parts = VerifyPart.allCases.enumerated().filter { $0.offset % sessions.count == number }
                    group.addTask {
                        let engine = BatchEngine(connection: session, epoch: 0, logger: logger)
                        return try await engine.verify(parts.map(\.element), rules, page: page, progress)
                    }
                }
                for try await part in group { report.add(part) }
            }
            for session in sessions { await rollback(session, logger) }
            return report
        } catch {
            for session in sessions { await rollback(session, logger) }
            throw error
        }
    }

    /// Gives all sessions the snapshot of the first.
    private static func share(_ first: PostgresConnection, _ others: [PostgresConnection]) async throws {
        try await first.script(sessionSettings)
        _ = try await first.query(beginReading)
        guard !others.isEmpty else { return }
        let snapshot = try await first.query("SELECT pg_export_snapshot()").first?.text(0) ?? ""
        for other in others {
            try await other.script(sessionSettings)
            _ = try await other.query(beginReading)
            try await other.script("SET TRANSACTION SNAPSHOT '\(snapshot)'")
        }
    }

    private func verify(
        _ parts: [VerifyPart], _ compiled: CompiledRuleSet, page: Int, _ progress: (Int) -> Void
    ) async throws -> VerifyReport {
        isVerifying = true
        var report = VerifyReport()
        guard let row = try await connection.query(CursorStatements.start).first else { return report }
        let start = try CursorStatements.decodeStart(row)
        let sources = try await connection.query(SourceInfo.statement).map { try SourceInfo($0) }
        try await readRules(compiled)
        let empty = Batch(
            start: start, sources: Dictionary(uniqueKeysWithValues: sources.map { ($0.id, $0) }),
            names: Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0.id) }), ranges: [])
        for part in parts {
            switch part {
            case .sources:
                for source in sources where !source.isDetached && source.status == .ok {
                    try await verifySource(source, page, &report)
                }
            case .assets: try await verifyAssets(empty, page, &report, progress)
            case .decisions: try await verifyCIs(empty, page, &report, progress)
            case .relations: try await verifyRelations(&report)
            }
        }
        return report
    }

    /// The rules in force with the spaces as they are numbered: to compare, not to write.
    ///
    /// - Parameter known: the rules, where another session has read them on the same snapshot.
    func readRules(_ known: CompiledRuleSet? = nil) async throws {
        var known = known
        if known == nil { known = CompiledRuleSet(try await RuleSetLoader.load(connection)) }
        guard let compiled = known else { return }
        use(compiled, try Self.numbers(try await connection.query(Self.keySpaces)))
    }

    private static func suspectsOfAssets(_ refs: [AssetRef]) -> Statement {
        Statement(
            """
            SELECT DISTINCT s.kind || ':' || s.value
            FROM unnest($1::bigint[]) AS k (ref)
            JOIN assetlink_internal.asset_value AS v ON v.asset_ref = k.ref
            JOIN assetlink_internal.suspect_value AS s ON s.kind = v.kind AND s.value = v.value
            WHERE (SELECT EXISTS (SELECT FROM assetlink_internal.suspect_value))
            """, [.refs(refs)])
    }

    private func verifyAssets(
        _ empty: Batch, _ page: Int, _ report: inout VerifyReport, _ progress: (Int) -> Void
    ) async throws {
        guard let rules else { return }
        var after: Int64 = 0
        while true {
            let refs = try await connection.query(
                Statement(
                    "SELECT asset_ref FROM assetlink_internal.asset WHERE asset_ref > $1 ORDER BY asset_ref LIMIT $2",
                    [.int8(after), .int8(Int64(page))])
            ).map { try $0.int8(0) }
            guard let last = refs.last else { return }
            after = last
            defer { progress(refs.count) }
            var batch = empty
            let rows = try await connection.pipeline([
                reader.storedAssets(refs), StoredRecords.assets(refs: refs), Self.suspectsOfAssets(refs),
            ])
            try takeAssetsAgain(rows[0], rows[1], &batch)
            batch.suspects = Set(try rows[2].compactMap { KindValue(stored: try $0.text(0)) })
            readSuspects(&batch)
            for change in batch.assets.values where change.standing != .deleted {
                report.assets += 1
                guard let reading = change.reading else { continue }
                let keys = storedKeys(reading, change, rules, batch).filter { !isDependent($0.space, rules) }
                let stored = change.stored.keys.filter { !isDependent($0.space, rules) }
                let wrong = [
                    keys != stored ? "keys" : nil, reading.holds != change.stored.holds ? "values" : nil,
                    change.standing != change.stored.standing ? "standing" : nil,
                    change.isComposite != change.stored.isComposite ? "composite mark" : nil,
                    Set(reading.identity.stored) != Set(change.stored.identity) ? "identity" : nil,
                ].compactMap { $0 }
                guard !wrong.isEmpty else { continue }
                report.derivedDifferences += 1
                report.note(
                    "asset \(change.source.name)/\(change.key): stored \(wrong.joined(separator: ", ")) not as by the rules"
                )
            }
        }
    }

    private func verifyCIs(
        _ empty: Batch, _ page: Int, _ report: inout VerifyReport, _ progress: (Int) -> Void
    ) async throws {
        var after: Int64 = 0
        while true {
            let refs = try await connection.query(
                Statement(
                    """
                    SELECT ci_ref FROM assetlink_internal.ci
                    WHERE ci_ref > $1 AND deleted_at IS NULL ORDER BY ci_ref LIMIT $2
                    """, [.int8(after), .int8(Int64(page))])
            ).map { try $0.int8(0) }
            guard let last = refs.last else { return }
            after = last
            defer { progress(refs.count) }
            var batch = empty
            try await decide(refs, &batch)
            try await verifyCIKeys(refs, batch, &report)
            try await settle(refs, &batch)
            for ref in refs {
                guard let decision = batch.decisions[ref] else { continue }
                report.cis += 1
                let name = "CI \(batch.sources[decision.facts.name.source]?.name ?? "?")/\(decision.facts.name.id)"
                guard let stored = decision.facts.stored else {
                    report.decisionDifferences += 1
                    report.note("\(name) was never decided")
                    continue
                }
                var fresh = StoredDecision(decision)
                fresh.conflict = stored.conflict
                if fresh != stored || (stored.conflict != nil) != (decision.state == .conflicted) {
                    report.decisionDifferences += 1
                    report.note(
                        "\(name): stored \(stored.state.rawValue) \(stored.reason?.rawValue ?? ""), "
                            + "from scratch \(decision.state.rawValue) \(decision.reason?.rawValue ?? "")")
                }
                let active = decision.facts.link.flatMap { $0.stale == nil ? $0.asset : nil }
                if active != decision.linked {
                    report.contradictions += 1
                    report.note("\(name): its active link is not what it is linked to")
                }
            }
        }
    }

    /// Compares what CIs are found by with what the rules make of their records; the step before has read them.
    private func verifyCIKeys(_ refs: [CIRef], _ batch: Batch, _ report: inout VerifyReport) async throws {
        guard let rules else { return }
        for row in try await connection.query(StoredRecords.cis(refs: refs)) {
            var columns = Columns(row)
            let key = try columns.text()
            let stored = try StoredRecords.ci(&columns)
            guard let reading = batch.readings[stored.ref] else { continue }
            let keys = stored.keys.filter { !isDependent($0.space, rules) }
            let wrong = [
                storedKeys(reading, rules) != keys ? "keys" : nil, difference(stored.reads, reading.held),
                reading.limitClasses(rules) != stored.limitClasses ? "suspect limits" : nil,
            ].compactMap { $0 }
            guard !wrong.isEmpty else { continue }
            report.derivedDifferences += 1
            let source = batch.sources[try columns.int4()]?.name ?? "?"
            report.note("CI \(source)/\(key): stored \(wrong.joined(separator: ", ")) not as by the rules")
        }
    }

    /// Which values are stored and should not be, or should be and are not; `nil`: none.
    private func difference(_ stored: Set<KindValue>, _ wanted: Set<KindValue>) -> String? {
        func few(_ values: Set<KindValue>) -> String {
            values.prefix(3).map { "\($0.kind.rawValue) \($0.value)" }.sorted().joined(separator: ", ")
        }
        let (surplus, missing) = (stored.subtracting(wanted), wanted.subtracting(stored))
        guard !surplus.isEmpty || !missing.isEmpty else { return nil }
        let parts = [
            surplus.isEmpty ? nil : "\(few(surplus)) too many", missing.isEmpty ? nil : "\(few(missing)) missing",
        ]
        return "values (\(parts.compactMap { $0 }.joined(separator: "; ")))"
    }

    /// Stored figures that must follow from stored rows.
    private func verifyRelations(_ report: inout VerifyReport) async throws {
        let checks: [(String, String)] = [
            (
                "assets whose number of linked CIs is wrong",
                """
                SELECT count(*) FROM assetlink_internal.asset AS a
                LEFT JOIN (SELECT claim_asset, count(*) AS n FROM assetlink_internal.ci_decision
                           WHERE state = 'linked' GROUP BY 1) AS d ON d.claim_asset = a.asset_ref
                WHERE a.ci_count <> coalesce(d.n, 0)
                """
            ),
            (
                "links whose state contradicts the CI's row",
                """
                SELECT count(*) FROM assetlink_internal.link AS l
                FULL JOIN assetlink_internal.ci_decision AS d ON d.link_id = l.link_id
                WHERE (l.status <> 'closed' AND (d.link_id IS NULL OR d.link_status <> l.status))
                    OR (d.link_id IS NOT NULL AND (l.link_id IS NULL OR l.status = 'closed'))
                """
            ),
            (
                "open conflicts that nobody is in, or CIs in a closed one",
                """
                SELECT (SELECT count(*) FROM assetlink_internal.conflict AS c WHERE c.closed_at IS NULL
                        AND NOT EXISTS (SELECT FROM assetlink_internal.ci_decision AS d WHERE d.conflict_id = c.conflict_id)
                        AND NOT EXISTS (SELECT FROM assetlink_internal.discovery_item AS i
                                        WHERE i.conflict_id = c.conflict_id AND i.state = 'conflict'))
                     + (SELECT count(*) FROM assetlink_internal.ci_decision AS d
                        JOIN assetlink_internal.conflict AS c USING (conflict_id) WHERE c.closed_at IS NOT NULL)
                """
            ),
        ]
        _ = try await connection.query("SET LOCAL enable_hashjoin = on")
        _ = try await connection.query("SET LOCAL enable_seqscan = on")
        for (text, sql) in checks {
            let count = Int(try await connection.query(Statement(sql, prepared: false)).first?.int8(0) ?? 0)
            guard count > 0 else { continue }
            report.contradictions += count
            report.note("\(count) \(text)")
        }
    }
}
