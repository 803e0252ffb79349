import LinkTesting

@testable import Postgres

extension FuzzTargets {
    /// The server's side of a conversation, as a hostile server would have it: our client may fail with an error of
    /// its own, and does so in time; it never dies of it.
    static let server = FuzzTarget("server", mutator: MessageMutator(), limit: 120) { bytes in
        let peer = try HostileServer(HostileServer.segments(of: bytes))
        let began = ContinuousClock.now
        var fates: [String] = []
        do {
            var settings = ConnectionSettings(
                "host=127.0.0.1 port=\(peer.port) user=u dbname=d password=zqSecretqz sslmode=disable gssencmode=disable"
            )
            settings.connectTimeout = .seconds(1)
            let connection = try await PostgresConnection.connect(settings, logger: quietLogger)
            connection.core.loop.submit { [core = connection.core] in core.gracePeriod = .milliseconds(100) }
            fates.append("connected")
            fates.append(try await converse(connection))
            await connection.close()
        } catch let error as PostgresError {
            try FuzzFinding.unless(
                [.connectionFailed, .connectionLost, .timedOut].contains(error.code), "connecting: \(error.code)")
            try FuzzFinding.unless(!String(reflecting: error).contains("zqSecretqz"), "an error says the password")
            fates.append("\(error.code) \(error.message.prefix { $0.isLetter || $0 == " " }.prefix(30))")
        }
        let time = ContinuousClock.now - began
        try FuzzFinding.unless(time < .seconds(60), "it took \(time)")
        return fates.joined(separator: ", ")
    }

    /// Asks what a daemon asks, each with a deadline.
    private static func converse(_ connection: PostgresConnection) async throws -> String {
        let deadline = Duration.milliseconds(100)
        var fates: [String] = []
        let statements = [Statement("SELECT 1", [.int8(1)]), Statement("SELECT 2")]
        var answers: [Rows]?
        do throws(PostgresError) {
            answers = try await connection.pipeline(statements, timeout: deadline)
        } catch {
            fates.append(name(error))
        }
        if let answers {
            // Whoever sent so many statements takes as many results for granted.
            try FuzzFinding.unless(
                answers.count == statements.count, "\(answers.count) results of \(statements.count) statements")
            for rows in answers { fates.append(try decode(rows)) }
        }
        do throws(PostgresError) {
            try await connection.script("SELECT 3", timeout: deadline)
            fates.append("script")
        } catch {
            fates.append(name(error))
        }
        let copying = Task { () -> String in
            do throws(PostgresError) {
                var count = 0
                for try await chunk in connection.copyOut("COPY t TO STDOUT") { count += chunk.count }
                return "copied \(min(count, 2))"
            } catch {
                return name(error)
            }
        }
        let clock = Task {
            try await Task.sleep(for: deadline)
            copying.cancel()
        }
        fates.append(await copying.value)
        clock.cancel()
        return fates.joined(separator: ", ")
    }

    private static func name(_ error: PostgresError) -> String { "\(error.code) \(error.sqlState?.prefix(2) ?? "")" }

    /// All that a cell can be asked to be.
    private static let readings: [@Sendable (Row, Int) throws -> Bool] = [
        { try $0.int8OrNil($1) != nil }, { try $0.int4OrNil($1) != nil }, { try $0.boolOrNil($1) != nil },
        { try $0.float8OrNil($1) != nil }, { try $0.textOrNil($1) != nil }, { try $0.jsonOrNil($1) != nil },
        { try $0.bytesOrNil($1) != nil }, { try $0.timestamptzOrNil($1) != nil }, { try $0.uuidOrNil($1) != nil },
        { try $0.textArrayOrNil($1) != nil }, { try $0.jsonArrayOrNil($1) != nil },
        { try $0.int8ArrayOrNil($1) != nil }, { try $0.int4ArrayOrNil($1) != nil },
        { try $0.boolArrayOrNil($1) != nil }, { try $0.float8ArrayOrNil($1) != nil },
        { try $0.timestamptzArrayOrNil($1) != nil }, { try $0.byteaArrayOrNil($1) != nil },
    ]

    /// Reads every cell as everything: a value, NULL, or an error of decoding.
    private static func decode(_ rows: Rows) throws -> String {
        var values = 0
        var errors = 0
        for row in rows {
            for column in 0..<min(row.count, 50) {
                for read in readings {
                    do {
                        values += try read(row, column) ? 1 : 0
                    } catch let error as PostgresError {
                        try FuzzFinding.unless(error.code == .decoding, "an error of decoding of code \(error.code)")
                        errors += 1
                    }
                }
            }
        }
        return "\(min(rows.count, 2)) rows \(rows.columns.count > 2) \(min(values, 2)) \(min(errors, 2))"
    }
}
