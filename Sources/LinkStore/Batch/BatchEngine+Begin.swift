import LinkCore
import Logging
import Postgres

/// A batch under way: what was read at its start and what is planned.
struct Batch {
    let start: BatchStart
    var sources: [Int32: SourceInfo]
    var names: [String: Int32]
    var ranges: [BulkRange]
    var work = Work()
    var assets: [AssetRef: AssetChange] = [:]
    var cis: [CIRef: CIChange] = [:]
    /// Values suspect as of this batch, among those that were looked at.
    var suspects: Set<KindValue> = []
    var hood = Neighbourhood()
    /// What becomes of the assets' keys, as far as follows from what was read so far.
    var keyDiff = AssetKeyDiff()
    var decisions: [CIRef: CIDecision] = [:]
    /// How the CIs were read, where a comparison needs it after they are decided.
    var readings: [CIRef: CIReading] = [:]
    var plan = Plan()
    /// Sources whose changed records are held in this batch, and those of which everything is.
    var held: Set<Int32> = []
    var heldWhole: Set<Int32> = []
    /// Sources whose tables their owner has locked just now: their keys wait for a later batch.
    var lockedOut: Set<Int32> = []
    /// The sources with write-back.
    var writtenBack: Set<Int32> = []
    /// Keys are made by other rules: nothing else is taken in, nothing is decided.
    var isRekeying = false
    /// The activation of one version begins before that of another was through.
    var interruptsActivation = false

    var time: Timestamp { start.time }
    var id: Int64 { start.cursor.batchID + 1 }
    /// Up to where the log is taken in once this batch is committed.
    var seen: Snapshot { isRekeying ? start.cursor.snapshot : start.snapshot }
    /// Whether pins or blocks are in force, those that this batch takes in included.
    var hasPairs: Bool { start.hasPairs || !plan.newPairs.isEmpty }

    /// The asset sources that CIs of a source are matched against.
    func assetSources(of ciSource: Int32) -> [Int32] {
        let all = sources.values.filter { $0.side == .asset && !$0.isDropped }.map(\.id).sorted()
        guard let bound = sources[ciSource]?.assetSources else { return all }
        return all.filter { bound.contains($0) }
    }
}

extension BatchEngine {
    /// Opens the transaction: the locks first, only then the snapshot (engine point 3), and what is new in the log.
    func begin() async throws -> (Batch, [LogRow]) {
        var list = [
            Statement("BEGIN ISOLATION LEVEL REPEATABLE READ"),
            Statement("SET LOCAL lock_timeout = '\(limits.lockTimeoutMilliseconds)ms'"),
        ]
        // TRUNCATE and rewrites are not MVCC-safe: without the lock an older snapshot would read an empty table.
        let lock = tables.filter { !lockedTables.contains($0) }
        if !lock.isEmpty {
            list.append(Statement("LOCK TABLE \(lock.joined(separator: ", ")) IN ACCESS SHARE MODE"))
        }
        let first = list.count
        list += [CursorStatements.start, ChangeLog.live(since: cursor.snapshot, limit: limits.live + 1)]
        let results: [Rows]
        do {
            results = try await flush(list)
        } catch {
            guard !lock.isEmpty, error.statementIndex == 2 else { throw error }
            await rollback()
            // The list was read before; whatever is wrong with a table, look at all of them again.
            if error.sqlState == "55P03" { throw StoreError.sourcesLocked }
            tables = []
            if let source = try await sourceWithoutTable() { throw StoreError.brokenSource(source: source, error) }
            throw StoreError.tablesChanged
        }
        guard let row = results[first].first else { throw StoreError.corrupt("no cursor") }
        var start = try CursorStatements.decodeStart(row)
        if start.leaseEpoch != epoch {
            await rollback()
            throw StoreError.lostLease
        }
        try await checkCursor(&start)
        let sources = try await currentSources(start)
        let wanted = Set(
            sources.filter { !$0.isDetached && $0.status != .broken && !$0.isDropped && broken[$0.id] == nil }
                .flatMap(\.tables)
        ).sorted()
        if wanted != tables {
            await rollback()
            tables = wanted
            throw StoreError.tablesChanged
        }
        var batch = Batch(
            start: start, sources: Dictionary(uniqueKeysWithValues: sources.map { ($0.id, $0) }),
            names: Dictionary(uniqueKeysWithValues: sources.map { ($0.name, $0.id) }), ranges: cursor.ranges)
        batch.writtenBack = Set(sources.filter(\.writesBack).map(\.id))
        batch.lockedOut = Set(
            sources.filter { !Set($0.tables).isDisjoint(with: lockedTables) }.map(\.id))
        return (batch, try results[first + 1].compactMap { try LogRow($0) })
    }

