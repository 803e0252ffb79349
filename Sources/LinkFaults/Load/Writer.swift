import LinkTesting
import Postgres

/// One of the load's writers: a session, rows of its own, and what the server has acknowledged of them.
struct Writer {
    /// Its rows are those whose number gives this rest.
    let number: Int
    let shape: Load.Shape
    private let connect: @Sendable () async throws -> PostgresConnection
    private var connection: PostgresConnection?
    private var generator: RowGenerator
    /// As of its last acknowledged commit.
    private(set) var rows = SourceRows()
    private(set) var tally = Load.Tally()

    init(
        _ number: Int, seed: UInt64, shape: Load.Shape,
        connect: @escaping @Sendable () async throws -> PostgresConnection
    ) {
        self.number = number
        self.shape = shape
        self.connect = connect
        generator = RowGenerator(
            machines: shape.machines, random: SplitMix64(seed: seed &* 1_000_003 &+ UInt64(number)))
    }

    /// Takes what is there for what was acknowledged: a load may go on where another one ended.
    mutating func begin() async throws {
        rows = try await SourceRows.read(try await session(), rest: number, of: shape.writers)
    }

    /// Closes its session.
    mutating func end() async {
        await connection?.close()
        connection = nil
    }

    /// One transaction, acknowledged, taken back, or found out about after the connection was lost.
    mutating func step() async throws {
        var after = rows
        let statements = transaction(&after)
        let isRolledBack = generator.random.percent(shape.rollbackPercent)
        var isCommitting = false
        do {
            let connection = try await session()
            for statement in statements { try await connection.script(statement, within: shape.patience) }
            if let hold = shape.longestHold { try await hold.rest(&generator.random) }
            isCommitting = !isRolledBack
            try await connection.script(isRolledBack ? "ROLLBACK" : "COMMIT", within: shape.patience)
            if isRolledBack {
                tally.rolledBack += 1
            } else {
                rows = after
                tally.committed += 1
            }
        } catch let error as PostgresError where error.isConnectionFailure || error.code == .closed {
            await end()
            tally.lost += 1
            try await findOut(isCommitting ? [rows, after] : [rows])
        } catch let error as PostgresError where error.isRetriable || shape.tolerated.contains(error.sqlState ?? "") {
            try await connection?.script("ROLLBACK")
            tally.refused += 1
        }
    }

    /// After a lost connection: what was acknowledged is there, and a COMMIT without an answer is there whole or not at
    /// all.
    private mutating func findOut(_ possible: [SourceRows]) async throws {
        let found = try await Eventually.get(within: shape.outage) {
            let connection = try await reach()
            do {
                let rows = try await connection.within(shape.patience) { [number, shape] in
                    try await SourceRows.read(connection, rest: number, of: shape.writers)
                }
                await connection.close()
                return rows
            } catch {
                await connection.close()
                throw error
            }
        }
        guard possible.contains(found) else {
            let differences = possible[0].differences(from: found, "acknowledged", "there")
            throw Load.Lost(description: "writer \(number): \(differences.prefix(6).joined(separator: "\n"))")
        }
        if found != rows { tally.committed += 1 }
        rows = found
    }

    private mutating func session() async throws -> PostgresConnection {
        if let connection, !connection.isClosed { return connection }
        let made = try await reach()
        connection = made
        return made
    }

    /// A connection to a server whose word counts.
    private func reach() async throws -> PostgresConnection {
        let made = try await connect()
        guard shape.patience != nil else { return made }
        do {
            // Written to the server's log, and nowhere else.
            try await made.script("SELECT pg_logical_emit_message(true, '', '')", within: shape.patience)
        } catch {
            await made.close()
            throw error
        }
        return made
    }

    // MARK: What a transaction does

    private mutating func transaction(_ after: inout SourceRows) -> [String] {
        var list = ["BEGIN" + (generator.random.percent(20) ? " ISOLATION LEVEL REPEATABLE READ" : "")]
        for _ in 0...generator.random.below(3) {
            if generator.random.percent(15) {
                // What is taken back leaves its rows of the log behind, and no more.
                var dropped = after
                list += ["SAVEPOINT s"] + change(&dropped) + ["ROLLBACK TO s"]
            } else if generator.random.percent(15) {
                list += ["SAVEPOINT s"] + change(&after) + ["RELEASE s"]
            } else {
                list += change(&after)
            }
        }
        return list
    }

    private mutating func change(_ rows: inout SourceRows) -> [String] {
        let id = Int64(number + shape.writers * generator.random.below(shape.machines / shape.writers))
        switch generator.random.below(100) {
        case 0..<32:
            let row = generator.asset(id)
            rows.assets[id] = row
            return [RowStatements.put(row)]
        case 32..<42:
            // A decommission, or back from it.
            guard var row = rows.assets[id] else { return [] }
            row.state = row.state == "retired" ? "in_use" : "retired"
            rows.assets[id] = row
            return [RowStatements.put(row)]
        case 42..<47:
            rows.assets[id] = nil
            return ["DELETE FROM itam.asset WHERE asset_id = \(id)"]
        case 47..<78:
            let row = generator.ci(id)
            rows.cis[id] = row
            return [RowStatements.put(row)]
        case 78..<82:
            rows.cis[id] = nil
            return ["DELETE FROM cmdb.ci WHERE ci_id = \(id)"]
        case 82..<90: return swap(&rows)
        default:
            // Discovery saw it again and found nothing new.
            return ["UPDATE cmdb.ci SET last_discovered_at = clock_timestamp() WHERE ci_id = \(id)"]
        }
    }

    /// Two assets exchange their serial numbers in one statement.
    private mutating func swap(_ rows: inout SourceRows) -> [String] {
        let ids = rows.assets.keys.sorted()
        guard ids.count > 1 else { return [] }
        let (one, other) = (generator.random.pick(ids), generator.random.pick(ids))
        guard one != other, var a = rows.assets[one], var b = rows.assets[other] else { return [] }
        (a.serial, b.serial) = (b.serial, a.serial)
        rows.assets[one] = a
        rows.assets[other] = b
        return [
            """
            UPDATE itam.asset AS a SET serial_number = b.serial_number FROM itam.asset AS b
            WHERE a.asset_id IN (\(one), \(other)) AND b.asset_id = \(one) + \(other) - a.asset_id
            """
        ]
    }
}
