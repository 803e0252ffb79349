import LinkTesting
import Postgres
import Synchronization
import Testing

@Suite("COPY", .timeLimit(.minutes(1)))
struct CopyTests {
    @Test func twentyMegabytesThereAndBack() async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8, label text)")
            let label = String(repeating: "x", count: 190)
            let rows = try await connection.copyIn("COPY t FROM STDIN") { writer in
                for chunk in 0..<100 {
                    var text = ""
                    for row in 0..<1000 { text += "\(chunk * 1000 + row)\t\(label)\n" }
                    try await writer.write(text)
                }
            }
            #expect(rows == 100_000)
            var bytes = 0
            var lines = 0
            var largest = 0
            for try await chunk in connection.copyOut("COPY t TO STDOUT") {
                bytes += chunk.count
                lines += chunk.count { $0 == 10 }
                largest = max(largest, chunk.count)
                #expect(chunk.last == 10)
            }
            #expect(lines == 100_000)
            #expect(bytes > 19_000_000)
            #expect(largest < 70_000)
            #expect(try await connection.query("SELECT sum(i) FROM t WHERE label = $1", [.text(label)]).count == 1)
        }
    }

    @Test func errorInTheDataUndoesTheCopy() async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            let error = await failure {
                _ = try await connection.copyIn("COPY t FROM STDIN") { try await $0.write("1\nx\n2\n") }
            }
            #expect(error?.sqlState == "22P02")
            #expect(try await connection.query("SELECT count(*) FROM t")[0].int8(0) == 0)
        }
    }

    @Test func errorOfTheWriterUndoesTheCopy() async throws {
        struct Mine: Error {}
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            await #expect(throws: Mine.self) {
                try await connection.copyIn("COPY t FROM STDIN") { writer in
                    try await writer.write("1\n")
                    throw Mine()
                }
            }
            #expect(try await connection.query("SELECT count(*) FROM t")[0].int8(0) == 0)
        }
    }

    @Test func wrongStatements() async throws {
        try await withConnection { connection async throws in
            #expect(await failure { _ = try await connection.copyIn("SELECT 1") { _ in } }?.code == .misuse)
            #expect(
                await failure { _ = try await connection.copyIn("COPY nope FROM STDIN") { _ in } }?.sqlState == "42P01")
            #expect(await failure { for try await _ in connection.copyOut("SELECT 1") {} }?.code == .misuse)
            #expect(
                await failure { for try await _ in connection.copyOut("COPY nope TO STDOUT") {} }?.sqlState == "42P01")
            #expect(try await connection.query("SELECT 1")[0].int8(0) == 1)
        }
    }

    @Test(arguments: ["COPY pg_class TO STDOUT", "COPY t FROM STDIN"])
    func copyInTheWrongPlaceClosesTheConnection(_ sql: String) async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            #expect(await failure { _ = try await connection.query(sql) }?.code == .misuse)
            #expect(await failure { _ = try await connection.query("SELECT 1") }?.code == .closed)
            #expect(connection.isClosed)
        }
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            #expect(await failure { try await connection.script(sql) }?.code == .misuse)
            #expect(connection.isClosed)
        }
    }

    @Test func leavingEarlyStopsTheCommand() async throws {
        try await withConnection { connection async throws in
            for try await _ in connection.copyOut("COPY (SELECT generate_series(1, 1000000000)) TO STDOUT") { break }
            #expect(try await connection.query("SELECT 1")[0].int8(0) == 1)
        }
    }

    @Test func cancelledReader() async throws {
        try await withConnection { connection async throws in
            let task = Task {
                for try await _ in connection.copyOut("COPY (SELECT generate_series(1, 1000000000)) TO STDOUT") {
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }
            #expect(await failure { try await task.value }?.code == .cancelled)
            #expect(try await connection.query("SELECT 1")[0].int8(0) == 1)
        }
    }

    @Test func cancelledWriter() async throws {
        try await withConnection { connection async throws in
            try await connection.script("CREATE TEMP TABLE t (i int8)")
            let task = Task {
                _ = try await connection.copyIn("COPY t FROM STDIN") { writer in
                    try await writer.write("1\n")
                    withUnsafeCurrentTask { $0?.cancel() }
                    while true { try await writer.write("2\n") }
                }
            }
            #expect(await failure { try await task.value }?.code == .cancelled)
            #expect(try await connection.query("SELECT count(*) FROM t")[0].int8(0) == 0)
        }
    }

    /// The server takes nothing while a trigger waits for a lock: the writer must wait too, not fill the memory.
    @Test func writerWaitsForTheServer() async throws {
        try await withConnection { observer async throws in
            try await withConnection { connection async throws in
                try await connection.script(
                    """
                    CREATE TEMP TABLE t (label text);
                    CREATE FUNCTION pg_temp.wait() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN new; END $$;
                    CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION pg_temp.wait()
                    """)
                _ = try await observer.query("SELECT pg_advisory_lock(4711)")
                let line = Array(String(repeating: "x", count: 9_999).utf8) + [10]
                let written = Atomic<Int>(0)
                async let rows = connection.copyIn("COPY t FROM STDIN") { writer in
                    for _ in 0..<2000 {
                        try await writer.write(line)
                        written.add(1, ordering: .relaxed)
                    }
                }
                // Time enough for 20 MB many times over, measured in round trips.
                for _ in 0..<3000 { _ = try await observer.query("SELECT 1") }
                let before = written.load(ordering: .relaxed)
                #expect(before < 1000)
                _ = try await observer.query("SELECT pg_advisory_unlock(4711)")
                #expect(try await rows == 2000)
            }
        }
    }
}
