import Postgres
import Testing

@Suite("Pipeline", .timeLimit(.minutes(1)))
struct PipelineTests {
    @Test func resultsComeInOrder() async throws {
        try await withConnection { connection async throws in
            let statements = (0..<5000).map { Statement("SELECT $1::int8 * 2", [.int8($0)]) }
            let results = try await connection.pipeline(statements)
            #expect(try results.map { try $0[0].int8(0) } == (0..<5000).map { $0 * 2 })
            #expect(try await connection.pipeline([]).isEmpty)
        }
    }

    @Test(arguments: [true, false]) func firstErrorIsThrownWithItsIndex(prepared: Bool) async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8 PRIMARY KEY)")
            let insert = { (i: Int64) in Statement("INSERT INTO t VALUES ($1)", [.int8(i)], prepared: prepared) }
            let error = await failure {
                _ = try await connection.pipeline([
                    insert(1), insert(2), insert(1), insert(3), Statement("SELECT nothing"),
                ])
            }
            #expect(error?.code == .server)
            #expect(error?.sqlState == "23505")
            #expect(error?.statementIndex == 2)
            // One implicit transaction: nothing of it is left, and the connection can be used.
            #expect(try await connection.query("SELECT count(*) FROM t")[0].int8(0) == 0)
            #expect(try await connection.pipeline([insert(1), insert(2)]).map(\.affected) == [1, 1])
        }
    }

    @Test func errorInParseCarriesItsIndex() async throws {
        try await withConnection { connection async throws in
            let error = await failure {
                _ = try await connection.pipeline([Statement("SELECT 1"), Statement("SELEKT 2"), Statement("SELECT 3")])
            }
            #expect(error?.sqlState == "42601")
            #expect(error?.statementIndex == 1)
            #expect(error?.position == 1)
            #expect(try await connection.query("SELECT 3")[0].int8(0) == 3)
        }
    }

    /// Neither end reads only or writes only: 100 MB go each way.
    @Test func largePayloadsBothWays() async throws {
        try await withConnection { connection async throws in
            let payload = [UInt8](repeating: 0xAB, count: 1_000_000)
            let results = try await connection.pipeline(
                (0..<100).map { _ in Statement("SELECT $1::bytea", [.bytes(payload)]) })
            #expect(try results.allSatisfy { try $0[0].bytes(0) == payload })
        }
    }

    /// The server stops at the first error while most of the pipeline has not been sent yet.
    @Test func earlyErrorInALargePipeline() async throws {
        try await withConnection { connection async throws in
            let payload = [UInt8](repeating: 1, count: 1_000_000)
            var statements = (0..<60).map { _ in Statement("SELECT $1::bytea", [.bytes(payload)]) }
            statements[1] = Statement("SELECT 1 / $1::int8", [.int8(0)])
            let error = await failure { _ = try await connection.pipeline(statements) }
            #expect(error?.sqlState == "22012")
            #expect(error?.statementIndex == 1)
            #expect(try await connection.query("SELECT 1")[0].int8(0) == 1)
        }
    }

    @Test func explicitTransactionInOnePipeline() async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            let results = try await connection.pipeline([
                Statement("BEGIN"), Statement("INSERT INTO t VALUES (1), (2)"), Statement("COMMIT"),
                Statement("SELECT count(*) FROM t"),
            ])
            #expect(results.map(\.affected) == [0, 2, 0, 1])
            #expect(try results[3][0].int8(0) == 2)
        }
    }

    @Test func misuseIsFoundBeforeSending() async throws {
        try await withConnection { connection async throws in
            let zero = await failure { _ = try await connection.pipeline([Statement("SELECT 1"), Statement("a\0b")]) }
            #expect(zero?.code == .misuse && zero?.statementIndex == 1)
            let many = [Parameter](repeating: .null, count: 65_536)
            #expect(await failure { _ = try await connection.query("SELECT 1", many) }?.code == .misuse)
            #expect(await failure { try await connection.script("SELECT\0") }?.code == .misuse)
            #expect(try await connection.query("").count == 0)
        }
    }

    @Test func twoTasksAreSerialised() async throws {
        try await withConnection { connection async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for task in 0..<8 {
                    group.addTask {
                        for round in 0..<100 {
                            let value = Int64(task * 1000 + round)
                            let rows = try await connection.query("SELECT $1::int8", [.int8(value)])
                            guard try rows[0].int8(0) == value else { return false }
                        }
                        return true
                    }
                }
                for try await allRight in group { #expect(allRight) }
            }
        }
    }
}
