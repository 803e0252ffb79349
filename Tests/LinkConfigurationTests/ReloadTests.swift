import FoundationEssentials
import Glibc
import LinkTesting
import Postgres
import Testing

/// SIGHUP: all of the settings take effect, or none.
@Suite(.serialized) struct ReloadTests {
    private func write(_ text: String, _ path: String) {
        #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
    }

    private func said(_ listener: DatagramListener, until word: String) throws -> [String] {
        var all: [String] = []
        while all.count < 1_000 {
            all.append(try listener.next())
            if all.last?.contains(word) == true { break }
        }
        return all
    }

    @Test func allOrNothing() async throws {
        let conninfo = try await migratedDatabase()
        let path = "/tmp/assetlinkd-\(UInt32.random(in: .min ... .max)).yaml"
        defer { unlink(path) }
        let listener = try DatagramListener(isAbstract: false)
        func file(_ more: String) -> String { "database:\n  connection: \"\(conninfo)\"\nlog:\n  level: info\n\(more)" }
        write(file(""), path)
        let daemon = try await ChildProcess.start(
            [BuiltProgram.path("assetlinkd"), "--config", path], environment: ["NOTIFY_SOCKET": listener.name])
        _ = try said(listener, until: "READY=1")

        // Wrong in one place: none of it.
        write(file("wake:\n  doorbell: false\nbreaker:\n  percent: many\n"), path)
        daemon.signal(SIGHUP)
        try await daemon.hasWritten("the configuration was not taken; everything is as it was")
        var told = try said(listener, until: "READY=1")
        #expect(told.contains { $0.hasPrefix("RELOADING=1\nMONOTONIC_USEC=") })
        #expect(!told.contains { $0.contains("STOPPING") })
        #expect(!daemon.output.contains("polling, as asked"))

        // A database that is not there: none of it.
        write("database:\n  connection: host=/nonexistent\n", path)
        daemon.signal(SIGHUP)
        try await Eventually.true("it is refused again") {
            daemon.output.split(separator: "\n").filter { $0.contains("the configuration was not taken") }.count == 2
        }
        told = try said(listener, until: "READY=1")

        // Right: all of it, and ready again by it; the lease stays, although another one would take it at once.
        let other = try await ChildProcess.start(
            [BuiltProgram.path("assetlinkd")], environment: ["ASSETLINKD_DATABASE_CONNECTION": conninfo])
        try await other.hasWritten("standing by")
        write(file("wake:\n  doorbell: false\n"), path)
        daemon.signal(SIGHUP)
        told = try said(listener, until: "READY=1")
        #expect(told.first { $0.contains("RELOADING") } != nil)
        #expect(!told.contains { $0.contains("STOPPING") })
        try await daemon.hasWritten("the configuration was read again and taken")
        try await daemon.hasWritten("polling, as asked")
        let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
        try await Eventually.holds(
            "SELECT mode_reason = 'asked' AND epoch = 2 FROM assetlink.daemon_status", on: connection)
        #expect(!other.output.contains("leading"))
        await connection.close()
        daemon.signal(SIGTERM)
        _ = try said(listener, until: "STOPPING=1")
        #expect(try await daemon.ended() == .exited(0))
        try await other.hasWritten("leading")
        other.signal(SIGTERM)
        #expect(try await other.ended() == .exited(0))
    }

    @Test func wrongSettingsEndItBeforeItBegins() async throws {
        let path = "/tmp/assetlinkd-\(UInt32.random(in: .min ... .max)).yaml"
        defer { unlink(path) }
        write("breaker:\n  percnt: 5\n", path)
        let daemon = try await ChildProcess.start([BuiltProgram.path("assetlinkd"), "--config", path])
        #expect(try await daemon.ended() == .exited(78))
        #expect(daemon.output.contains("line 2: breaker.percnt is no setting"))
        let without = try await ChildProcess.start([BuiltProgram.path("assetlinkd"), "--config", "/nonexistent.yaml"])
        #expect(try await without.ended() == .exited(78))
    }
}
