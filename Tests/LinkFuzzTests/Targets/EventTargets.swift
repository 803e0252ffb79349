import LinkTesting
import Postgres

@testable import LinkCore
@testable import LinkStore

/// Names of members that events have, and values that mean something in them.
private let eventMutator = JSONMutator(
    names: [
        "asset_id", "ci_id", "source", "op", "at", "reason", "version", "asset_tag", "serial_number", "other_serials",
        "uuid", "mac_addresses", "name", "manufacturer", "model", "asset_class", "lifecycle_raw", "parent_asset_id",
        "position", "cloud_resource_id", "is_composite", "lifecycle_since", "attributes", "ci_class", "serials", "type",
        "value", "network_adapters", "mac", "parent_ci_id", "last_discovered_at", "discovery_source",
    ],
    values: [
        "publish", "decommission", "delete", "itam_events", "cmdb_events", "itam", "infinity", "now",
        "2026-03-01T12:00:00Z",
        "0001-01-01T00:00:00Z", "9999-12-31 23:59:59.9999999+00", "0044-03-15 BC", "294276-12-31", "2026-02-30",
        "tomorrow",
    ])

extension FuzzTargets {
    /// Records that events carry, through the functions that publish them: the first byte is the side.
    ///
    /// What is taken in can be read by the source's query, and its normal form is its own normal form; what is not is
    /// refused with an error of the caller's making.
    static let event = FuzzTarget("event", mutator: SidedMutator(mutator: eventMutator), needsDatabase: true) {
        let events = try await EventFeed(database: $0)
        return { bytes in
            let side: SourceInfo.Side = bytes.first == UInt8(ascii: "c") ? .ci : .asset
            return try await events.publish(String(decoding: bytes.dropFirst(), as: UTF8.self), side)
        }
    }

    /// The text of a raw NOTIFY: stored in the log, or in `dead_letter` as it came; never an error.
    static let notification = FuzzTarget(
        "notification", mutator: SidedMutator(mutator: eventMutator), needsDatabase: true
    ) {
        let events = try await EventFeed(database: $0)
        return { bytes in
            // A notification holds no NUL.
            let text = String(decoding: bytes.dropFirst().filter { $0 != 0 }, as: UTF8.self)
            return try await events.notify(text, bytes.first == UInt8(ascii: "c") ? "cmdb_ci" : "itam_asset")
        }
    }
}

/// Leaves the first byte alone.
private struct SidedMutator: FuzzMutator {
    let mutator: JSONMutator

    func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        let side = random.percent(90) ? input.first ?? 0x61 : random.pick([0x61, 0x63])
        return [side] + mutator.mutate(Array(input.dropFirst()), with: Array(other.dropFirst()), &random)
    }
}

/// Publishes to a database and takes everything back.
private struct EventFeed: Sendable {
    let connection: PostgresConnection
    let sources: [SourceInfo]
    let reader: SourceReader

    init(database: String) async throws {
        connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        sources = try await connection.query(SourceInfo.statement).map { try SourceInfo($0) }
        reader = SourceReader(rules: CompiledRuleSet(try await RuleSetLoader.load(connection)))
    }

    private static let logged = """
        SELECT l.source_id, l.key, l.version, l.record::text, l.event, l.cause FROM (
            SELECT * FROM assetlink_internal.change_log_0 UNION ALL SELECT * FROM assetlink_internal.change_log_1
            UNION ALL SELECT * FROM assetlink_internal.change_log_2) AS l
        WHERE l.xid = pg_current_xact_id() ORDER BY l.seq
        """

    /// Publishes one record.
    func publish(_ text: String, _ side: SourceInfo.Side) async throws -> String {
        try await connection.script("BEGIN")
        do {
            let fate = try await publishInside(text, side)
            try await connection.script("ROLLBACK")
            return fate
        } catch {
            try await connection.script("ROLLBACK")
            throw error
        }
    }

    private func publishInside(_ text: String, _ side: SourceInfo.Side) async throws -> String {
        let call = "SELECT assetlink.publish_\(side.rawValue)($1::text::jsonb)"
        do throws(PostgresError) {
            _ = try await connection.query(call, [.text(text)])
        } catch {
            let state = error.sqlState ?? ""
            // Errors of data, of types, of names, of limits: never an internal one.
            try FuzzFinding.unless(
                ["22", "42", "54", "55"].contains { state.hasPrefix($0) }, "publish fails instead of refusing: \(error)"
            )
            return "\(state) \(error.message.split(separator: " ").suffix(3).joined(separator: " "))"
        }
        let rows = try await connection.query(Self.logged)
        guard rows.count == 1, let row = rows.first else {
            throw FuzzFinding("\(rows.count) rows in the log for one event")
        }
        try await check(row, side)
        let normal = try row.text(3)
        // Once more, as it was stored: the same comes out.
        _ = try await connection.query(
            "SELECT assetlink.publish_\(side.rawValue)($1::text::jsonb || jsonb_build_object('source', name)) FROM assetlink_internal.source WHERE source_id = $2",
            [.text(normal), .int4(try row.int4(0))])
        let again = try await connection.query(Self.logged)
        try FuzzFinding.unless(
            try again.count == 2 && again[1].text(3) == normal, "the normal form of a record is not its own normal form"
        )
        return "taken, \(normal.count { $0 == ":" } / 4)"
    }

    /// The source's query reads what was taken in, as the batch would.
    private func check(_ row: Row, _ side: SourceInfo.Side) async throws {
        let id = try row.int4(0)
        let key = try row.text(1)
        guard let source = sources.first(where: { $0.id == id }) else { throw FuzzFinding("an unknown source") }
        _ = try await connection.query(
            """
            INSERT INTO assetlink_internal.published_record (source_id, key, body_version, body)
            VALUES ($1, $2, $3, $4)
            """,
            [.int4(id), .text(key), .timestamptz(try row.timestamptzOrNil(2) ?? 0), .json(try row.text(3))])
        let read: Rows
        do throws(PostgresError) {
            read = try await connection.query(reader.read(source, keys: [key]))
        } catch {
            throw FuzzFinding("taken in, and then cannot be read: \(error)")
        }
        guard let record = read.first, read.count == 1 else { throw FuzzFinding("\(read.count) records of one key") }
        var columns = Columns(record)
        try FuzzFinding.unless(try columns.text() == key, "another key is read")
        switch side {
        case .asset: _ = try reader.asset(&columns, key: key)
        case .ci: _ = try reader.ci(&columns, key: key)
        }
    }

    /// Takes in one notification.
    func notify(_ payload: String, _ channel: String) async throws -> String {
        try await connection.script("BEGIN")
        do {
            _ = try await connection.query(
                "SELECT assetlink_internal.take_notification($1, $2)", [.text(channel), .text(payload)])
            let logged = try await connection.query(Self.logged)
            let dead = try await connection.query(
                "SELECT raw, error_code, error_text FROM assetlink_internal.dead_letter")
            try await connection.script("ROLLBACK")
            try FuzzFinding.unless(
                logged.count + dead.count == 1,
                "\(logged.count) rows of the log and \(dead.count) dead letters of one event")
            guard let letter = dead.first else { return "taken: \(try logged[0].text(4))" }
            try FuzzFinding.unless(
                try letter.text(0).utf8.elementsEqual(payload.utf8), "a dead letter that is not what came")
            try FuzzFinding.unless(try !letter.text(2).isEmpty, "a dead letter without a reason")
            return try letter.text(1)
        } catch {
            try await connection.script("ROLLBACK")
            throw error
        }
    }
}
