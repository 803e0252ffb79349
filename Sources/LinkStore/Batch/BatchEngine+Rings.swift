import LinkCore
import Logging
import Postgres

/// A record by source and id, on whichever side.
private struct Node: Hashable {
    var source: Int32
    var id: String
}

/// Parents before the batch and after it, as far as they were looked up.
private struct ParentMap {
    /// Stored: `.some(nil)` = no such record, or it has no parent.
    var stored: [Node: Node?] = [:]
    /// Of the batch's own records.
    var fresh: [Node: Node?] = [:]

    func before(_ node: Node) -> Node? { stored[node] ?? nil }
    func after(_ node: Node) -> Node? { fresh[node] ?? before(node) }

    /// The ring that a node is on, or nothing.
    func ring(_ node: Node, _ parent: (Node) -> Node?) -> Set<Node> {
        var seen: Set<Node> = [node]
        var at = parent(node)
        while let here = at {
            if here == node { return seen }
            guard seen.insert(here).inserted else { return [] }
            at = parent(here)
        }
        return []
    }
}

extension BatchEngine {
    /// Rings of parents that changed records make or break: their members have, or lose, their dependent keys
    /// (domain.md section 5).
    ///
    /// A ring can only change through a record of its own, so the walk begins there.
    func findRings(_ batch: inout Batch) async throws {
        guard let rules, rules.spaces.contains(where: \.isDependent) else { return }
        var assets = changedAssets(batch)
        var cis = ParentMap()
        for change in batch.cis.values where change.hasNewRaw || change.isDeleted {
            let new = change.isDeleted ? nil : change.row?.record.parentCIID
            guard new != change.stored.parent || change.isDeleted || change.stored.isDeleted else { continue }
            guard new != nil || change.stored.parent != nil else { continue }
            let parent = new.map { Node(source: change.source.id, id: $0) }
            cis.fresh.updateValue(parent, forKey: Node(source: change.source.id, id: change.key))
        }
        if !assets.fresh.isEmpty { try await noteAssetRings(&assets, &batch) }
        if !cis.fresh.isEmpty { try await noteCIRings(&cis, &batch) }
    }

    private func changedAssets(_ batch: Batch) -> ParentMap {
        var map = ParentMap()
        for change in batch.assets.values where change.hasNewRaw || change.row == nil {
            let new = change.standing == .deleted ? nil : change.row?.record.parentAssetID
            guard new != nil || change.stored.parent != nil else { continue }
            // Not by subscript: no parent is a value here, and would be taken for "remove".
            let parent = new.map { Node(source: change.source.id, id: $0) }
            map.fresh.updateValue(parent, forKey: Node(source: change.source.id, id: change.key))
        }
        return map
    }

    /// Assets read again without a change of their own (a mark, a flipped value, other rules) are still on the rings
    /// that they were on, and must not get their dependent keys back.
    func noteRingsOfAssetsAgain(_ batch: inout Batch) async throws {
        guard let rules, rules.spaces.contains(where: \.isDependent) else { return }
        let again = batch.assets.values.filter { change in
            !change.hasNewRaw && change.standing != .deleted && change.row?.record.parentAssetID != nil
                && !batch.hood.assetRing.contains(change.name)
        }
        guard !again.isEmpty else { return }
        var map = changedAssets(batch)
        let nodes = again.map { Node(source: $0.source.id, id: $0.key) }
        try await fill(&map, from: nodes, table: "asset", parent: "parent_asset_id", exists: "standing <> 2")
        for node in nodes where !map.ring(node, map.after).isEmpty {
            batch.keyDiff.isStale = true
            batch.hood.assetRing.insert(AssetName(source: node.source, id: node.id))
        }
    }

    private func noteAssetRings(_ map: inout ParentMap, _ batch: inout Batch) async throws {
        try await fill(&map, table: "asset", parent: "parent_asset_id", exists: "standing <> 2")
        var touched: Set<Node> = []
        for node in map.fresh.keys {
            let now = map.ring(node, map.after)
            batch.hood.assetRing.formUnion(now.map { AssetName(source: $0.source, id: $0.id) })
            touched.formUnion(now)
            touched.formUnion(map.ring(node, map.before))
        }
        let refs = try await refs(of: touched, table: "asset").filter { batch.assets[$0] == nil }
        guard !refs.isEmpty else { return }
        for ref in refs { batch.work.assetsAgain[ref] = batch.work.assetsAgain[ref] ?? .system }
        let rows = try await flush([reader.storedAssets(refs), StoredRecords.assets(refs: refs)])
        try takeAssetsAgain(rows[0], rows[1], &batch)
    }

    private func noteCIRings(_ map: inout ParentMap, _ batch: inout Batch) async throws {
        try await fill(&map, table: "ci", parent: "parent_ci_id", exists: "deleted_at IS NULL")
        var touched: Set<Node> = []
        for node in map.fresh.keys {
            touched.formUnion(map.ring(node, map.after))
            touched.formUnion(map.ring(node, map.before))
        }
        for ref in try await refs(of: touched, table: "ci") where batch.work.cis[ref] == nil && batch.cis[ref] == nil {
            batch.work.cis[ref] = .system
        }
    }

    /// Looks up stored parents level by level, until every chain from a changed record is known to its end.
    private func fill(
        _ map: inout ParentMap, from nodes: [Node] = [], table: String, parent: String, exists: String
    ) async throws {
        var frontier = Set(map.fresh.keys).union(map.fresh.values.compactMap { $0 }).union(nodes)
        while !frontier.isEmpty {
            let list = Array(frontier)
            let rows = try await flush(
                Statement(
                    """
                    SELECT k.ord, a.\(parent)
                    FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (source, id, ord)
                    CROSS JOIN LATERAL (
                        SELECT * FROM assetlink_internal.\(table) AS a
                        WHERE a.source_id = k.source AND a.key = k.id AND a.\(exists) OFFSET 0) AS a
                    """, [.int4s(list.map(\.source)), .texts(list.map(\.id))]))
            for node in list { map.stored[node] = .some(nil) }
            var next: Set<Node> = []
            for row in rows {
                let node = list[Int(try row.int8(0)) - 1]
                guard let id = try row.textOrNil(1) else { continue }
                let up = Node(source: node.source, id: id)
                map.stored[node] = .some(up)
                if map.stored[up] == nil { next.insert(up) }
            }
            frontier = next
        }
    }

    private func refs(of nodes: Set<Node>, table: String) async throws -> [Int64] {
        guard !nodes.isEmpty else { return [] }
        let list = Array(nodes)
        let rows = try await flush(
            Statement(
                """
                SELECT a.\(table)_ref
                FROM unnest($1::integer[], $2::text[]) AS k (source, id)
                CROSS JOIN LATERAL (
                    SELECT * FROM assetlink_internal.\(table) AS a
                    WHERE a.source_id = k.source AND a.key = k.id OFFSET 0) AS a
                """, [.int4s(list.map(\.source)), .texts(list.map(\.id))]))
        return try rows.map { try $0.int8(0) }
    }
}