    /// What the newest batch stored is what this engine remembers, unless another one wrote it: that is read then.
    private func checkCursor(_ start: inout BatchStart) async throws {
        guard start.cursor.batchID != cursor.batchID || start.cursor.snapshot != cursor.snapshot else {
            start.cursor.ranges = cursor.ranges
            start.cursor.links = cursor.links
            return
        }
        let rows = try await flush([CursorStatements.ranges, CursorStatements.links])
        start.cursor.ranges = try rows[0].map { try CursorStatements.decodeRange($0) }
        for row in rows[1] { start.cursor.links[try row.int4(0)] = Int(try row.int8(1)) }
        cursor = start.cursor
        await rollback()
        throw StoreError.staleCursor
    }

    /// The sources as this batch's snapshot sees them.
    private func currentSources(_ start: BatchStart) async throws -> [SourceInfo] {
        if let sources, sources.versions == start.sources { return sources.list }
        let list = try await flush(SourceInfo.statement).map { try SourceInfo($0) }
        sources = (start.sources, list)
        return list
    }

    /// The breaker's window goes on across restarts.
    private func recallEndings() async throws {
        let rows = try await flush(
            Statement(
                """
                SELECT b.committed_at, e.key::integer, e.value::integer
                FROM assetlink_internal.batch AS b CROSS JOIN LATERAL jsonb_each_text(b.ended) AS e
                WHERE b.committed_at > clock_timestamp() - $1 * interval '1 second'
                """, [.int4(Int32(limits.breakerWindow))]))
        ended = try rows.map { (try $0.timestamptz(0), try $0.int4(1), Int(try $0.int8(2))) }
    }

    /// A source that reads a table which is not there any more, or not ours to read.
    private func sourceWithoutTable() async throws -> Int32? {
        let rows = try await connection.query(
            """
            SELECT s.source_id
            FROM assetlink_internal.source AS s
            LEFT JOIN assetlink_internal.source_status AS t USING (source_id)
            WHERE s.detached_at IS NULL AND coalesce(t.status, 'ok') NOT IN ('broken', 'dropped')
                AND s.source_id <> ALL ($1::integer[])
                AND EXISTS (
                    SELECT FROM unnest(s.tables) AS n (name)
                    WHERE has_table_privilege(to_regclass(n.name), 'SELECT') IS NOT TRUE)
            ORDER BY s.source_id LIMIT 1
            """, [.int4s(Array(broken.keys))])
        return try rows.first?.int4(0)
    }

    /// Which of the tables cannot be locked now: asked one by one, each behind its savepoint.
    func findLockedTables() async throws -> Set<String> {
        var locked: Set<String> = []
        _ = try await connection.query("BEGIN")
        _ = try await connection.query("SET LOCAL lock_timeout = '1ms'")
        for table in tables {
            _ = try await connection.query("SAVEPOINT before")
            do {
                _ = try await connection.query(
                    Statement("LOCK TABLE \(table) IN ACCESS SHARE MODE", prepared: false))
            } catch {
                guard error.code == .server else { throw error }
                if error.sqlState == "55P03" { locked.insert(table) }
                _ = try await connection.query("ROLLBACK TO before")
            }
        }
        await rollback()
        return locked
    }

    /// Reads the rule set when there is none yet or another one, and numbers its key spaces.
    func refreshRules(_ batch: inout Batch) async throws {
        guard rules?.version != batch.start.ruleSetVersion else { return }
        if rules == nil { try await recallEndings() }
        let ruleSet = try await RuleSetLoader.load(connection)
        roundTrips += 1
        let compiled = CompiledRuleSet(ruleSet)
        for bad in compiled.placeholders.invalid {
            logger.error(
                "placeholder pattern cannot be read", metadata: ["id": "\(bad.id)", "error": "\(bad.message)"])
        }
        let signatures = compiled.spaces.map(\.signature)
        let rows = try await flush([
            Statement(
                """
                INSERT INTO assetlink_internal.key_space (signature)
                SELECT s FROM unnest($1::text[]) AS s
                WHERE NOT EXISTS (SELECT FROM assetlink_internal.key_space AS k WHERE k.signature = s)
                """, [.texts(signatures)]),
            Self.keySpaces,
        ])
        let numbers = try Self.numbers(rows[1])
        rulesBefore = (rules, reader, spaceIDs, spaceIndex)
        use(compiled, numbers)
    }

    static let keySpaces = Statement("SELECT signature, space_id FROM assetlink_internal.key_space")

    /// Takes the answer to ``keySpaces``: numbers by signature.
    static func numbers(_ rows: Rows) throws(PostgresError) -> [String: Int32] {
        var numbers: [String: Int32] = [:]
        for row in rows { numbers[try row.text(0)] = try row.int4(1) }
        return numbers
    }

    /// From now on everything is read by these rules; a space without a number is one that nothing is stored of.
    func use(_ compiled: CompiledRuleSet, _ numbers: [String: Int32]) {
        spaceIDs = compiled.spaces.map { numbers[$0.signature] ?? -1 }
        spaceIndex = Dictionary(spaceIDs.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        rules = compiled
        reader = SourceReader(rules: compiled)
    }

    /// After a rollback: what was read of the rules is read again.
    func forgetRulesOfThisBatch() {
        guard let before = rulesBefore else { return }
        (rules, reader, spaceIDs, spaceIndex) = before
        rulesBefore = nil
    }
}
