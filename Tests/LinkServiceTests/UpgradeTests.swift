import LinkService
import LinkStore
import LinkTesting
import Postgres
import Synchronization
import Testing

extension DaemonTests {
    /// The schema is upgraded while others write and a daemon works.
    @Suite struct UpgradeTests {
        /// The next migrations, as a later release could have them: what each does to tables that everybody uses.
        private static func later(_ bodies: [String], worksOn: Bool) throws -> [MigrationFile] {
            try bodies.enumerated().map { index, body in
                let number = Schema.expectedVersion + 1 + index
                let mark = worksOn ? "-- works from: 00\(Schema.expectedVersion)\n" : ""
                return try MigrationFile(
                    name: "00\(number)_later.sql", sql: "\(mark)SET LOCAL ROLE assetlink_owner;\n\(body)")
            }
        }

        private static let additions = [
            "ALTER TABLE assetlink_internal.link ADD COLUMN later text; ALTER TABLE itam.asset ADD COLUMN later text;",
            "CREATE INDEX audit_later ON assetlink_internal.audit (actor); ALTER TABLE cmdb.ci ADD COLUMN later text DEFAULT 'x';",
            """
            CREATE TABLE assetlink_internal.later (id bigint PRIMARY KEY);
            ALTER TABLE cmdb.ci ADD CONSTRAINT later CHECK (later <> 'y') NOT VALID;
            ALTER TABLE assetlink_internal.batch ADD COLUMN later integer;
            """,
        ]

        /// Writers of both sides, each with serial numbers of its own, until they are told to stop.
        private final class Writers: Sendable {
            private let state = Mutex((isStopped: false, pairs: 0, longest: Duration.zero))
            var isStopped: Bool { state.withLock { $0.isStopped } }
            var pairs: Int { state.withLock { $0.pairs } }
            var longest: Duration { state.withLock { $0.longest } }

            func stop() { state.withLock { $0.isStopped = true } }

            /// Writes a pair at a time; notes how long each statement took.
            func write(_ conninfo: String, from first: Int) async throws {
                let session = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
                var number = first
                while !isStopped {
                    number += 1
                    for table in ["itam.asset (asset_id", "cmdb.ci (ci_class, ci_id"] {
                        let value = table.hasPrefix("cmdb") ? "'server', \(number)" : "\(number)"
                        let begin = ContinuousClock.now
                        try await session.script(
                            "INSERT INTO \(table), serial_number) VALUES (\(value), 'CZJ\(number)QX')")
                        let time = ContinuousClock.now - begin
                        state.withLock { $0.longest = max($0.longest, time) }
                    }
                    state.withLock { $0.pairs += 1 }
                }
                await session.close()
            }
        }

        /// Runs the body while two writers write; returns them when they have stopped.
        private func besideWriters(_ bench: Bench, _ body: @escaping @Sendable () async throws -> Void) async throws
            -> Writers
        {
            let writers = Writers()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 1...2 {
                    group.addTask { try await writers.write(bench.conninfo, from: writer * 1_000_000) }
                }
                group.addTask {
                    defer { writers.stop() }
                    try await body()
                }
                try await group.waitForAll()
            }
            return writers
        }

