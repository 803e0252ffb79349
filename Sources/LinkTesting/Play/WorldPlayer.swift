import LinkCore
import LinkStore
package import Postgres

/// Plays worlds and changes into a migrated database, as sources, operators and time would.
package struct WorldPlayer: Sendable {
    package let connection: PostgresConnection
    /// The sources that have tables of their own (schema `world`); the others publish.
    package var tables: Set<String> = []
    /// CI sources whose links are removed when their asset ends.
    package var removing: Set<String> = []

    package init(_ connection: PostgresConnection, tables: Set<String> = [], removing: Set<String> = []) {
        self.connection = connection
        self.tables = tables
        self.removing = removing
    }

    /// Writes the rule set and makes the sources of a world, without records.
    package func prepare(_ world: World) async throws {
        try await install(world.ruleSet)
        for name in Set(world.assets.keys.map(\.source)).union(["itam", "lab"]).sorted() {
            try await makeSource(name, "asset", nil)
        }
        for name in Set(world.cis.keys.map(\.source)).union(["cmdb", "edge"]).sorted() {
            try await makeSource(name, "ci", world.bindings[name] ?? nil)
        }
    }

    /// Writes the rule set, makes the sources and publishes every record and act of a world.
    ///
    /// - Parameter settle: lets the engine read all records before some are deleted: a tombstone keeps what was read.
    package func play(_ world: World, settle: () async throws -> Void) async throws {
        try await prepare(world)
        for (key, asset) in world.assets.sorted(by: { $0.key < $1.key }) {
            try await play(.upsertAsset(key, asset.record))
        }
        for (key, ci) in world.cis.sorted(by: { $0.key < $1.key }) {
            try await play(.upsertCI(key, ci.record))
        }
        try await settle()
        for (key, asset) in world.assets where asset.isDeleted { try await play(.deleteAsset(key)) }
        for (key, ci) in world.cis where ci.isDeleted { try await play(.deleteCI(key)) }
        for (ci, asset) in world.pins.sorted(by: { $0.key < $1.key }) {
            try await play(.pin(WorldPair(ci: ci, asset: asset)))
        }
        for pair in world.blocks { try await play(.block(pair)) }
        for asset in world.composites { try await play(.setComposite(asset, true)) }
        for value in world.trusted { try await play(.trust(value, true)) }
    }

    private func makeSource(_ name: String, _ side: String, _ bound: Set<String>?) async throws {
        // The reference sources are bound to tables of their own.
        _ = try await connection.query(
            "UPDATE assetlink_internal.source SET name = 'ref_' || name WHERE kind = 'bound' AND name = $1",
            [.text(name)])
        if tables.contains(name) {
            try await makeTable(name, side)
            try await attach(name, sees: bound)
            return
        }
        _ = try await connection.query(
            "SELECT assetlink.create_published_source($1, $2, $3, $4)",
            [.text(name), .text(side), bound.map { .texts($0.sorted()) } ?? .null, .text(policy(of: name))])
    }

    func policy(of source: String) -> String { removing.contains(source) ? "remove" : "flag" }

    /// One change, in a transaction of its own unless one is open.
    ///
    /// - Returns: whether it took: the end of what is not known yet, or not any more, is not played.
    @discardableResult
    package func play(_ change: WorldChange) async throws -> Bool {
        switch change {
        case .upsertAsset(let key, let record): try await write(key, "asset", RecordJSON.asset(key, record))
        case .upsertCI(let key, let record): try await write(key, "ci", RecordJSON.ci(key, record))
        case .deleteAsset(let key): try await delete(key, "asset")
        case .deleteCI(let key): try await delete(key, "ci")
        case .forgetAsset(let key): return try await forget(key)
        case .truncate(let source): try await connection.script("TRUNCATE world.\(source)")
        case .detach(let source, let keep):
            _ = try await connection.query(
                "SELECT assetlink.detach_source($1, $2, 'played')", [.text(source), .bool(keep)])
        case .attach(let source, let sees): try await attach(source, sees: sees)
        case .resync(let source):
            _ = try await connection.query("SELECT assetlink.resync($1, 'played')", [.text(source)])
        case .edit(let edit): try await write(edit.row)
        default: return try await act(change)
        }
        return true
    }

    private func write(_ key: RecordKey, _ side: String, _ json: String) async throws {
        guard tables.contains(key.source) else {
            _ = try await connection.query("SELECT assetlink.publish_\(side)($1)", [.json(json)])
            return
        }
        let columns = side == "asset" ? Self.assetColumns : Self.ciColumns
        let names = (["\(side)_id"] + columns.map(\.name)).joined(separator: ", ")
        let others = columns.map(\.name).joined(separator: ", ")
        let excluded = columns.map { "excluded.\($0.name)" }.joined(separator: ", ")
        _ = try await connection.query(
            """
            INSERT INTO world.\(key.source) AS w (\(names))
            SELECT \(names) FROM jsonb_populate_record(NULL::world.\(key.source), $1)
            ON CONFLICT (\(side)_id) DO UPDATE SET (\(others)) = ROW (\(excluded))
            """, [.json(json)])
    }

    private func delete(_ key: RecordKey, _ side: String) async throws {
        if tables.contains(key.source) {
            _ = try await connection.query("DELETE FROM world.\(key.source) WHERE \(side)_id = $1", [.text(key.id)])
        } else {
            _ = try await connection.query(
                "SELECT assetlink.delete_\(side)($1, clock_timestamp(), $2)", [.text(key.id), .text(key.source)])
        }
    }

    /// As the daemon's housekeeping does it: only of what the engine knows as a tombstone.
    private func forget(_ key: RecordKey) async throws -> Bool {
        try await connection.query(
            """
            SELECT assetlink_internal.log_change('tombstone', NULL, a.asset_ref::text, 'expiry')
            FROM assetlink_internal.asset AS a JOIN assetlink_internal.source AS s USING (source_id)
            WHERE s.name = $1 AND a.key = $2 AND a.standing = 2
            """, [.text(key.source), .text(key.id)]
        ).count > 0
    }
}
