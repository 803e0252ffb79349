import LinkStore
import Testing

/// Files without a database: names, checksums, and where statements end.
@Suite struct MigrationFileTests {
    @Test func releasedFilesAreCompleteAndMatchTheExpectedVersion() throws {
        let files = try Migrator.load(directory: MigrationFolder.find())
        #expect(files.map(\.number) == Array(1...Schema.expectedVersion))
        try Migrator.requireComplete(files)
    }

    @Test func semicolonsWithNothingBetweenThemAreNoStatements() throws {
        let file = try MigrationFile(name: "0001_a.sql", sql: String(repeating: ";", count: 100_000) + "SELECT 1);;")
        #expect(file.statements.map(\.sql) == ["SELECT 1)"])
    }

    @Test func missingFileIsNamed() throws {
        let files = try [1, 3].map { try MigrationFile(name: "000\($0)_a.sql", sql: "SELECT 1") }
        let error = #expect(throws: MigrationError.self) { try Migrator.requireComplete(files, upTo: 3) }
        #expect(error?.message == "Migration 0002 is missing: this program needs 0001 to 0003.")
    }

    @Test func filesOfANewerReleaseAreRefused() throws {
        let files = try [1, 2].map { try MigrationFile(name: "000\($0)_a.sql", sql: "SELECT 1") }
        #expect(throws: MigrationError.self) { try Migrator.requireComplete(files, upTo: 1) }
    }

    @Test func checksumIsThatOfTheBytes() throws {
        let file = try MigrationFile(name: "0001_a.sql", sql: "SELECT 'é'\n")
        #expect(file.sha256 == "8947c71f2b8bcdb340fdb30d282c9433eb432588f0185d16ad88fea7389b338c")
    }

    @Test(arguments: ["1_a.sql", "a.sql", "0000_a.sql", "0001.sql", "0001-a.sql"])
    func otherNamesAreRefused(name: String) {
        #expect(throws: MigrationError.self) { try MigrationFile(name: name, sql: "SELECT 1") }
    }

    @Test(arguments: [
        "BEGIN; SELECT 1", "SELECT 1; commit;", "", "-- nothing\n;", "SELECT 'open", "/* open", "SELECT $x$ open",
    ])
    func otherContentsAreRefused(sql: String) {
        let error = #expect(throws: MigrationError.self) { try MigrationFile(name: "0001_a.sql", sql: sql) }
        #expect(error?.code == .files)
    }

    @Test func missingFolderIsNamed() {
        let error = #expect(throws: MigrationError.self) { try Migrator.load(directory: "/nowhere/at/all") }
        #expect(
            error?.message
                == "The folder of migrations /nowhere/at/all could not be read: No such file or directory.")
    }

    @Test(arguments: [
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; SELECT 'it''s;'", ["SELECT ';'", "SELECT 'it''s;'"]),
        (#"SELECT E'\';'; SELECT '\'; SELECT 3"#, [#"SELECT E'\';'"#, #"SELECT '\'"#, "SELECT 3"]),
        ("SELECT \"a;b\"; SELECT 2", ["SELECT \"a;b\"", "SELECT 2"]),
        ("DO $$ BEGIN; END $$; SELECT 2", ["DO $$ BEGIN; END $$", "SELECT 2"]),
        ("SELECT $a$ $$;$b$ $a$; SELECT a$b; SELECT $1", ["SELECT $a$ $$;$b$ $a$", "SELECT a$b", "SELECT $1"]),
        ("-- one;\nSELECT 1 -- two;\n; /* a /* b; */ ; */ SELECT 2", ["SELECT 1 -- two;\n", "SELECT 2"]),
        (
            "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
            ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"]
        ),
        (
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 4",
            [
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END",
                "SELECT 4",
            ]
        ),
        (
            "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END",
            ["CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT 1; END"]
        ),
    ])
    func statementsEndAtTheirSemicolons(sql: String, expected: [String]) throws {
        let file = try MigrationFile(name: "0001_a.sql", sql: sql)
        #expect(file.statements.map(\.sql) == expected)
    }

    @Test func statementsKnowTheirLines() throws {
        let file = try MigrationFile(name: "0001_a.sql", sql: "-- a\nSELECT 1;\n\n/* b\n*/ SELECT\n'x\ny'; SELECT 3")
        #expect(file.statements.map(\.line) == [2, 5, 7])
    }
}
