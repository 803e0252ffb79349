package import ArgumentParser
import LinkStore
import Postgres

/// The schema, brought to the version of this program, or what that would mean.
package struct Migrate: ParsableCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Create or upgrade the schema in the database, or say what that would do.",
        subcommands: [MigrateApply.self, MigratePlan.self], defaultSubcommand: MigrateApply.self)

    /// What the parser makes.
    package init() {}
}

/// Where the migrations are.
struct MigrationSource: ParsableArguments {
    @Option(
        name: .customLong("sql-dir"),
        help: ArgumentHelp(
            "Where the migrations are; by itself it finds those of its package, or of \(MigrationFolder.installed).",
            valueName: "folder"))
    var folder: String?

    /// What is there, and is whole.
    func migrator() throws -> Migrator {
        let migrator = try Migrator(directory: folder ?? MigrationFolder.find())
        try Migrator.requireComplete(migrator.files)
        return migrator
    }
}

/// Brings the database to the version of this program.
package struct MigrateApply: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Create or upgrade the schema in the database.",
        discussion: """
            Applies the files of sql/migrations that the database lacks, in order, each in a transaction of its own \
            and under a lock that lets one migration run at a time. Running it again does nothing. It needs a role \
            that may create schemas and roles the first time (or a superuser runs roles.sql before), and a member of \
            assetlink_owner later. Locks that are not granted within a second are let go, so that nobody queues up \
            behind them, and tried again up to twenty times, after pauses of 0.1 s that double to 5 s.

            Example: assetlinkctl migrate --dry-run -d service=cmdb

            JSON: schema assetlinkctl/migrate.v1, fields from, to, dry_run and files (number, name, sha256).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Flag(name: [.customShort("n"), .long], help: "Only say what would be done.") var dryRun = false
    @Flag(help: "With --dry-run: print the SQL that would run.") var showSQL = false
    @OptionGroup var source: MigrationSource

    /// What the parser makes.
    package init() {}

    /// Only one of the two is text.
    package func validate() throws {
        if showSQL, !dryRun { throw ValidationError("--show-sql goes with --dry-run.") }
    }

    /// Applies them, or says what it would do.
    package func run(_ console: Console) async throws -> CommandExit {
        let migrator = try source.migrator()
        let session = try await Session.connect(common, console)
        do {
            try await migrate(migrator, session)
            await session.connection.close()
            return .success
        } catch {
            await session.connection.close()
            throw error
        }
    }

    private func migrate(_ migrator: Migrator, _ session: Session) async throws {
        let plan = try await migrator.plan(on: session.connection)
        if showSQL {
            for file in plan.pending { session.console.say("-- \(file.name)\n\(file.sql)") }
            return
        }
        session.console.interruption.note(
            "Migrations that were said to be applied are; of the one under way nothing is. Run it again.")
        // For a program the answer is the only thing on standard output.
        try await migrator.apply(on: session.connection, dryRun: dryRun) { line in
            if session.json { session.console.remark(line) } else { session.console.say(line) }
        }
        guard session.json else { return }
        session.answer(
            "migrate",
            [
                ("from", .integer(Int64(plan.version))),
                ("to", .integer(Int64(plan.pending.last?.number ?? plan.version))), ("dry_run", .bool(dryRun)),
                (
                    "files",
                    .array(
                        plan.pending.map { file in
                            .object([
                                ("number", .integer(Int64(file.number))), ("name", .string(file.name)),
                                ("sha256", .string(file.sha256)),
                            ])
                        })
                ),
            ])
    }
}
