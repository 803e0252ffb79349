import LinkStore
import LinkTesting
import Testing

/// `assetlinkctl migrate` as a person runs it.
@Suite struct MigrateTests {
    @Test func dryRunThenRealThenNothing() async throws {
        let database = try await emptyDatabase()
        let dry = await run("migrate", "--dry-run", "-d", database)
        #expect(dry.code == 0)
        #expect(dry.out.first?.hasPrefix("would apply 0001_roles_and_schemas.sql") == true)
        #expect(dry.out.last == "Nothing was changed: this was a dry run.")
        let real = await run("migrate", "-d", database)
        #expect(real.code == 0)
        #expect(real.out.first == "applied 0001_roles_and_schemas.sql")
        #expect(real.out.last == "The schema is up to date: version \(Schema.expectedVersion).")
        #expect(await run("migrate", "-d", database).out == real.out.suffix(1))
        #expect(await run("migrate", "--dry-run", "-d", database).out == real.out.suffix(1))
    }

    @Test func jsonNamesTheFiles() async throws {
        let database = try await emptyDatabase()
        let outcome = await run("migrate", "--dry-run", "--json", "-d", database)
        #expect(outcome.out.count == 1)
        #expect(
            outcome.text.hasPrefix(
                #"{"schema": "assetlinkctl/migrate.v1", "from": 0, "to": \#(Schema.expectedVersion), "dry_run": true, "#
                    + #""files": [{"number": 1, "name": "0001_roles_and_schemas.sql", "sha256": ""#))
    }

    @Test func sqlIsShownOnRequest() async throws {
        let outcome = await run("migrate", "--dry-run", "--show-sql", "-d", try await emptyDatabase())
        #expect(outcome.text.contains("CREATE SCHEMA assetlink AUTHORIZATION assetlink_owner;"))
        #expect(await run("migrate", "--show-sql").code == 64)
    }

    @Test func folderWithoutMigrations() async {
        let outcome = await run("migrate", "--sql-dir", "/nowhere")
        #expect(outcome.code == 5)
        #expect(outcome.err.last == "  → Name the folder with --sql-dir.")
    }
}
