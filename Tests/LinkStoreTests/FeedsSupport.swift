import LinkTesting
import Postgres
import Testing

/// What tests look at in a row of the change log.
struct Logged: Hashable, CustomStringConvertible {
    var topic: String
    var key: String?
    var cause: String

    var description: String { "\(topic) \(key ?? "-") \(cause)" }

    /// A changed record.
    static func record(_ key: String) -> Logged { Logged(topic: "record", key: key, cause: "trigger") }
    /// A marker that says to read all of it.
    static func marker(_ cause: String) -> Logged { Logged(topic: "source", key: nil, cause: cause) }
}

/// Reads what was appended to the change log since it last looked.
struct LogReader {
    let connection: PostgresConnection
    private var last: Int64 = 0

    init(_ connection: PostgresConnection) async throws {
        self.connection = connection
        _ = try await drain()
    }

    /// The new rows, sorted by key: the order within a statement means nothing.
    mutating func drain() async throws -> [Logged] {
        let rows = try await connection.query(
            """
            SELECT topic, key, cause, seq FROM (
                SELECT * FROM assetlink_internal.change_log_0
                UNION ALL SELECT * FROM assetlink_internal.change_log_1
                UNION ALL SELECT * FROM assetlink_internal.change_log_2) AS l
            WHERE seq > $1 ORDER BY topic, key COLLATE "C", seq
            """, [.int8(last)])
        var logged: [Logged] = []
        for row in rows {
            logged.append(Logged(topic: try row.text(0), key: try row.textOrNil(1), cause: try row.text(2)))
            last = max(last, try row.int8(3))
        }
        return logged
    }

    /// What the statements append.
    mutating func after(_ sql: String) async throws -> [Logged] {
        try await connection.script(sql)
        return try await drain()
    }
}

/// A database with a small asset system that was attached as source `shop`.
func shop(_ name: String = #function, file: String = #fileID) async throws -> PostgresConnection {
    let connection = try await migratedConnection(name, file: file)
    try await connection.script(
        """
        CREATE SCHEMA shop;
        CREATE TYPE shop.kind AS ENUM ('small', 'large');
        CREATE TABLE shop.hardware (
            id bigint PRIMARY KEY DEFERRABLE, tag text, serial text, kind shop.kind, racked boolean, weight numeric,
            extra json, seen timestamptz, saved_at timestamptz, note text);
        CREATE TABLE shop.port (hardware_id bigint, mac text, speed integer);
        CREATE INDEX ON shop.port (hardware_id);
        """)
    try await connection.script(attachShop)
    return connection
}

/// The binding of ``shop(_:file:)``.
let attachShop = """
    SELECT assetlink.attach_asset_source('shop', 'shop.hardware', $query$
        SELECT h.id AS asset_id, h.tag AS asset_tag, h.serial AS serial_number, h.saved_at AS version,
            jsonb_build_object('kind', h.kind, 'racked', h.racked, 'weight', h.weight, 'extra', h.extra) AS attributes,
            ARRAY(SELECT p.mac FROM shop.port AS p WHERE p.hardware_id = h.id ORDER BY p.mac) AS mac_addresses
        FROM shop.hardware AS h$query$, 'id', '{"shop.port": "hardware_id"}');
    """

/// The server's refusal of a statement.
func refusal(
    _ connection: PostgresConnection, _ sql: String, sourceLocation: SourceLocation = #_sourceLocation
) async -> PostgresError? {
    do throws(PostgresError) {
        try await connection.script(sql)
        Issue.record("nothing was refused", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error
    }
}

/// One text cell.
func text(_ connection: PostgresConnection, _ sql: String, _ parameters: [Parameter] = []) async throws -> String? {
    try await connection.query(Statement(sql, parameters, prepared: false)).first?.textOrNil(0)
}

/// The column of texts that a query shows.
func texts(_ connection: PostgresConnection, _ sql: String) async throws -> [String] {
    try await connection.query(Statement(sql, prepared: false)).map { try $0.text(0) }
}

/// A second session in the same database.
func secondSession(_ connection: PostgresConnection) async throws -> PostgresConnection {
    let database = try #require(try await text(connection, "SELECT current_database()::text"))
    return try await TestServer.shared().connect(database: database)
}
