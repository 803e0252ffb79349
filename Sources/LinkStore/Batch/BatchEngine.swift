package import LinkCore
package import Logging
package import Postgres

/// How large a batch may get, and when the breaker trips.
package struct BatchLimits: Sendable {
    /// Log rows taken from the live lane at once; more becomes a bulk range.
    package var live = 2_000
    /// Records of bulk ranges taken in one batch, at most: what bounds memory.
    package var bulk = 2_000
    /// How long a batch of them may take; pages shrink when it takes longer.
    package var bulkTime: Duration = .milliseconds(500)
    /// The same while live changes come too, which wait for it.
    package var bulkTimeBesideLive: Duration = .milliseconds(20)
    /// Holders of one key or value re-decided in the batch itself; more go to the bulk lane.
    package var holders = 2_000
    /// Items of a discovery payload taken in one transaction.
    package var discovery = 1_000
    /// How many bytes they may have together, but for the last one.
    package var discoveryBytes = 8_000_000
    /// How long a batch waits for the lock of a source's tables.
    package var lockTimeoutMilliseconds = 50
    /// The breaker: share of the active links, and the least number, that one source may end in the window.
    package var breakerPercent = 10
    package var breakerMinimum = 50
    /// The breaker's sliding window in seconds.
    package var breakerWindow = 900

    package init() {}
}

/// What one batch did.
package struct BatchReport: Sendable {
    package var batchID: Int64
    /// Log rows and bulk records taken in.
    package var changes = 0
    /// Events older than what is known.
    package var ignored = 0
    package var auditRows = 0
    /// When the oldest change of the batch was written.
    package var oldestLoggedAt: Timestamp?
    /// The time of the batch: its snapshot's, by the database's clock.
    package var time: Timestamp
    package var ranges: [BulkRange] = []
    /// When each log row that it took in was written.
    package var loggedAt: [Timestamp] = []
    /// From the snapshot to the answer to the commit.
    package var duration = Duration.zero
    /// CIs that were decided, by what they are now.
    package var decisions: [CIState: Int] = [:]
    /// What became of links.
    package var links = LinkCounts()
    /// Records and events that cannot be taken in.
    package var rejected = 0
    /// There is something to write back, or write-back was switched on or off.
    package var writesBack = false
    /// Round trips and statements, which must not grow with the batch.
    package var roundTrips = 0
    package var statements = 0

    /// How long a change took from its row in the log to the commit that took it in; never negative, as clocks are set.
    package func lag(of loggedAt: Timestamp) -> Duration {
        max(.zero, .microseconds(time - loggedAt) + duration)
    }
}

/// What a batch did to links.
package struct LinkCounts: Hashable, Sendable {
    package var made = 0
    package var closed = 0
    /// Their asset ended, was deleted, or is disputed.
    package var stale = 0
    /// Active again, or for another reason than before.
    package var renewed = 0
}

/// What came of a look at the log.
package enum BatchOutcome: Sendable {
    /// Nothing new and no open range.
    case idle(Snapshot)
    case done(BatchReport)
}

