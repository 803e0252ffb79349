import Postgres
import Testing

@Suite("Prepared statements", .timeLimit(.minutes(1)))
struct PreparedTests {
    private static let inUse = Statement("SELECT count(*) FROM pg_prepared_statements", prepared: false)

    @Test func eachTextIsPreparedOnce() async throws {
        try await withConnection { connection async throws in
            for value in Int64(0)..<5 { _ = try await connection.query("SELECT $1::int8", [.int8(value)]) }
            _ = try await connection.pipeline((0..<5).map { Statement("SELECT $1::int8", [.int8($0)]) })
            #expect(try await connection.query(Self.inUse)[0].int8(0) == 1)
            _ = try await connection.query(Statement("SELECT 2", prepared: false))
            #expect(try await connection.query(Self.inUse)[0].int8(0) == 1)
        }
    }

    /// The types of the parameters belong to a prepared statement.
    @Test func sameTextWithOtherTypes() async throws {
        try await withConnection { connection async throws in
            #expect(try await connection.query("SELECT $1", [.int8(1)])[0].int8(0) == 1)
            #expect(try await connection.query("SELECT $1", [.text("a")])[0].text(0) == "a")
            #expect(try await connection.query("SELECT coalesce($1, 5)", [.null])[0].int8(0) == 5)
            #expect(try await connection.query("SELECT coalesce($1, 5)", [.int8(6)])[0].int8(0) == 6)
        }
    }

    @Test func failedStatementIsNotRemembered() async throws {
        try await withConnection { connection async throws in
            #expect(await failure { _ = try await connection.query("SELECT * FROM later") }?.sqlState == "42P01")
            try await connection.script("CREATE TEMP TABLE later (i int8)")
            #expect(try await connection.query("SELECT * FROM later").count == 0)
        }
    }

    /// The plan's result type has changed: one error, then it is prepared anew.
    @Test func changedTableIsPreparedAnew() async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            _ = try await connection.query("SELECT * FROM t")
            try await connection.script("ALTER TABLE t ADD COLUMN label text")
            #expect(await failure { _ = try await connection.query("SELECT * FROM t") }?.sqlState == "0A000")
            #expect(try await connection.query("SELECT * FROM t").columns == ["i", "label"])
            try await connection.script("DEALLOCATE ALL")
            #expect(await failure { _ = try await connection.query("SELECT * FROM t") }?.sqlState == "26000")
            #expect(try await connection.query("SELECT * FROM t").columns == ["i", "label"])
        }
    }

    @Test func manyTextsStayBounded() async throws {
        try await withConnection { connection async throws in
            for batch in 0..<6 {
                _ = try await connection.pipeline((0..<100).map { Statement("SELECT \(batch * 100 + $0)") })
            }
            #expect(try await connection.query(Self.inUse)[0].int8(0) == 512)
        }
    }
}
