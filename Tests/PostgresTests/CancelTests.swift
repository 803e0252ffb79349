import LinkTesting
import Postgres
import Testing

@Suite("Cancellation", .timeLimit(.minutes(1)))
struct CancelTests {
    @Test func cancellationReachesTheServer() async throws {
        try await withConnection { observer async throws in
            try await withConnection { connection async throws in
                let task = Task { try await connection.query("SELECT pg_sleep(600)") }
                try await waitUntilRunning("pg_sleep(600)", pid: connection.backendPID, observer)
                task.cancel()
                #expect(await failure { _ = try await task.value }?.code == .cancelled)
                #expect(try await connection.query("SELECT 1")[0].int8(0) == 1)
            }
        }
    }

    /// The request may overtake the command and be ignored: it is repeated.
    @Test func cancelledAtOnce() async throws {
        try await withConnection { connection async throws in
            for _ in 0..<20 {
                let task = Task { try await connection.query("SELECT pg_sleep(600)") }
                await Task.yield()
                task.cancel()
                #expect(await failure { _ = try await task.value }?.code == .cancelled)
                #expect(try await connection.query("SELECT 1")[0].int8(0) == 1)
            }
        }
    }

    @Test func cancelledBeforeTheCall() async throws {
        try await withConnection { connection async throws in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await connection.query("SELECT pg_sleep(600)")
            }
            #expect(await failure { try await task.value }?.code == .cancelled)
        }
    }

    @Test func aWaitingCommandIsDropped() async throws {
        try await withConnection { observer async throws in
            try await withConnection { connection async throws in
                try await connection.script("CREATE TEMP TABLE t (i int8)")
                let running = Task { try await connection.query("SELECT pg_sleep(600), 'first'") }
                try await waitUntilRunning("'first'", pid: connection.backendPID, observer)
                let waiting = Task { try await connection.query("INSERT INTO t VALUES (1)") }
                waiting.cancel()
                #expect(await failure { _ = try await waiting.value }?.code == .cancelled)
                running.cancel()
                #expect(await failure { _ = try await running.value }?.code == .cancelled)
                #expect(try await connection.query("SELECT count(*) FROM t")[0].int8(0) == 0)
            }
        }
    }

    @Test func deadlinePasses() async throws {
        try await withConnection { connection async throws in
            let error = await failure {
                _ = try await connection.query(Statement("SELECT pg_sleep(600)"), timeout: .milliseconds(50))
            }
            #expect(error?.code == .timedOut)
            #expect(try await connection.query(Statement("SELECT 1"), timeout: .seconds(30))[0].int8(0) == 1)
            #expect(
                await failure { try await connection.script("SELECT pg_sleep(600)", timeout: .milliseconds(20)) }?.code
                    == .timedOut)
        }
    }

    /// A cancelled pipeline leaves nothing behind.
    @Test func pipelineIsCancelledAsAWhole() async throws {
        try await withConnection { observer async throws in
            try await withConnection { connection async throws in
                try await connection.script("CREATE TEMP TABLE t (i int8)")
                let task = Task {
                    try await connection.pipeline([
                        Statement("INSERT INTO t VALUES (1)"), Statement("SELECT pg_sleep(600), 'middle'"),
                        Statement("INSERT INTO t VALUES (2)"),
                    ])
                }
                try await waitUntilRunning("'middle'", pid: connection.backendPID, observer)
                task.cancel()
                #expect(await failure { _ = try await task.value }?.code == .cancelled)
                #expect(try await connection.query("SELECT count(*) FROM t")[0].int8(0) == 0)
            }
        }
    }

    /// A late request never hits the command behind its own.
    @Test func stormOfCancellations() async throws {
        try await withConnection { connection async throws in
            for round in 0..<200 {
                let task = Task { try await connection.query("SELECT $1::int8", [.int8(Int64(round))]) }
                task.cancel()
                _ = await task.result
                #expect(try await connection.query("SELECT 7")[0].int8(0) == 7)
            }
        }
    }
}
