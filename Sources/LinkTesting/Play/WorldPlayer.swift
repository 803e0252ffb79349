package import LinkCore
import LinkStore
package import Postgres

/// Plays worlds and changes into a migrated database, as sources, operators and time would.
package struct WorldPlayer: Sendable {
    package let connection: PostgresConnection

    package init(_ connection: PostgresConnection) { self.connection = connection }

    /// Writes the rule set, makes the sources and publishes every record and act of a world.
    ///
    /// - Parameter settle: lets the engine read all records before some are deleted: a tombstone keeps what was read.
    package func play(_ world: World, settle: () async throws -> Void) async throws {
        try await install(world.ruleSet)
        for name in Set(world.assets.keys.map(\.source)).union(["itam", "lab"]).sorted() {
            try await makeSource(name, "asset", nil)
        }
        for name in Set(world.cis.keys.map(\.source)).union(["cmdb", "edge"]).sorted() {
            try await makeSource(name, "ci", world.bindings[name] ?? nil)
        }
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
        // The reference sources are bound to tables; worlds publish.
        _ = try await connection.query(
            "UPDATE assetlink_internal.source SET name = 'ref_' || name WHERE kind = 'bound' AND name = $1",
            [.text(name)])
        _ = try await connection.query(
            "SELECT assetlink.create_published_source($1, $2)", [.text(name), .text(side)])
        guard let bound else { return }
        _ = try await connection.query(
            """
            UPDATE assetlink_internal.source
            SET asset_sources = (SELECT array_agg(source_id) FROM assetlink_internal.source WHERE name = ANY ($2::text[]))
            WHERE name = $1
            """, [.text(name), .texts(bound.sorted())])
    }

    /// One change, in a transaction of its own.
    package func play(_ change: WorldChange) async throws {
        switch change {
        case .upsertAsset(let key, let record): try await call("publish_asset", RecordJSON.asset(key, record))
        case .upsertCI(let key, let record): try await call("publish_ci", RecordJSON.ci(key, record))
        case .deleteAsset(let key):
            _ = try await connection.query(
                "SELECT assetlink.delete_asset($1, clock_timestamp(), $2)", [.text(key.id), .text(key.source)])
        case .deleteCI(let key):
            _ = try await connection.query(
                "SELECT assetlink.delete_ci($1, clock_timestamp(), $2)", [.text(key.id), .text(key.source)])
        case .forgetAsset(let key):
            _ = try await connection.query(
                """
                SELECT assetlink_internal.log_change('tombstone', NULL, a.asset_ref::text, 'expiry')
                FROM assetlink_internal.asset AS a JOIN assetlink_internal.source AS s USING (source_id)
                WHERE s.name = $1 AND a.key = $2
                """, [.text(key.source), .text(key.id)])
        case .pin(let pair): try await act("pin", pair)
        case .unpin(let pair): try await act("unpin", pair)
        case .block(let pair): try await act("block", pair)
        case .unblock(let pair): try await act("unblock", pair)
        case .setComposite(let key, let isOn):
            try await insertAct(
                isOn ? "set_composite" : "unset_composite",
                "asset_source_id = (SELECT source_id FROM assetlink_internal.source WHERE name = $1), asset_id = $2",
                [.text(key.source), .text(key.id)])
        case .trust(let value, let isOn):
            try await insertAct(
                isOn ? "trust_identifier" : "distrust_identifier", "identifier_kind = $1, identifier_value = $2",
                [.text(value.kind.rawValue), .text(value.canonical.text)])
        }
    }

    private func call(_ function: String, _ json: String) async throws {
        _ = try await connection.query("SELECT assetlink.\(function)($1)", [.json(json)])
    }

    private func act(_ kind: String, _ pair: WorldPair) async throws {
        try await insertAct(
            kind,
            """
            ci_source_id = (SELECT source_id FROM assetlink_internal.source WHERE name = $1), ci_id = $2,
            asset_source_id = (SELECT source_id FROM assetlink_internal.source WHERE name = $3), asset_id = $4
            """, [.text(pair.ci.source), .text(pair.ci.id), .text(pair.asset.source), .text(pair.asset.id)])
    }

    /// Inserts an act past the checks of the public functions: random worlds pin and unpin at will.
    private func insertAct(_ kind: String, _ values: String, _ parameters: [Parameter]) async throws {
        let assignments = values.split(separator: ",\n").flatMap { $0.components(",") }
        let columns = assignments.map { $0.before("=") }
        let expressions = assignments.map { $0.after("=") }
        _ = try await connection.query(
            """
            WITH act AS (
                INSERT INTO assetlink_internal.act (kind, reason, \(columns.joined(separator: ", ")))
                VALUES ('\(kind)', 'played', \(expressions.joined(separator: ", "))) RETURNING act_id)
            SELECT assetlink_internal.log_change('act', NULL, act_id::text, 'operator') FROM act
            """, parameters)
    }

    /// Replaces the shipped rules by a world's.
    package func install(_ rules: RuleSet) async throws {
        try await connection.script(
            """
            DELETE FROM assetlink.placeholder; DELETE FROM assetlink.lifecycle_state;
            DELETE FROM assetlink.manufacturer_alias; DELETE FROM assetlink.suspect_limit;
            TRUNCATE assetlink.ci_class;
            """)
        for item in rules.classes {
            let rule: String? =
                switch item.rule {
                case .inherited: nil
                case .none: "\"none\""
                case .own(let rule): RecordJSON.rule(rule)
                }
            _ = try await connection.query(
                "INSERT INTO assetlink.ci_class VALUES ($1, $2, $3::text::jsonb, $4::text::integer)",
                [
                    .text(item.name), item.parent.map { .text($0) } ?? .null, rule.map { .text($0) } ?? .null,
                    item.agedAfterDays.map { .text(String($0)) } ?? .null,
                ])
        }
        for item in rules.placeholders {
            _ = try await connection.query(
                """
                INSERT INTO assetlink.placeholder (id, kind, value, is_pattern, manufacturer)
                OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5)
                """,
                [
                    .int4(Int32(item.id)), .text(item.kind.rawValue), .text(item.value), .bool(item.isPattern),
                    item.manufacturer.map { .text($0) } ?? .null,
                ])
        }
        for item in rules.lifecycle {
            _ = try await connection.query(
                "INSERT INTO assetlink.lifecycle_state VALUES ($1, $2, $3, $4)",
                [
                    .text(item.side.rawValue), item.source.map { .text($0) } ?? .null,
                    .text(item.rawState.lowercased()),
                    .text(item.meaning),
                ])
        }
        for (alias, name) in rules.manufacturerAliases {
            _ = try await connection.query(
                "INSERT INTO assetlink.manufacturer_alias VALUES ($1, $2)", [.text(alias), .text(name)])
        }
        for (kind, most) in rules.suspectLimits {
            _ = try await connection.query(
                "INSERT INTO assetlink.suspect_limit VALUES ($1, $2)", [.text(kind.rawValue), .int4(Int32(most))])
        }
    }
}

extension Substring {
    fileprivate func components(_ separator: Character) -> [Substring] {
        // Commas inside parentheses do not part.
        var parts: [Substring] = []
        var depth = 0
        var start = startIndex
        for index in indices {
            switch self[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case separator where depth == 0:
                parts.append(self[start..<index])
                start = self.index(after: index)
            default: break
            }
        }
        return parts + [self[start...]]
    }

    fileprivate func before(_ mark: Character) -> String { String(prefix { $0 != mark }) }
    fileprivate func after(_ mark: Character) -> String {
        String(drop { $0 != mark }.dropFirst())
    }
}
