import Glibc
import LinkTesting
import Postgres
import Testing

/// Ctrl-C in a terminal leaves nothing half done, and says what became of the work.
@Suite struct InterruptTests {
    @Test func whileWaitingForTheEffect() async throws {
        let database = try await smallFleet()
        // Somebody leads, and does nothing.
        try await execute(
            """
            INSERT INTO assetlink_internal.lease (holder, epoch, expires_at)
            VALUES ('one that sleeps', 1, clock_timestamp() + '1 hour')
            """, database)
        let text = try await interrupted(
            ["pin", "web-02", "A-5", "--reason", "seen", "--wait", "600"], database, after: "waiting for the daemon")
        let number = try await value("SELECT max(decision_id) FROM assetlink.operator_decision", database) ?? "none"
        #expect(
            text.contains("interrupted. Recorded under number \(number): the daemon takes it up by itself."), "\(text)")
        #expect(try await value("SELECT count(*) FROM assetlink.operator_decision", database) == "1")
    }

    @Test func inTheMiddleOfAFileOfDecisions() async throws {
        let database = try await smallFleet()
        let before = try await value("SELECT count(*) FROM assetlink.operator_act", database)
        let lines = (0..<20_000).map { _ in "requeue,web-02,again" }
        let file = try temporaryFile("action,ci,reason\n" + lines.joined(separator: "\n") + "\n")
        let text = try await interrupted(["decisions", "load", file], database, after: "of 20,000 lines")
        #expect(text.contains("Nothing was recorded: the file is loaded whole or not at all."), "\(text)")
        #expect(try await value("SELECT count(*) FROM assetlink.operator_act", database) == before)
        unlink(file)
    }

    @Test func inTheMiddleOfAFleet() async throws {
        let database = try await migratedDatabase()
        let text = try await interrupted(
            ["fleet", "load", "--machines", "300000"], database, after: "of 300,000 machines")
        #expect(text.contains("interrupted. Nothing was loaded."), "\(text)")
        #expect(
            try await value("SELECT (SELECT count(*) FROM itam.asset) + (SELECT count(*) FROM cmdb.ci)", database)
                == "0")
    }

    @Test func inTheMiddleOfAnExport() async throws {
        let database = try await smallFleet()
        try await execute(
            """
            INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, rule_set_version)
            SELECT 1, now(), 'assetlinkd', 'requeue', 1 FROM generate_series(1, 300000)
            """, database)
        let text = try await interrupted(["audit", "--all", "--csv"], database, after: "requeue")
        #expect(text.contains("What was written ends in the middle; nothing was changed."))
        #expect(text.split(separator: "\n").count < 300_000)
    }

    @Test func aFileIsThereWholeOrNotAtAll() async throws {
        let file = try temporaryFile("before")
        let text = try await interrupted(
            ["fleet", "generate", "--machines", "3000000", "--output", file], "", after: "of 3,000,000 machines")
        #expect(text.contains("interrupted. No file was written."), "\(text)")
        #expect(try SmallFile(file).text == "before")
        #expect(access(file + ".part", F_OK) != 0)
        unlink(file)
    }

    /// Nothing is waited for where the work stands in a read that no signal ends.
    @Test func whatHangsIsLeft() async throws {
        let database = try await smallFleet()
        let pipe = try temporaryFile("")
        unlink(pipe)
        try #require(mkfifo(pipe, 0o600) == 0)
        // Opened for both, so that the program's own opening does not wait for a writer.
        let writer = open(pipe, O_RDWR | O_CLOEXEC)
        defer {
            close(writer)
            unlink(pipe)
        }
        let child = try await ChildProcess.start(
            [try BuiltProgram.path("assetlinkctl"), "decisions", "load", pipe],
            environment: programEnvironment(database), columns: 80)
        try await executeUntil(
            """
            SELECT count(*) = 1 FROM pg_stat_activity
            WHERE application_name = 'assetlinkctl' AND datname = current_database() AND state = 'idle'
                AND query LIKE '%search_path%'
            """, database)
        child.signal(SIGTERM)
        #expect(try await child.ended() == .exited(143))
        #expect(child.output.contains("interrupted. Nothing was changed."), "\(child.output)")
    }

    /// What it wrote to a terminal; the signal comes once a text stands there.
    private func interrupted(_ command: [String], _ database: String, after text: String) async throws -> String {
        let child = try await ChildProcess.start(
            [try BuiltProgram.path("assetlinkctl")] + command, environment: programEnvironment(database), columns: 80)
        try await child.hasWritten(text)
        child.signal(SIGINT)
        #expect(try await child.ended() == .exited(130), "\(command)")
        let output = child.output.replacing("\r\n", with: "\n")
        // The line of progress is wiped, the cursor was never hidden, and the prompt comes on a line of its own.
        let last = output.split(separator: "\r\u{1B}[K").last ?? ""
        #expect(!last.contains("█") && !last.contains(" …\n"), "\(last.suffix(200))")
        #expect(!output.contains("\u{1B}[?25l") && output.hasSuffix("\n"))
        return output
    }

    /// A small file's text.
    private struct SmallFile {
        let text: String

        init(_ path: String) throws {
            let file = try #require(fopen(path, "r"))
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = fread(&bytes, 1, bytes.count, file)
            text = String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }
}
