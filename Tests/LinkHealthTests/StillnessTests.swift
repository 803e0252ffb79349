import LinkHealth
import LinkService
import LinkStore
import LinkTesting
import Logging
import Postgres
import Synchronization
import Testing

/// A log that holds whoever writes a message until it is let go: how a test makes a thread of the daemon stand still.
private final class Trap: Sendable {
    private let message: String
    private let isOpen: Mutex<Bool>

    init(at message: String, isOpen: Bool = false) {
        self.message = message
        self.isOpen = Mutex(isOpen)
    }

    func set() { isOpen.withLock { $0 = false } }
    func open() { isOpen.withLock { $0 = true } }

    func pass(_ text: String) {
        guard text == message else { return }
        while !isOpen.withLock({ $0 }) {}
    }

    struct Handler: LogHandler {
        let trap: Trap
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { trap.pass("\(event.message)") }
    }

    var logger: Logger {
        var logger = Logger(label: "trap") { _ in Handler(trap: self) }
        logger.logLevel = .info
        return logger
    }
}

extension HealthTests {
    /// Health is the loop's progress, not that somebody answers.
    @Suite struct StillnessTests {
        @Test func aLoopThatStandsStillIsNotAlive() async throws {
            let trap = Trap(at: "leading")
            let bench = try await HealthBench(logger: trap.logger) { $0.loopPatience = .milliseconds(500) }
            let port = try await bench.port()
            try await Eventually.true("it is seen to stand still") { try ask(port, "/livez").status == 503 }
            #expect(try ask(port, "/livez").body.hasPrefix("the loop has stood still for "))
            #expect(try ask(port, "/readyz").body.contains("[-]loop failed: the loop has stood still"))
            trap.open()
            try await Eventually.true("it lives again") { try ask(port, "/livez").status == 200 }
            _ = try await bench.ready()
            try await bench.end()
        }

        @Test func aBatchThatComputesForEverIsNotAlive() async throws {
            let trap = Trap(at: "backlog goes to the bulk lane", isOpen: true)
            let bench = try await HealthBench(logger: trap.logger) {
                $0.callPatience = .seconds(1)
                $0.limits.live = 5
            }
            let port = try await bench.ready()
            try await bench.quiet()
            trap.set()
            try await bench.connection.script(
                "INSERT INTO itam.asset (asset_id, serial_number) SELECT n, 'CZJ' || n FROM generate_series(1, 50) AS n"
            )
            try await Eventually.true("it is seen to stand still") { try ask(port, "/livez").status == 503 }
            #expect(try ask(port, "/livez").body.hasPrefix("a call has computed for "))
            trap.open()
            try await Eventually.true("it lives again") { try ask(port, "/livez").status == 200 }
            try await bench.quiet()
            try await bench.end()
        }

        /// A server that is slow to answer is no reason to begin anew.
        @Test func aSlowServerIsNoStillness() async throws {
            let bench = try await HealthBench {
                $0.callPatience = .milliseconds(300)
                $0.limits.lockTimeoutMilliseconds = 20_000
            }
            let port = try await bench.ready()
            let other = try await bench.other()
            try await other.script("BEGIN; LOCK TABLE assetlink_internal.ci_decision IN ACCESS EXCLUSIVE MODE")
            try await bench.connection.script(
                "INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'linux_server', 'CZJ80001QX')")
            let isWaiting = """
                SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'assetlinkd work'
                    AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '2 seconds')
                """
            try await Eventually.true("a batch has waited for two seconds") {
                #expect(try ask(port, "/livez").status == 200)
                return try await bench.connection.query(isWaiting).first?.bool(0) ?? false
            }
            try await other.script("ROLLBACK")
            await other.close()
            try await bench.quiet()
            try await bench.end()
        }
    }
}
