import LinkCore
package import Logging
package import Postgres

/// What would become of a payload; nothing is written.
package struct DiscoveryPreview: Sendable {
    /// An item, as `discovery_result` would show it.
    package struct Item: Sendable {
        package var number: Int
        package var className: String?
        package var state: String
        package var code: String?
        package var detail: String?
        /// `nil` of a CI that would be new.
        package var ciID: String?
        package var rule: String?
        package var priority: Int?
        package var matches: [String]
    }

    /// A relation or reference, as `discovery_relation_result` would show it.
    package struct Relation: Sendable {
        package var kind: String
        package var number: Int
        package var parent: Int?
        package var child: Int?
        package var type: String
        package var state: String
        package var code: String?
        package var detail: String?
    }

    package var items: [Item] = []
    package var relations: [Relation] = []
}

/// A payload cannot be looked at now.
package struct DiscoveryNotReady: Error, CustomStringConvertible {
    package var description: String {
        "Too much has changed that the daemon has not taken in: try again when assetlinkctl status shows no backlog."
    }
}

extension BatchEngine {
    /// Decides a payload in one read-only snapshot: the same decisions that the daemon would make now.
    ///
    /// - Throws: what the database says of a payload that it would not take; ``DiscoveryNotReady``.
    package static func preview(
        _ connection: PostgresConnection, payload: String, source: String = "cmdb", logger: Logger
    ) async throws -> DiscoveryPreview {
        let engine = BatchEngine(connection: connection, epoch: 0, logger: logger)
        engine.isVerifying = true
        try await connection.script(sessionSettings)
        return try await engine.onSnapshot { try await engine.preview(payload, source) }
    }

    private func preview(_ payload: String, _ source: String) async throws -> DiscoveryPreview {
        let checked = try await connection.query(
            Statement(
                "SELECT assetlink_internal.check_discovery($1::text::jsonb, $2)", [.text(payload), .text(source)]))
        let rows = try await flush([
            CursorStatements.start, SourceInfo.statement, CursorStatements.ranges,
            Statement(
                "SELECT item, body::text FROM assetlink_internal.discovery_items($1::text::jsonb)", [.text(payload)]),
            Statement(
                """
                SELECT kind, relation, parent_item, child_item, body::text, 'pending'
                FROM assetlink_internal.discovery_relations($1::text::jsonb) ORDER BY kind DESC, relation
                """, [.text(payload)]),
            Statement("SELECT source_id, relation_types FROM assetlink_internal.discovery_target"),
        ])
        guard let row = rows[0].first, let id = try checked.first?.int4(0),
            let target = try rows[5].first(where: { try $0.int4(0) == id }),
            let info = try rows[1].map({ try SourceInfo($0) }).first(where: { $0.id == id })
        else { throw DiscoveryNotReady() }
        let start = try CursorStatements.decodeStart(row)
        cursor = start.cursor
        try await readRules()
        guard try !rows[2].map({ try CursorStatements.decodeRange($0) }).contains(where: { $0.hides(id) }) else {
            throw DiscoveryNotReady()
        }
        let types = try target.textArrayOrNil(1) ?? []
        var page = DiscoveryPage(
            source: info,
            payload: DiscoveryPayload(id: 0, submittedAt: start.time, types: Set(types.compactMap { $0 })),
            time: start.time)
        page.payload.items = rows[3].map { _ in
            DiscoverySkeleton(state: "pending", ciID: nil, isOlder: false, hasConflict: false)
        }
        try page.payload.readRelations(rows[4])
        page.numbers = Array(page.payload.items.indices)
        let bodies = try DiscoveryStatements.readBodies(rows[3])
        page.parse(bodies)
        let log = try await flush(ChangeLog.live(since: cursor.snapshot, limit: limits.live + 1))
        guard let changed = try keysChanged(log, info) else { throw DiscoveryNotReady() }
        try await decideDiscovery(&page, changed: changed)
        try await planRelations(&page)
        return page.preview(bodies)
    }
}

extension DiscoveryPage {
    fileprivate func preview(_ bodies: [Int: String]) -> DiscoveryPreview {
        var preview = DiscoveryPreview()
        for number in numbers {
            guard let outcome = outcomes[number] else { continue }
            preview.items.append(
                DiscoveryPreview.Item(
                    number: number, className: items[number]?.className, state: outcome.state.rawValue,
                    code: outcome.code?.rawValue, detail: outcome.detail,
                    ciID: outcome.write?.isNew == true ? nil : outcome.ciID,
                    rule: outcome.match?.rule ?? outcome.rule, priority: outcome.match?.priority,
                    matches: outcome.matches))
        }
        for outcome in relations {
            let relation = payload.graph.relations[outcome.index]
            preview.relations.append(
                DiscoveryPreview.Relation(
                    kind: relation.kind.rawValue, number: relation.number, parent: relation.parent,
                    child: relation.child, type: relation.type, state: outcome.state, code: outcome.code?.rawValue,
                    detail: outcome.detail))
        }
        return preview
    }
}
