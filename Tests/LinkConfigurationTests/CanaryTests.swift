import Glibc
import LinkConfiguration
import LinkTesting
import Logging
import Postgres
import Synchronization
import Testing

/// More than two hundred connection strings with something wrong in them and a password that must appear nowhere.
@Suite struct CanaryTests {
    private static let canary = "C4N4RY-hunter2"

    /// With `@` for the canary's place; nothing leads further than this machine.
    private static let forms = [
        "postgresql://u:@P@127.0.0.1:1/db?bogus=1", "postgresql://u:@P%zz@127.0.0.1:1/db", "postgresql://u:@P@[::1/db",
        "postgresql://u:@P@[zz]:1:2/db", "postgres://u:@P@127.0.0.1:port/db", "postgresql://u:@P@127.0.0.1:99999/db",
        "postgresql:/u:@P@127.0.0.1:1/db", "postgresq://u:@P@127.0.0.1:1/db", "http://u:@P@127.0.0.1:1/db",
        "postgresql://u:@P", "u:@P@127.0.0.1", "postgresql://u:@P@@127.0.0.1:1/db",
        "postgresql://u:@P/x@127.0.0.1:1/db",
        "postgresql://u:@P@127.0.0.1:1/db?sslmode=@P", "postgresql://127.0.0.1:1/db?password=@P&x",
        "postgresql://127.0.0.1:1/db?password=@P&sslmode=bogus", "host=/nonexistent password=@P x",
        "host=/nonexistent password='@P", "password=@P password", "host=/nonexistent password=@P sslmode=bogus",
        "port=abc host=/nonexistent password=@P", "host=/nonexistent password = @P =",
        "password=@P host=/nonexistent port=99999",
        "host=/nonexistent passwort=@P", "host=/nonexistent dbname=postgresql://u:@P@h/db", "@P",
        "host=/nonexistent sslpassword=@P sslkey=/nonexistent",
        "host=/nonexistent options='-c x=@P' password=@P client_encoding=x",
    ]

    private static let corpus: [String] = forms.flatMap { form -> [String] in
        let text = form.split(separator: "@P", omittingEmptySubsequences: false).joined(separator: canary)
        return [
            text, " \(text)", "\(text)'", "\(text)%", "\(text) =", "\(text)\n", "'\(text)", "\(text)\\",
            "\(text)&password=\(canary)",
        ]
    }

    @Test func thereAreTwoHundred() {
        #expect(Set(Self.corpus).count >= 200)
        #expect(Self.corpus.allSatisfy { $0.contains(Self.canary) })
    }

    /// No error, no log at any level, no printed configuration has it.
    @Test func noErrorAndNoLogHasIt() async throws {
        let lines = Mutex<[String]>([])
        var logger = Logger(label: "canary") { _ in LineHandler { line in lines.withLock { $0.append(line) } } }
        logger.logLevel = .trace
        for text in Self.corpus {
            var said: [String] = []
            let settings = ConnectionSettings(text)
            said.append("\(settings)")
            do { try settings.check() } catch { said.append("\(error)") }
            do {
                let connection = try await PostgresConnection.connect(settings, logger: logger)
                await connection.close()
                Issue.record("it connected")
            } catch {
                said += ["\(error)", String(reflecting: error), error.hint ?? ""]
            }
            for way in [0, 1, 2] {
                do throws(Configured.Problems) {
                    let configured = try Configured(
                        file: way == 0 ? "database:\n  connection: \(text)\n" : nil,
                        environment: way == 1 ? ["ASSETLINKD_DATABASE_CONNECTION": text] : [:],
                        flags: way == 2 ? ["database.connection": text] : [:])
                    said.append(PrintedConfiguration.inForce(configured))
                } catch {
                    said.append("\(error)")
                }
            }
            let told = said.filter { $0.contains(Self.canary) }
            #expect(told.isEmpty, "number \(Self.corpus.firstIndex(of: text) ?? 0)")
        }
        #expect(!lines.withLock { $0.contains { $0.contains(Self.canary) } })
    }

    /// The program itself: not in what it writes, and not in its arguments, as every user's `ps` has them.
    @Test func theProgramSaysItNowhere() async throws {
        for text in Self.corpus.enumerated().filter({ $0.offset % 9 == 0 }).map(\.element) {
            let program = try BuiltProgram.path("assetlinkd")
            let byVariable = try await ChildProcess.start(
                [program, "--log-level", "trace"], environment: ["ASSETLINKD_DATABASE_CONNECTION": text])
            try await Eventually.true("it has said something or ended") {
                byVariable.ending != nil || byVariable.output.contains("trying again")
            }
            #expect(!byVariable.output.contains(Self.canary))
            #expect(!arguments(of: byVariable.pid).contains(Self.canary))
            byVariable.signal(SIGKILL)
            let byFlag = try await ChildProcess.start([program, "--database", text, "--print-config"])
            _ = try await byFlag.ended()
            #expect(!byFlag.output.contains(Self.canary))
        }
    }

    private func arguments(of pid: pid_t) -> String {
        guard let file = fopen("/proc/\(pid)/cmdline", "r") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    private struct LineHandler: LogHandler {
        let take: @Sendable (String) -> Void
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        init(_ take: @escaping @Sendable (String) -> Void) { self.take = take }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { take("\(event.message) \(event.metadata ?? [:])") }
    }
}
