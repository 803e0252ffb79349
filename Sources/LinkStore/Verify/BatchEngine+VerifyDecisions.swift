import LinkCore
import Postgres

extension BatchEngine {
    /// Compares a page of CIs with what the rules make of them, and decides each from scratch; how many there are.
    func verifyCIs(
        _ range: RefRange, _ empty: Batch, _ rules: CompiledRuleSet, _ report: inout VerifyReport
    ) async throws -> Int {
        var batch = empty
        var stored: [StoredCI] = []
        for row in try await connection.query(ciPage(range)) {
            var columns = Columns(row)
            let key = try columns.text()
            let record = try reader.ci(&columns, key: key)
            let known = try StoredRecords.ci(&columns)
            stored.append(known)
            let suspects = Set(try columns.texts().compactMap { KindValue(stored: $0) })
            batch.hood.records[known.ref] = StoredCIRecord(row: record, suspects: suspects)
        }
        let refs = stored.map(\.ref)
        guard !refs.isEmpty else { return 0 }
        try noteStates(try await connection.query(statesStatement(refs, batch)), &batch)
        try await decide(refs, &batch)
        try await settle(refs, &batch)
        for known in stored {
            guard let decision = batch.decisions[known.ref] else { continue }
            let facts = decision.facts
            let name = "CI \(batch.sources[facts.name.source]?.name ?? "?")/\(facts.name.id)"
            if let reading = batch.readings[known.ref] { verifyKeys(known, reading, name, rules, &report) }
            verify(decision, name, &report)
        }
        return refs.count
    }

    private func verify(_ decision: CIDecision, _ name: String, _ report: inout VerifyReport) {
        report.cis += 1
        guard let stored = decision.facts.stored else {
            report.decisionDifferences += 1
            report.note("\(name) was never decided")
            return
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

    /// Stored figures that must follow from stored rows.
    func verifyRelations(_ report: inout VerifyReport) async throws {
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
        _ = try await connection.pipeline(Self.scanning(true))
        for (text, sql) in checks {
            let count = Int(try await connection.query(Statement(sql, prepared: false)).first?.int8(0) ?? 0)
            guard count > 0 else { continue }
            report.contradictions += count
            report.note("\(count) \(text)")
        }
        _ = try await connection.pipeline(Self.scanning(false))
    }

    /// Where everything is read: what suits a probe is switched off, and on again before anything else is planned.
    static func scanning(_ isOn: Bool) -> [Statement] {
        ["enable_seqscan", "enable_hashjoin"].map {
            Statement("SET LOCAL \($0) = \(isOn ? "on" : "off")", prepared: false)
        }
    }
}
