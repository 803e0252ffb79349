import Glibc
import LinkStore
import LinkTesting
import Testing

/// The roles of the contract are enough for what each may do, and for no more.
@Suite struct RoleTests {
    @Test func readersRead() async throws {
        let database = try await smallFleet()
        let login = database + " user=" + (try await role("reader", database))
        let commands = [
            ["coverage"], ["coverage", "--by-class"], ["orphans"], ["conflicts"], ["conflicts", "show", "601"],
            ["stale"],
            ["audit"], ["sources"], ["dead-letters"], ["held"], ["explain", "sw-01"], ["explain", "web-02"],
        ]
        for command in commands {
            let outcome = await run(command + ["-d", login])
            #expect(outcome.code == 0, "\(command): \(outcome.errors)")
        }
        #expect(await run("status", "-d", login).code == 1)
        #expect(await run("resync", "itam", "--reason", "test", "-d", login).code == 4)
    }

    @Test func operatorsAct() async throws {
        let database = try await smallFleet()
        let login = database + " user=" + (try await role("operator", database))
        let outcome = await run("resync", "itam", "--reason", "test", "--wait", "0", "-d", login)
        #expect(outcome.code == 0, "\(outcome.errors)")
    }

    @Test func checkingASourceNeedsItsTables() async throws {
        let database = try await smallFleet()
        let login = database + " user=" + (try await role("reader", database))
        let outcome = await run("sources", "check", "itam", "-d", login)
        #expect(outcome.code == 4)
        #expect(outcome.errors.contains("assetlink_integrator"))
    }

    @Test func aSupportBundleSaysWhatItMayNotRead() async throws {
        let database = try await smallFleet()
        try await execute("REVOKE SELECT ON assetlink.setting FROM assetlink_reader", database)
        let login = database + " user=" + (try await role("reader", database))
        let file = try temporaryFile("")
        unlink(file)
        defer { unlink(file) }
        let outcome = await run("support-bundle", file, "-d", login)
        #expect(outcome.code == 0 && outcome.text.contains("This role may not read: settings."), "\(outcome)")
        #expect(try TextFile.read(file).contains("{\"section\": \"settings\", \"unreadable\": true}"))
    }

    /// A login role that has just one of the contract's roles; roles belong to the cluster, so each test has its own.
    private func role(_ group: String, _ database: String, _ test: String = #function) async throws -> String {
        let name = "ctl_\(group)_\(test.prefix { $0 != "(" })".lowercased()
        try await execute("DROP ROLE IF EXISTS \(name); CREATE ROLE \(name) LOGIN IN ROLE assetlink_\(group)", database)
        return name
    }
}