        private func everythingIsLinked(_ bench: Bench, _ pairs: Int) async throws {
            try await bench.quiet()
            #expect(
                try await bench.text("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "\(pairs)")
            let report = try await BatchEngine.verify(bench.connection, page: 1_000, logger: quietLogger)
            #expect(report.isClean, "\(report.examples.prefix(3))")
        }

        /// Every version after the one that brought the reference schemas with their feeds, one by one, under writers; then
        /// the first daemon finds everything that they wrote.
        @Test func versionByVersionUnderWriters() async throws {
            let conninfo = try await emptyDatabase()
            let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
            let files = try Migrator().files
            try await Migrator(files: Array(files.prefix(30))).apply(on: connection)
            let bench = Bench(conninfo: conninfo, connection: connection)
            try await bench.makePairs(1...500)
            let writers = try await besideWriters(bench) {
                for count in 31...files.count {
                    try await Migrator(files: Array(files.prefix(count))).apply(on: connection)
                }
            }
            print(
                "\(writers.pairs) pairs written during \(files.count - 30) migrations; the longest wait was \(writers.longest)"
            )
            #expect(writers.pairs > 20)
            try await bench.withDaemon { try await everythingIsLinked(bench, 500 + writers.pairs) }
        }

        /// Migrations that say so leave this very daemon at work, and nobody waits long, though an analyst reads.
        @Test func theDaemonWorksOnAndNobodyWaitsLong() async throws {
            let bench = try await Bench()
            let migrator = Migrator(files: try Migrator().files + Self.later(Self.additions, worksOn: true))
            try await bench.withDaemon {
                try await bench.makePairs(1...200)
                try await bench.quiet()
                let analyst = try await bench.session()
                try await analyst.script("BEGIN; SELECT count(*) FROM itam.asset")
                let migration = try await bench.session()
                let refusals = Mutex(0)
                let writers = try await besideWriters(bench) {
                    // The analyst goes home after the third attempt.
                    try await migrator.apply(
                        on: migration, lockTimeout: .milliseconds(100), retries: 50, backoff: .milliseconds(50)
                    ) { line in
                        let count = refusals.withLock { count in
                            if line.contains("not granted") { count += 1 }
                            return count
                        }
                        if count == 3 { Task { await analyst.close() } }
                    }
                }
                print("the longest wait was \(writers.longest), beside \(refusals.withLock { $0 }) refused attempts")
                #expect(refusals.withLock { $0 } >= 3)
                #expect(writers.longest < .seconds(5))
                try await everythingIsLinked(bench, 200 + writers.pairs)
                #expect(try await Schema.version(on: bench.connection) == Schema.expectedVersion + 3)
                try await Schema.require(on: bench.connection)
            }
            #expect(!bench.complaints.all.contains { $0.contains("schema") }, "\(bench.complaints.all)")
        }

        /// After a migration that it does not know a daemon writes nothing more, and says why it ends.
        @Test func aDaemonEndsWhereItDoesNotWorkAnyMore() async throws {
            let bench = try await Bench()
            let daemon = bench.start()
            try await bench.makePairs(1...20)
            try await bench.quiet()
            let migrator = Migrator(
                files: try Migrator().files
                    + Self.later(["ALTER TABLE assetlink_internal.link ADD COLUMN later text;"], worksOn: false))
            try await migrator.apply(on: bench.connection)
            let last = try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch")
            try await bench.makePairs(21...30)
            let error = await #expect(throws: SchemaMismatch.self) { try await daemon.task.value }
            #expect(error?.databaseIsNewer == true)
            #expect(error?.message.contains("does not work with 00\(Schema.expectedVersion + 1)_later.sql") == true)
            #expect(try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch") == last)
            // The command line and a new daemon say the same.
            await #expect(throws: SchemaMismatch.self) { try await Schema.require(on: bench.connection) }
        }

        /// The control: without letting go of its locks a migration makes everybody wait for the analyst.
        @Test func whoDoesNotLetGoMakesEverybodyWait() async throws {
            let bench = try await Bench()
            let analyst = try await bench.session()
            try await analyst.script("BEGIN; SELECT count(*) FROM itam.asset")
            let migrator = Migrator(files: try Migrator().files + Self.later(Self.additions, worksOn: true))
            let migration = try await bench.session()
            let writers = try await besideWriters(bench) {
                let upgrade = Task { try await migrator.apply(on: migration, lockTimeout: .seconds(60)) }
                // It queues up, and behind it whoever writes.
                try await bench.eventually(
                    "SELECT count(*) >= 2 FROM pg_locks WHERE NOT granted AND relation = 'itam.asset'::regclass")
                try await Task.sleep(for: .seconds(2))
                await analyst.close()
                try await upgrade.value
            }
            #expect(writers.longest >= .seconds(2))
        }
    }
}
