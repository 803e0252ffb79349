import Testing

@testable import Postgres

@Suite("Listen", .timeLimit(.minutes(1)))
struct ListenTests {
    @Test func tenThousandInOrder() async throws {
        try await withConnection { sender async throws in
            try await withConnection { connection async throws in
                let received = try await connection.listen(on: ["ten \"thousand\""], bufferLimit: 20_000) { events in
                    for batch in 0..<10 {
                        _ = try await sender.pipeline(
                            (0..<1000).map {
                                Statement(
                                    "SELECT pg_notify($1, $2)",
                                    [.text("ten \"thousand\""), .text("\(batch * 1000 + $0)")])
                            })
                    }
                    var payloads: [String] = []
                    for try await event in events {
                        guard case .notification(let channel, let payload, let pid) = event else { break }
                        #expect(channel == "ten \"thousand\"" && pid == sender.backendPID)
                        payloads.append(payload)
                        if payloads.count == 10_000 { break }
                    }
                    return payloads
                }
                #expect(received == (0..<10_000).map(String.init))
                #expect(try await connection.query("SELECT count(*) FROM pg_listening_channels()")[0].int8(0) == 0)
            }
        }
    }

    @Test func overflowBecomesOneResync() async throws {
        try await withConnection { connection async throws in
            try await connection.listen(on: ["small"], bufferLimit: 10) { events in
                for value in 0..<25 {
                    _ = try await connection.query("SELECT pg_notify('small', $1)", [.text("\(value)")])
                }
                var iterator = events.makeAsyncIterator()
                #expect(try await iterator.next() == .resync)
                var rest: [NotificationEvent] = []
                _ = try await connection.query("SELECT pg_notify('small', 'last')")
                while rest.last?.payload != "last", let event = try await iterator.next() { rest.append(event) }
                #expect(rest.count < 10)
            }
        }
    }

    @Test func commandsAndTwoListenersShareTheConnection() async throws {
        try await withConnection { connection async throws in
            try await connection.listen(on: ["a", "b"]) { first in
                var outer = first.makeAsyncIterator()
                try await connection.listen(on: ["b"]) { second in
                    var inner = second.makeAsyncIterator()
                    try await connection.script("NOTIFY b, 'both'")
                    #expect(try await outer.next()?.payload == "both")
                    #expect(try await inner.next()?.payload == "both")
                }
                try await connection.script("NOTIFY b, 'outer'; NOTIFY a, 'outer too'")
                #expect(try await outer.next()?.payload == "outer")
                #expect(try await outer.next()?.payload == "outer too")
            }
        }
    }

    @Test func terminatedBackendEndsTheSequence() async throws {
        try await withConnection { observer async throws in
            try await withConnection { connection async throws in
                let error = await failure {
                    try await connection.listen(on: ["doomed"]) { events in
                        _ = try await observer.query("SELECT pg_terminate_backend($1)", [.int4(connection.backendPID)])
                        for try await _ in events {}
                        Issue.record("ended without an error")
                    }
                }
                #expect(error?.code == .connectionLost)
                #expect(error?.sqlState == "57P01")
                #expect(error?.isConnectionFailure == true)
                #expect(connection.isClosed)
            }
        }
    }

    @Test func cancelledListenerEndsAndUnlistens() async throws {
        try await withConnection { connection async throws in
            let task = Task {
                try await connection.listen(on: ["quiet"]) { events in
                    for try await event in events where event.payload == "go" {
                        withUnsafeCurrentTask { $0?.cancel() }
                    }
                    return Task.isCancelled
                }
            }
            while try await connection.query("SELECT count(*) FROM pg_listening_channels()")[0].int8(0) == 0 {
                await Task.yield()
            }
            try await connection.script("NOTIFY quiet, 'go'")
            #expect(try await task.value)
            #expect(try await connection.query("SELECT count(*) FROM pg_listening_channels()")[0].int8(0) == 0)
        }
    }

    @Test func wrongChannels() async throws {
        try await withConnection { connection async throws in
            let long = String(repeating: "x", count: 64)
            #expect(await failure { try await connection.listen(on: [long]) { _ in } }?.code == .misuse)
            #expect(await failure { try await connection.listen(on: [""]) { _ in } }?.code == .misuse)
            try await connection.listen(on: []) { _ in }
        }
    }

    @Test func bufferKeepsItsOrder() async throws {
        let buffer = NotificationBuffer(["c"], limit: 3)
        for payload in ["1", "2", "3"] { buffer.append(.notification(channel: "c", payload: payload, pid: 0)) }
        #expect(try await buffer.next()?.payload == "1")
        buffer.append(.notification(channel: "c", payload: "4", pid: 0))
        #expect(try await buffer.next()?.payload == "2")
        buffer.append(.notification(channel: "c", payload: "5", pid: 0))
        buffer.append(.notification(channel: "c", payload: "6", pid: 0))
        #expect(try await buffer.next() == .resync)
        buffer.finish(PostgresError(.connectionLost, "gone"))
        #expect(await failure { _ = try await buffer.next() }?.code == .connectionLost)
    }
}

extension NotificationEvent {
    /// The payload, unless it is a resync.
    fileprivate var payload: String? {
        if case .notification(_, let payload, _) = self { payload } else { nil }
    }
}
