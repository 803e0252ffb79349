package import ArgumentParser

/// What every command takes.
package struct CommonOptions: ParsableArguments {
    /// Whatever libpq takes; empty for the environment.
    @Option(
        name: [.customShort("d"), .long],
        help: ArgumentHelp(
            "Where the database is: a connection string, URI or database name, as for psql.",
            discussion: "Without it PGHOST, PGDATABASE, PGSERVICE and the like count. Passwords: ~/.pgpass.",
            valueName: "conninfo"))
    package var database = ""

    /// For programs.
    @Flag(help: "Answer with one JSON object, for programs; times are in UTC.")
    package var json = false

    /// Plain tables.
    @Flag(name: .customLong("no-color"), help: "No colours; NO_COLOR and pipes switch them off too.")
    package var noColor = false

    /// What the parser makes.
    package init() {}
}

/// How much to show of what is not a list of its own.
package struct LimitOptions: ParsableArguments {
    /// How many rows.
    @Option(help: "Show at most this many rows.")
    package var limit = 50

    /// What the parser makes.
    package init() {}

    /// Refuses nonsense.
    package func validate() throws { try ListOptions.check(limit) }
}

/// What every list takes.
package struct ListOptions: ParsableArguments {
    /// How many rows.
    @Option(help: "Show at most this many rows.")
    package var limit = 50
    /// Where to begin.
    @Option(help: ArgumentHelp("Begin where a page ended: the cursor that it named.", valueName: "cursor"))
    package var after: String?
    /// Everything.
    @Flag(help: "Show all rows, however many; they are read page by page.")
    package var all = false
    /// For spreadsheets.
    @Flag(help: "Answer with comma-separated values and a header, the columns of --json.")
    package var csv = false

    /// What the parser makes.
    package init() {}

    /// Refuses nonsense.
    package func validate() throws { try Self.check(limit) }

    fileprivate static func check(_ limit: Int) throws {
        guard (1...1_000_000).contains(limit) else {
            throw ValidationError("--limit must be from 1 to 1000000.")
        }
    }
}
