import Glibc
import LinkTesting
import Postgres
import Testing

/// The program itself under a service manager, whose socket is the test's.
@Suite(.serialized) struct NotifyTests {
    private func start(
        _ database: String, _ listener: DatagramListener, watchdog: Duration? = nil, _ more: [String] = []
    ) async throws -> ChildProcess {
        var environment = ["NOTIFY_SOCKET": listener.name]
        if let watchdog { environment["WATCHDOG_USEC"] = "\(watchdog.components.seconds * 1_000_000)" }
        return try await ChildProcess.start(
            [BuiltProgram.path("assetlinkd"), "--database", database] + more, environment: environment)
    }

    /// All that is said until a word comes, which is the last.
    private func said(_ listener: DatagramListener, until word: String) throws -> [String] {
        var all: [String] = []
        while all.count < 1_000 {
            all.append(try listener.next())
            if all.last?.contains(word) == true { break }
        }
        return all
    }

    @Test(arguments: [false, true]) func readyWhenItHasLookedAtTheLog(isAbstract: Bool) async throws {
        let listener = try DatagramListener(isAbstract: isAbstract)
        let conninfo = try await migratedDatabase("readyWhenItHasLookedAtTheLog_\(isAbstract)")
        let daemon = try await start(conninfo, listener)
        let first = try said(listener, until: "READY=1")
        #expect(first.dropLast().allSatisfy { $0.contains("EXTEND_TIMEOUT_USEC=") })
        #expect(first.last?.contains("STATUS=leading (epoch 1); ") == true, "\(first)")
        // Ready is said when it is so: a batch was looked for under the lease.
        let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        #expect(
            try await connection.query("SELECT leader IS NOT NULL FROM assetlink.daemon_status").first?.bool(0) == true)
        await connection.close()
        daemon.signal(SIGTERM)
        let last = try said(listener, until: "STOPPING=1")
        #expect(!last.contains { $0.contains("READY=1") }, "ready is said once")
        #expect(try await daemon.ended() == .exited(0))
    }

    @Test func whoStandsByIsReadyToo() async throws {
        let conninfo = try await migratedDatabase()
        let (one, two) = (try DatagramListener(isAbstract: false), try DatagramListener(isAbstract: false))
        let leader = try await start(conninfo, one)
        _ = try said(one, until: "READY=1")
        let standby = try await start(conninfo, two)
        #expect(try said(two, until: "READY=1").last?.contains("STATUS=standing by: another daemon leads") == true)
        leader.signal(SIGTERM)
        #expect(try await leader.ended() == .exited(0))
        _ = try said(two, until: "STATUS=leading")
        standby.signal(SIGTERM)
        #expect(try await standby.ended() == .exited(0))
    }

    /// A database that is away is waited for: the time for starting is asked for anew, and the loop gets on.
    @Test func notReadyWithoutADatabase() async throws {
        let listener = try DatagramListener(isAbstract: false)
        let daemon = try await start("host=/nonexistent user=canary", listener, watchdog: .seconds(2))
        var heard: [String] = []
        while heard.count(where: { $0.contains("WATCHDOG=1") }) < 4 { heard.append(try listener.next()) }
        #expect(heard.allSatisfy { !$0.contains("READY=1") && !$0.contains("canary") })
        #expect(heard.last?.contains("STATUS=connecting: the server cannot be reached") == true)
        #expect(heard.last?.contains("EXTEND_TIMEOUT_USEC=") == true)
        #expect(!daemon.output.contains("canary"))
        daemon.signal(SIGTERM)
        #expect(try await daemon.ended() == .exited(0))
    }

    /// The watchdog hears of the loop, not of a timer: a process that stands still is silent.
    @Test func aStoppedProcessFeedsNoWatchdog() async throws {
        let listener = try DatagramListener(isAbstract: false)
        let daemon = try await start(try await migratedDatabase(), listener, watchdog: .seconds(2))
        _ = try said(listener, until: "READY=1")
        for _ in 0..<3 { _ = try said(listener, until: "WATCHDOG=1") }
        daemon.signal(SIGSTOP)
        try await daemon.stands()
        _ = listener.heard()
        let end = ContinuousClock.now + .seconds(3)
        try await Eventually.true("three seconds have gone by") { ContinuousClock.now > end }
        #expect(listener.heard().isEmpty)
        daemon.signal(SIGCONT)
        _ = try said(listener, until: "WATCHDOG=1")
        daemon.signal(SIGTERM)
        #expect(try await daemon.ended() == .exited(0))
    }

    @Test func aSecondSignalEndsItAtOnce() async throws {
        let listener = try DatagramListener(isAbstract: false)
        let conninfo = try await migratedDatabase()
        let daemon = try await start(conninfo, listener)
        _ = try said(listener, until: "READY=1")
        // A batch that waits for a lock cannot end by itself.
        let other = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        try await other.script("BEGIN; LOCK TABLE assetlink_internal.batch IN ACCESS EXCLUSIVE MODE")
        daemon.signal(SIGTERM)
        _ = try said(listener, until: "STOPPING=1")
        daemon.signal(SIGTERM)
        let ending = try await daemon.ended()
        #expect(ending == .exited(143) || ending == .exited(0))
        await other.close()
    }

    /// Why it does not start is told to who started it, in one line.
    @Test func aRefusalIsToldAsStatus() async throws {
        let listener = try DatagramListener(isAbstract: false)
        let daemon = try await start(try await emptyDatabase(), listener)
        let last = try said(listener, until: "STATUS=ended: ").last
        #expect(last?.contains("assetlinkctl migrate") == true)
        #expect(try await daemon.ended() == .exited(5))
    }
}
