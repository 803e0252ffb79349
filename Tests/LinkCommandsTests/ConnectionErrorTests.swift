import LinkTesting
import Postgres
import Testing

/// What people read when there is no answer.
@Suite struct ConnectionErrorTests {
    @Test func unreachableServer() async {
        let outcome = await run("status", "-d", "host=/nowhere dbname=x")
        #expect(outcome.code == 3)
        #expect(outcome.out.isEmpty)
        #expect(outcome.errors.hasPrefix("assetlinkctl: PostgreSQL cannot be reached: "))
        #expect(
            outcome.err.last
                == "  → Name the database with --database, or with PGHOST, PGPORT, PGDATABASE, as for psql.")
    }

    @Test func missingDatabase() async throws {
        let outcome = await run("orphans", "-d", try await TestServer.shared().conninfo(database: "no_such_database"))
        #expect(outcome.code == 3)
        #expect(outcome.errors.contains("database \"no_such_database\" does not exist"))
        #expect(outcome.err.last?.contains("createdb") == true)
    }

    @Test func databaseThatWasNeverMigrated() async throws {
        let outcome = await run("status", "-d", try await emptyDatabase())
        #expect(outcome.code == 5)
        #expect(
            outcome.err == [
                "assetlinkctl: The database has no assetlink schema: it was never migrated.",
                "  → Run: assetlinkctl migrate",
            ])
    }

    @Test func databaseOfANewerRelease() async throws {
        let database = try await migratedDatabase()
        try await execute(
            "INSERT INTO assetlink.schema_version (number, name, sha256) VALUES (9999, '9999_future.sql', '')", database
        )
        let status = await run("status", "-d", database)
        #expect(status.code == 6)
        #expect(status.err.last == "  → Use the release that migrated the database.")
        let migrate = await run("migrate", "-d", database)
        #expect(migrate.code == 6)
        #expect(migrate.errors.contains("9999_future.sql"))
    }

    @Test func roleThatMayNotRead() async throws {
        let database = try await migratedDatabase()
        try await execute(
            "DO $$ BEGIN CREATE ROLE ctl_nobody LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$", database)
        let outcome = await run("status", "-d", database + " user=ctl_nobody")
        #expect(outcome.code == 4)
        #expect(outcome.errors.contains("assetlink_reader"))
    }

    @Test func passwordsAreNeverShown() async {
        let outcome = await run("status", "-d", "postgresql://anna:s3cr%et@[::1/x")
        #expect(outcome.code == 3)
        #expect(!outcome.errors.contains("s3cr"))
    }

    @Test func wrongArguments() async {
        #expect(await run("nonsense").code == 64)
        #expect(await run("orphans", "--limit", "0").code == 64)
        #expect(await run("orphans", "--reason", "because").code == 64)
        #expect(await run("resync", "itam").code == 64)
        #expect(await run("resync", "itam", "--reason", " ").code == 64)
        #expect(await run("status", "--password", "x").code == 64)
    }

    @Test func helpNamesTheExitCodes() async {
        let outcome = await run("--help")
        #expect(outcome.code == 0)
        #expect(outcome.text.contains("3   the database cannot be reached"))
        #expect(await run("help", "status").text.contains("assetlinkctl/status.v1"))
    }
}
