import Glibc
import LinkStore
import Testing

/// What is sent to somebody who helps: enough, and nothing that is nobody else's business.
@Suite struct SupportBundleTests {
    private static let canary = "C4N4RY-hunter2"

    @Test func itHasNoRecordAndNoSecret() async throws {
        let database = try await smallFleet()
        try await execute(
            """
            INSERT INTO assetlink_internal.dead_letter (source_id, key, feed, raw, error_code, error_text)
            SELECT source_id, '\(Self.canary)', 'event', '\(Self.canary)', '22P02', 'not a number: \(Self.canary)'
            FROM assetlink_internal.source WHERE name = 'cmdb_events';
            """, database)
        let config = try temporaryFile("database: {connection: \"host=/x password=\(Self.canary)\"}\n")
        let file = config + ".bundle"
        defer {
            unlink(config)
            unlink(file)
        }
        // What runs is shown by the server, too: the bundle must not take it along.
        let outcome = await run("support-bundle", "--config", config, file, "-d", database)
        #expect(outcome.code == 0 && outcome.text == "\(file): 15 sections. Read it before you send it.", "\(outcome)")
        let text = try TextFile.read(file)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 15 && lines.allSatisfy { $0.hasPrefix("{\"section\": \"") && $0.hasSuffix("}") })
        for wanted in [
            "\"error_code\":\"22P02\"", "\"schema\": \(Schema.expectedVersion)", "\"indexrelname\":\"ci_discovered\"",
            "\"application_name\":\"assetlinkctl\"", "\"problems\"",
        ] {
            #expect(text.contains(wanted), "\(wanted)")
        }
        for secret in [Self.canary, "web-01", "sw-01", "SELECT "] { #expect(!text.contains(secret), "\(secret)") }
        var facts = stat()
        #expect(stat(file, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        #expect(await run("support-bundle", file, "-d", database).code == 64)
    }
}
