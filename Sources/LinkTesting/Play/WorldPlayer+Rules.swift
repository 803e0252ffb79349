package import LinkCore
import Postgres

/// The rule tables.
extension WorldPlayer {
    /// Replaces the shipped rules by a world's.
    package func install(_ rules: RuleSet) async throws {
        try await connection.script(
            """
            DELETE FROM assetlink.placeholder; DELETE FROM assetlink.lifecycle_state;
            DELETE FROM assetlink.manufacturer_alias; DELETE FROM assetlink.suspect_limit;
            TRUNCATE assetlink.ci_class;
            """)
        for item in rules.classes { try await write(.ciClass(item)) }
        for item in rules.placeholders { try await write(.placeholder(item)) }
        for item in rules.lifecycle { try await write(.state(item)) }
        for (alias, name) in rules.manufacturerAliases { try await write(.alias(alias, name)) }
        for (kind, most) in rules.suspectLimits { try await write(.limit(kind, most)) }
    }

    /// One row of a rule table.
    func write(_ row: RuleEdit.Row) async throws {
        switch row {
        case .ciClass(let item): try await write(item)
        case .noClass(let name):
            _ = try await connection.query("DELETE FROM assetlink.ci_class WHERE class = $1", [.text(name)])
        case .placeholder(let item): try await write(item)
        case .noPlaceholder(let id):
            _ = try await connection.query("DELETE FROM assetlink.placeholder WHERE id = $1", [.int4(Int32(id))])
        case .state(let item):
            try await write(.noState(item))
            _ = try await connection.query(
                "INSERT INTO assetlink.lifecycle_state VALUES ($1, $2, $3, $4)", key(item) + [.text(item.meaning)])
        case .noState(let item):
            _ = try await connection.query(
                """
                DELETE FROM assetlink.lifecycle_state
                WHERE side = $1 AND source IS NOT DISTINCT FROM $2 AND raw_state = $3
                """, key(item))
        case .alias(let alias, let name):
            _ = try await connection.query("DELETE FROM assetlink.manufacturer_alias WHERE alias = $1", [.text(alias)])
            guard let name else { return }
            _ = try await connection.query(
                "INSERT INTO assetlink.manufacturer_alias VALUES ($1, $2)", [.text(alias), .text(name)])
        case .limit(let kind, let most):
            _ = try await connection.query(
                """
                INSERT INTO assetlink.suspect_limit (kind, holders) VALUES ($1, $2)
                ON CONFLICT (kind) DO UPDATE SET holders = excluded.holders
                """, [.text(kind.rawValue), .int4(Int32(most))])
        }
    }

    private func key(_ item: LifecycleMapping) -> [Parameter] {
        [.text(item.side.rawValue), item.source.map { .text($0) } ?? .null, .text(item.rawState.lowercased())]
    }

    private func write(_ item: CIClass) async throws {
        let rule: String? =
            switch item.rule {
            case .inherited: nil
            case .none: "\"none\""
            case .own(let rule): RecordJSON.rule(rule)
            }
        _ = try await connection.query(
            """
            INSERT INTO assetlink.ci_class AS c (class, parent, rule, aged_after_days, suspect_limits)
            VALUES ($1, $2, $3::text::jsonb, $4::text::integer, nullif($5::jsonb, '{}'))
            ON CONFLICT (class) DO UPDATE
            SET parent = excluded.parent, rule = excluded.rule, aged_after_days = excluded.aged_after_days,
                suspect_limits = excluded.suspect_limits
            """,
            [
                .text(item.name), item.parent.map { .text($0) } ?? .null, rule.map { .text($0) } ?? .null,
                item.agedAfterDays.map { .text(String($0)) } ?? .null, .json(RecordJSON.limits(item.suspectLimits)),
            ])
    }

    private func write(_ item: Placeholder) async throws {
        _ = try await connection.query(
            """
            INSERT INTO assetlink.placeholder (id, kind, value, is_pattern, manufacturer)
            OVERRIDING SYSTEM VALUE VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, value = excluded.value,
                is_pattern = excluded.is_pattern, manufacturer = excluded.manufacturer
            """,
            [
                .int4(Int32(item.id)), .text(item.kind.rawValue), .text(item.value), .bool(item.isPattern),
                item.manufacturer.map { .text($0) } ?? .null,
            ])
    }
}
