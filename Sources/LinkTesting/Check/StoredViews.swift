import LinkCore
import LinkStore
package import Postgres

/// What the views make of the decisions: coverage, members of conflicts, inherited assets, discrepancies.
package struct StoredViews: Sendable {
    private var figures: [String: [String: Int]] = [:]
    private var members: [String: Set<String>] = [:]
    private var inherited: [RecordKey: RecordKey] = [:]
    private var discrepancies: [String: Set<String>] = [:]

    package static func read(_ connection: PostgresConnection) async throws -> StoredViews {
        var views = StoredViews()
        let rows = try await connection.pipeline([coverage, conflictMembers, inheritedAssets, discrepancyRows])
        for row in rows[0] { views.figures[try row.text(0), default: [:]][try row.text(1)] = Int(try row.int8(2)) }
        for row in rows[1] {
            views.members["\(try row.text(0)) \(try row.text(1))", default: []]
                .insert("\(try row.text(2)) \(try row.text(3))/\(try row.text(4))")
        }
        for row in rows[2] {
            views.inherited[RecordKey(try row.text(0), try row.text(1))] = RecordKey(try row.text(2), try row.text(3))
        }
        for row in rows[3] { views.discrepancies[try row.text(0), default: []].insert(try row.text(1)) }
        return views
    }

    /// Where this differs from what the model decides, in words; empty = nowhere.
    package func differences(from model: Outcome, _ world: World) -> [String] {
        var found = differencesOfFigures(model)
        let wanted = Dictionary(
            uniqueKeysWithValues: model.conflictMembers.map { identity, members in
                (
                    StoredOutcome.nullsAsEmpty(StoredOutcome.text(identity)),
                    Set(members.cis.map { "ci \($0)" } + members.assets.map { "asset \($0)" })
                )
            })
        let have = Dictionary(
            members.map { (StoredOutcome.nullsAsEmpty($0), $1) }, uniquingKeysWith: { $0.union($1) })
        for name in Set(wanted.keys).union(have.keys).sorted() where wanted[name] != have[name] {
            found.append(
                "members of \(name): model \(wanted[name]?.sorted() ?? []), database \(have[name]?.sorted() ?? [])")
        }
        for ci in Set(model.inherited.keys).union(inherited.keys).sorted() where model.inherited[ci] != inherited[ci] {
            found.append(
                "\(ci) inherits: model \(model.inherited[ci] as Any), database \(inherited[ci] as Any)")
        }
        let rings = [("asset_cycle", model.assetCycles), ("ci_cycle", model.ciCycles)]
        for (kind, keys) in rings + [("pin_disagrees", model.pinDisagrees)] {
            let names = Set(keys.map(\.description))
            let stored = discrepancies[kind] ?? []
            if names != stored {
                found.append("\(kind): model \(names.sorted()), database \(stored.sorted())")
            }
        }
        return found
    }

    private func differencesOfFigures(_ model: Outcome) -> [String] {
        var wanted = ["": Self.figures(model.coverage.all)]
        wanted[""]?["unlinked_assets"] = model.coverage.unlinkedAssets
        wanted[""]?["open_conflicts"] = model.coverage.openConflicts
        for (name, figures) in model.coverage.byClass { wanted["class \(name)"] = Self.figures(figures) }
        var found: [String] = []
        for scope in Set(wanted.keys).union(figures.keys).sorted() {
            let (model, stored) = (wanted[scope] ?? [:], figures[scope] ?? [:])
            for name in Set(model.keys).union(stored.keys).sorted() where model[name] ?? 0 != stored[name] ?? 0 {
                found.append(
                    "coverage \(scope) \(name): model \(model[name] ?? 0), database \(stored[name] ?? 0)")
            }
        }
        return found
    }

    private static func figures(_ cis: CoverageFigures.CIs) -> [String: Int] {
        var figures = [
            "eligible_cis": cis.eligible, "paired_cis": cis.paired, "orphaned_cis": cis.orphaned,
            "conflicted_cis": cis.conflicted, "excluded_cis": cis.excluded, "automatic_links": cis.automatic,
            "manual_links": cis.manual,
        ]
        for (reason, count) in cis.orphansByReason { figures["orphaned \(reason.rawValue)"] = count }
        // Cut to one decimal, and compared with the target exactly.
        if cis.eligible > 0 {
            figures["coverage_per_mille"] = cis.paired * 1_000 / cis.eligible
            figures["target_met"] = cis.paired * 100 >= 90 * cis.eligible ? 1 : 0
        }
        return figures
    }
}

extension StoredViews {
    private static let columns = [
        "eligible_cis", "paired_cis", "orphaned_cis", "conflicted_cis", "excluded_cis", "automatic_links",
        "manual_links",
    ]

    private static func figures(of view: String, _ scope: String, _ columns: [String]) -> String {
        let values =
            columns.map { "('\($0)', c.\($0)::bigint)" } + [
                "('coverage_per_mille', (c.coverage_percent * 10)::bigint)",
                "('target_met', c.target_met::integer::bigint)",
            ]
        return """
            SELECT \(scope), f.name, f.value FROM assetlink.\(view) AS c
            CROSS JOIN LATERAL (
                SELECT * FROM (VALUES \(values.joined(separator: ", "))) AS v (name, value)
                UNION ALL
                SELECT 'orphaned ' || r.key, r.value::bigint FROM jsonb_each_text(c.orphans_by_reason) AS r) AS f
            WHERE f.value IS NOT NULL
            """
    }

    private static let coverage = Statement(
        figures(of: "coverage", "''", columns + ["unlinked_assets", "open_conflicts"]) + " UNION ALL "
            + figures(of: "coverage_by_class", "'class ' || c.class", columns))
    private static let conflictMembers = Statement(
        """
        SELECT c.kind, c.identity, m.side, m.source, m.id FROM assetlink.conflict_member AS m
        JOIN assetlink_internal.conflict AS c USING (conflict_id)
        """)
    private static let inheritedAssets = Statement(
        """
        SELECT ci_source, ci_id, inherited_asset_source, inherited_asset_id FROM assetlink.ci_state
        WHERE inherited_asset_id IS NOT NULL
        """)
    private static let discrepancyRows = Statement(
        """
        SELECT kind, CASE kind WHEN 'asset_cycle' THEN asset_source || '/' || asset_id
            ELSE ci_source || '/' || ci_id END
        FROM assetlink.discrepancy WHERE kind IN ('asset_cycle', 'ci_cycle', 'pin_disagrees')
        """)
}
