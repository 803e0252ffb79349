import LinkCore
package import Logging
package import Postgres

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
            let sources = try await connection.query(SourceInfo.statement).map { try SourceInfo($0) }
            let queue = try await VerifyQueue(connection, sources: sources, page: page)
            try await withThrowingTaskGroup(of: VerifyReport.self) { group in
                for session in sessions {
                    group.addTask {
                        let engine = BatchEngine(connection: session, epoch: 0, logger: logger)
                        return try await engine.verify(queue, sources, rules, page: page, progress)
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

    /// Compares pieces until none is left.
    private func verify(
        _ queue: VerifyQueue, _ sources: [SourceInfo], _ compiled: CompiledRuleSet, page: Int,
        _ progress: (Int) -> Void
    ) async throws -> VerifyReport {
        isVerifying = true
        var report = VerifyReport()
        guard let row = try await connection.query(CursorStatements.start).first else { return report }
        let start = try CursorStatements.decodeStart(row)
        try await readRules(compiled)
        let empty = Batch(
            start: start, sources: Dictionary(uniqueKeysWithValues: sources.map { ($0.id, $0) }),
            names: Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0.id) }), ranges: [])
        while let piece = await queue.next() {
            try Task.checkCancellation()
            switch piece {
            case .source(let id):
                if let source = empty.sources[id] { try await verifySource(source, page, &report) }
            case .assets(let range): progress(try await verifyAssets(range, empty.sources, compiled, &report))
            case .cis(let range): progress(try await verifyCIs(range, empty, compiled, &report))
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
}
