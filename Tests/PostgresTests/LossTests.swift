import Glibc
import LinkTesting
import Testing

@testable import Postgres

@Suite("Lost connections", .timeLimit(.minutes(1)))
struct LossTests {
    @Test func terminatedInTheMiddleOfAQuery() async throws {
        try await withConnection { observer async throws in
            let connection = try await TestServer.shared().connect()
            let running = Task { try await connection.query("SELECT pg_sleep(600), 'victim'") }
            let queued = Task { try await connection.query("SELECT 1 -- queued behind") }
            try await waitUntilRunning("'victim'", pid: connection.backendPID, observer)
            _ = try await observer.query("SELECT pg_terminate_backend($1)", [.int4(connection.backendPID)])
            let error = await failure { _ = try await running.value }
            #expect(error?.code == .connectionLost)
            #expect(error?.sqlState == "57P01")
            #expect(error?.isConnectionFailure == true)
            _ = await queued.result
            #expect(connection.isClosed)
            #expect(await failure { _ = try await connection.query("SELECT 1") }?.code == .connectionLost)
            await connection.close()
        }
    }

    @Test func terminatedInTheMiddleOfAPipeline() async throws {
        try await withConnection { connection async throws in
            let payload = [UInt8](repeating: 0, count: 500_000)
            let error = await failure {
                _ = try await connection.pipeline(
                    [Statement("SELECT pg_terminate_backend(pg_backend_pid())")]
                        + (0..<50).map { _ in Statement("SELECT $1::bytea", [.bytes(payload)]) })
            }
            #expect(error?.code == .connectionLost)
            #expect(connection.isClosed)
        }
    }

    @Test func terminatedWhileIdle() async throws {
        try await withConnection { observer async throws in
            let connection = try await TestServer.shared().connect()
            _ = try await observer.query("SELECT pg_terminate_backend($1)", [.int4(connection.backendPID)])
            while !connection.isClosed { await Task.yield() }
            let error = await failure { _ = try await connection.query("SELECT 1") }
            #expect(error?.code == .connectionLost)
            #expect(error?.sqlState == "57P01")
        }
    }

    @Test func terminatedDuringCopies() async throws {
        try await withConnection { observer async throws in
            let reader = try await TestServer.shared().connect()
            let read = await failure {
                for try await _ in reader.copyOut("COPY (SELECT generate_series(1, 1000000000)) TO STDOUT") {
                    _ = try await observer.query("SELECT pg_terminate_backend($1)", [.int4(reader.backendPID)])
                }
            }
            #expect(read?.code == .connectionLost)
            let writer = try await TestServer.shared().connect()
            try await writer.script("CREATE TEMP TABLE t (i int8)")
            let written = await failure {
                _ = try await writer.copyIn("COPY t FROM STDIN") { copy in
                    _ = try await observer.query("SELECT pg_terminate_backend($1)", [.int4(writer.backendPID)])
                    while true { try await copy.write([UInt8](repeating: 10, count: 100_000)) }
                }
            }
            #expect(written?.code == .connectionLost)
        }
    }

    /// A server that does not react at all costs the connection, not the caller's time.
    @Test func stoppedBackend() async throws {
        try await withConnection { observer async throws in
            let connection = try await TestServer.shared().connect()
            connection.core.loop.submit { connection.core.gracePeriod = .milliseconds(100) }
            let pid = connection.backendPID
            let running = Task {
                try await connection.query(Statement("SELECT pg_sleep(600), 'frozen'"), timeout: .seconds(1))
            }
            try await waitUntilRunning("'frozen'", pid: pid, observer)
            // Only where the server runs on this machine and may be signalled.
            guard kill(pid, SIGSTOP) == 0 else { return await connection.close() }
            defer {
                // The request waits for it: it ends by itself once it runs again.
                kill(pid, SIGCONT)
            }
            #expect(await failure { _ = try await running.value }?.code == .timedOut)
            #expect(connection.isClosed)
        }
    }
}
