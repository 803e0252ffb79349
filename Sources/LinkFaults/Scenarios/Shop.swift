import LinkTesting
import Postgres

/// Tables of somebody else's, attached as sources `shop` and `floor`: what is done to them is not in the way of the load,
/// which writes to the reference tables.
extension Arena {
    /// The query of source `shop`.
    static let shopQuery =
        "SELECT s.id AS asset_id, s.serial AS serial_number, s.state AS lifecycle_raw FROM shop.asset AS s"

    /// Makes so many pairs, linked one to one once a daemon has taken them in.
    func makeShop(_ pairs: Int, partitioned: Bool = false) async throws {
        let table =
            partitioned
            ? """
            CREATE TABLE shop.asset (id bigint PRIMARY KEY, serial text, state text, note text) PARTITION BY RANGE (id);
            CREATE TABLE shop.first PARTITION OF shop.asset FOR VALUES FROM (0) TO (\(pairs / 2 + 1));
            CREATE TABLE shop.second PARTITION OF shop.asset FOR VALUES FROM (\(pairs / 2 + 1)) TO (1000000);
            """ : "CREATE TABLE shop.asset (id bigint PRIMARY KEY, serial text, state text, note text);"
        try await run(
            """
            CREATE SCHEMA shop; \(table)
            CREATE TABLE shop.ci (id bigint PRIMARY KEY, serial text);
            """)
        try await attachShop()
        try await run(
            """
            SELECT assetlink.attach_ci_source('floor', 'shop.ci',
                'SELECT c.id AS ci_id, ''server'' AS ci_class, c.serial AS serial_number FROM shop.ci AS c', 'id');
            INSERT INTO shop.asset SELECT n, 'SHOP' || n, 'in use', '' FROM generate_series(1, \(pairs)) AS n;
            INSERT INTO shop.ci SELECT n, 'SHOP' || n FROM generate_series(1, \(pairs)) AS n;
            """)
    }

    /// Attaches the assets, anew where they were attached before.
    func attachShop() async throws {
        try await run(
            """
            SELECT assetlink.detach_source('shop', reason => 'the table is another one') WHERE EXISTS (
                SELECT FROM assetlink.feed_status WHERE source = 'shop' AND status <> 'detached');
            SELECT assetlink.attach_asset_source('shop', 'shop.asset', $$\(Self.shopQuery)$$, 'id');
            """)
    }

    /// Waits until so many CIs of `floor` are linked.
    func eventuallyLinked(_ count: Int, within limit: Duration = .seconds(60)) async throws {
        try await eventually(
            "SELECT count(*) = \(count) FROM assetlink.link WHERE status = 'active' AND ci_source = 'floor'",
            within: limit)
    }

    /// Waits until a CI of `floor` is in a state.
    func eventually(_ ci: Int, _ state: String, _ reason: String? = nil) async throws {
        try await eventually(
            """
            SELECT state = '\(state)' AND reason IS NOT DISTINCT FROM \(reason.map { "'\($0)'" } ?? "NULL")
            FROM assetlink.ci_state WHERE ci_source = 'floor' AND ci_id = '\(ci)'
            """)
    }

    /// Records a problem when a CI of `floor` is not linked now.
    func expectLinked(_ ci: Int, _ place: String) async throws {
        let state = try await text("SELECT state FROM assetlink.ci_state WHERE ci_source = 'floor' AND ci_id = '\(ci)'")
        stage.expect(state == "linked", "\(place): CI \(ci) is \(state ?? "not there")")
    }

    /// Every transaction that is open, however short, counts as long for the alarms.
    func alarmAtOnce() async throws {
        try await run("UPDATE assetlink.setting SET value = '0' WHERE name = 'long_transaction_seconds'")
    }

    /// Waits for an alarm whose subject is like this.
    func eventuallyAlarm(_ alarm: String, _ subject: String, severity: String = "warning") async throws {
        try await Eventually.holds(
            "SELECT count(*) > 0 FROM assetlink.alarm WHERE alarm = $1 AND subject LIKE $2 AND severity = $3",
            [.text(alarm), .text(subject), .text(severity)], on: connection, within: .seconds(30))
    }

    /// Waits until no such alarm is left.
    func eventuallyNoAlarm(_ alarm: String, severity: String = "%") async throws {
        try await eventually(
            "SELECT count(*) = 0 FROM assetlink.alarm WHERE alarm = '\(alarm)' AND severity LIKE '\(severity)'",
            within: .seconds(30))
    }
}
