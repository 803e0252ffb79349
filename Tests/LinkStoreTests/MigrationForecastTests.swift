import LinkStore
import LinkTesting
import Postgres
import Testing

/// What `migrate plan` says is what a migration does.
@Suite struct MigrationForecastTests {
    /// Every released file, applied: the locks that it then holds on what was there before are those that were foretold.
    @Test func everyLockIsForetold() async throws {
        let connection = try await PostgresConnection.connect(
            ConnectionSettings(emptyDatabase()), logger: quietLogger)
        let migrator = try Migrator()
        var wrong: [String] = []
        var told = 0
        // The first makes the schemas, and the ledger with them.
        try await Migrator(files: Array(migrator.files.prefix(1))).apply(on: connection)
        for file in migrator.files.dropFirst() {
            let forecast = try await #require(
                migrator.forecast(MigrationPlan(files: [file], applied: []), on: connection).first)
            let held = try await locks(of: file, on: connection)
            let expected = Dictionary(uniqueKeysWithValues: forecast.touches.map { ($0.relation, $0.lock) })
            for (relation, lock) in held where !forecast.runsProgram || expected[relation] != nil {
                guard let foretold = expected[relation] else {
                    wrong.append("\(file.name) locks \(relation) in \(lock.rawValue), which was not foretold")
                    continue
                }
                if foretold < lock {
                    wrong.append("\(file.name) locks \(relation) in \(lock.rawValue), not \(foretold)")
                }
            }
            // Nor is a wolf cried: who is told to be stopped is stopped.
            for (relation, lock) in expected where lock >= .share && (held[relation] ?? .rowExclusive) < lock {
                wrong.append("\(file.name) does not lock \(relation) in \(lock.rawValue)")
            }
            told += forecast.touches.count { $0.lock >= .share }
        }
        #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
        #expect(told > 20, "there was little to foretell: \(told)")
        await connection.close()
    }

    /// Applies a file and returns the strongest lock on each table or view that was there before.
    private func locks(of file: MigrationFile, on connection: PostgresConnection) async throws -> [String: TableLock] {
        let before = try await connection.query(
            "SELECT coalesce(max(oid), 0)::bigint FROM pg_class WHERE relkind IN ('r', 'v')"
        ).first?.int8(0)
        try await connection.script("BEGIN; SET LOCAL search_path = pg_catalog, pg_temp")
        _ = try await connection.pipeline(file.statements.map { Statement($0.sql, prepared: false) })
        let rows = try await connection.query(
            """
            SELECT format('%s.%s', n.nspname, c.relname), l.mode
            FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
            WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND c.relkind IN ('r', 'v')
                AND c.oid <= $1::bigint::oid AND n.nspname IN ('assetlink', 'assetlink_internal', 'itam', 'cmdb')
            """, [.int8(before ?? 0)])
        let names = [
            "ShareUpdateExclusiveLock": TableLock.shareUpdateExclusive, "ShareLock": .share,
            "ShareRowExclusiveLock": .shareRowExclusive, "ExclusiveLock": .exclusive,
            "AccessExclusiveLock": .accessExclusive,
        ]
        var held: [String: TableLock] = [:]
        for row in rows {
            guard let lock = names[try row.text(1)] else { continue }
            let relation = try row.text(0)
            held[relation] = max(held[relation] ?? lock, lock)
        }
        try await connection.script("RESET ROLE; COMMIT")
        return held
    }

    @Test(arguments: [
        ("ALTER TABLE a.t ADD COLUMN x text", "a.t ACCESS EXCLUSIVE catalogue"),
        ("ALTER TABLE a.t ADD COLUMN x timestamptz DEFAULT clock_timestamp()", "a.t ACCESS EXCLUSIVE rewrites"),
        ("ALTER TABLE a.t ADD COLUMN x integer DEFAULT 0 NOT NULL", "a.t ACCESS EXCLUSIVE catalogue"),
        ("ALTER TABLE ONLY a.t ALTER COLUMN x TYPE bigint", "a.t ACCESS EXCLUSIVE rewrites"),
        ("ALTER TABLE a.t ALTER x SET NOT NULL", "a.t ACCESS EXCLUSIVE reads"),
        ("ALTER TABLE a.t ADD CONSTRAINT c CHECK (x > 0)", "a.t ACCESS EXCLUSIVE reads"),
        ("ALTER TABLE a.t ADD CONSTRAINT c CHECK (x > 0) NOT VALID", "a.t ACCESS EXCLUSIVE catalogue"),
        ("ALTER TABLE a.t VALIDATE CONSTRAINT c", "a.t SHARE UPDATE EXCLUSIVE reads"),
        ("ALTER TABLE a.t ENABLE ALWAYS TRIGGER x", "a.t SHARE ROW EXCLUSIVE catalogue"),
        (
            "ALTER TABLE a.t ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES a.u",
            "a.u SHARE ROW EXCLUSIVE catalogue, a.t SHARE ROW EXCLUSIVE reads"
        ),
        ("CREATE UNIQUE INDEX i ON a.t (x) WHERE x > 0", "a.t SHARE reads"),
        (
            "CREATE TRIGGER x AFTER INSERT ON a.t FOR EACH ROW EXECUTE FUNCTION a.f()",
            "a.t SHARE ROW EXCLUSIVE catalogue"
        ),
        ("CREATE OR REPLACE VIEW a.v AS SELECT 1", "a.v ACCESS EXCLUSIVE catalogue"),
        ("CREATE TABLE a.n (x integer REFERENCES a.t)", "a.t SHARE ROW EXCLUSIVE catalogue"),
        ("COMMENT ON COLUMN a.t.x IS 'ALTER TABLE a.u ADD y text'", "a.t SHARE UPDATE EXCLUSIVE catalogue"),
        ("DROP VIEW a.v, a.w", "a.v ACCESS EXCLUSIVE catalogue, a.w ACCESS EXCLUSIVE catalogue"),
        ("LOCK TABLE a.t IN SHARE MODE", "a.t SHARE catalogue"),
        ("INSERT INTO a.t VALUES (1)", "a.t ROW EXCLUSIVE catalogue"),
        ("CREATE FUNCTION a.f() RETURNS void LANGUAGE plpgsql AS $$BEGIN DELETE FROM a.t; END$$", ""),
        ("DO $$BEGIN DROP TABLE a.t; END$$", "program"),
        ("SELECT assetlink_internal.refresh()", "program"),
    ])
    func aStatementIsRead(_ sql: String, _ expected: String) throws {
        let file = try MigrationFile(name: "0001_test.sql", sql: sql)
        let forecast = try #require(file.statements.first).forecast()
        let found = forecast.effects.map { "\($0.relation) \($0.lock.rawValue) \($0.work)" }
        #expect((found + (forecast.runsProgram ? ["program"] : [])).joined(separator: ", ") == expected)
    }

    @Test func aFileSaysWhichProgramsWorkOn() throws {
        #expect(try MigrationFile(name: "0054_a.sql", sql: "-- works from: 0053\nSELECT 1").worksFrom == 53)
        #expect(try MigrationFile(name: "0054_a.sql", sql: "-- A comment.\nSELECT 1").worksFrom == nil)
        for line in ["-- works from: 0054", "-- works from: soon", "-- works from: 0"] {
            #expect(throws: MigrationError.self) {
                try MigrationFile(name: "0054_a.sql", sql: "\(line)\nSELECT 1")
            }
        }
    }
}