/// Runs batches on one connection: one REPEATABLE READ transaction each (engine points 3 and 4).
///
/// Not `Sendable`: one task owns it, as one task owns the transaction.
package final class BatchEngine {
    let connection: PostgresConnection
    let logger: Logger
    let limits: BatchLimits
    /// The lease's epoch under which batches are written.
    package let epoch: Int64

    /// The newest cursor known; checked against the table by every batch.
    var cursor = Cursor.beginning
    /// The sources as last read, and the versions of their rows: read again by the batch that sees others.
    var sources: (versions: String, list: [SourceInfo])?
    var rules: CompiledRuleSet?
    var reader = SourceReader(rules: CompiledRuleSet(RuleSet(version: 0, classes: [])))
    /// Number of each space of the rule set in `key_space`.
    var spaceIDs: [Int32] = []
    var spaceIndex: [Int32: Int] = [:]
    /// The rules before the batch under way read others: the spaces that it stored are gone when it is rolled back.
    var rulesBefore: (rules: CompiledRuleSet?, reader: SourceReader, ids: [Int32], index: [Int32: Int])?
    /// The tables that the last batch locked.
    var tables: [String] = []
    /// Links ended per source in the breaker's window: (time, source, count).
    var ended: [(time: Timestamp, source: Int32, count: Int)] = []

    /// What the attempt before this one ran into, until a batch has said so.
    var trips: [Int32: (ending: Int, window: Int, limit: Int)] = [:]
    var broken: [Int32: PostgresError] = [:]
    /// Why the rules in force are held, from the attempt before this one.
    var activationTrip: (source: Int32?, ended: Int, limit: Int)?

    /// Tables that could not be locked in the attempt before.
    var lockedTables: Set<String> = []
    var lockedAt = ContinuousClock().now
    /// Records that fail the batch, with what they fail with: dead letters of the next one.
    var poison: [WorkPiece: Poison] = [:]
    /// What the batch under way takes in, and what a trial is confined to.
    var tried: [WorkPiece] = []
    var trial: Set<WorkPiece>?
    /// A constraint failed in the attempt before: links or decisions may have been changed by hand.
    var mendsAll = false
    /// There may be discovery payloads to work on: so at first, and whenever the log says so.
    var isDiscoveryDue = true
    /// The items of the last page of discovery: those that are taken apart when it fails.
    var discovered: [Int] = []
    /// Only compares: nothing may be written.
    var isVerifying = false
    /// Works on copies of its own tables: nothing that others see is written.
    var shadow: Shadow?

    var roundTrips = 0
    var statements = 0
    var pace: Pace
    /// Numbers drawn for links that are not used yet.
    var linkIDs: [Int64] = []

    #if DEBUG
        /// Stands between the engine and its connection: how tests lose an answer, or break a step on purpose to see that
        /// their checks notice.
        package var interception: ((PostgresConnection, [Statement]) async throws(PostgresError) -> [Rows])?
    #endif

    package init(connection: PostgresConnection, epoch: Int64, limits: BatchLimits = BatchLimits(), logger: Logger) {
        self.connection = connection
        self.epoch = epoch
        self.limits = limits
        pace = Pace(limits)
        self.logger = logger
    }

    /// The snapshot up to which everything is taken in or stored as a range.
    package var position: Snapshot { cursor.snapshot }

    /// Sends statements in one flush and counts them.
    func flush(_ list: [Statement]) async throws(PostgresError) -> [Rows] {
        roundTrips += 1
        statements += list.count
        let list = shadow.map { shadow in list.map { shadow.turn($0) } } ?? list
        #if DEBUG
            if let interception { return try await interception(connection, list) }
        #endif
        return try await connection.pipeline(list)
    }

    func flush(_ statement: Statement) async throws(PostgresError) -> Rows {
        try await flush([statement])[0]
    }

    func rollback() async { await Self.rollback(connection, logger) }

    /// Ends a transaction; where that fails, the session is lost and the transaction with it.
    static func rollback(_ connection: PostgresConnection, _ logger: Logger) async {
        do { _ = try await connection.query("ROLLBACK") } catch {
            logger.debug("rollback failed", metadata: ["error": "\(error)"])
        }
    }

    /// Reads as of one moment; whatever comes of it, the transaction is over afterwards.
    func onSnapshot<Value>(_ body: () async throws -> Value) async throws -> Value {
        _ = try await connection.query(Self.beginReading)
        do {
            let value = try await body()
            await rollback()
            return value
        } catch {
            await rollback()
            throw error
        }
    }

    /// One moment for everything that is read.
    static let beginReading = Statement("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    /// What every session sets before anything else: nothing of what others put on the search path is called.
    package static let searchPath = "SET search_path = pg_catalog, pg_temp"

    /// The session's own settings: steps are index probes whatever the statistics say (engine, "watch plans").
    ///
    /// Plans are made while the tables are empty and kept: statements that read many records fence each probe off with
    /// `LATERAL (… OFFSET 0)`, or a join of a small table would be kept for a large one.
    package static let sessionSettings = """
        SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
        SET jit = off;
        SET plan_cache_mode = force_generic_plan; SET row_security = off; SET search_path = pg_catalog, pg_temp;
        SET client_min_messages = warning; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD';
        SET extra_float_digits = 1; SET bytea_output = 'hex'; SET intervalstyle = 'iso_8601';
        """
}
