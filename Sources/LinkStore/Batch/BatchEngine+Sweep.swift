import LinkCore
import Postgres

/// Where the sweep has got to.
package struct SweepPosition: Sendable {
    var source: Int32 = 0
    var isBeyondStored = false
    var after: String?
    /// The last CI whose decision was compared with its link.
    var afterCI: CIRef = 0
    /// Rounds completed since the start.
    package var rounds = 0

    package init() {}
}

extension BatchEngine {
    /// Compares a page of one source with what is stored, and queues the keys that differ: it finds what no trigger
    /// sees, and brings discovery times up to date; the planner alone writes links (engine point 10).
    ///
    /// - Returns: how many records differed.
    package func sweep(_ position: inout SweepPosition, page: Int) async throws -> Int {
        try await sweepDecisions(&position, page: page) + sweepRecords(&position, page: page)
    }

    private func sweepRecords(_ position: inout SweepPosition, page: Int) async throws -> Int {
        let sources = try await connection.query(SourceInfo.statement).map { try SourceInfo($0) }.filter {
            !$0.isPublished && !$0.isDetached && $0.status == .ok
        }
        guard let source = sources.first(where: { $0.id >= position.source }) else {
            position.source = 0
            position.rounds += 1
            return 0
        }
        if source.id != position.source {
            position.source = source.id
            position.isBeyondStored = false
            position.after = nil
        }
        var keys: [String]
        if position.isBeyondStored {
            let rows = try await connection.query(reader.page(source, after: position.after, limit: page))
            keys = try rows.filter { try !$0.bool(1) }.map { try $0.text(0) }
            position.after = try rows.isEmpty ? nil : rows[rows.count - 1].text(0)
            if rows.count < page {
                position.source += 1
                position.isBeyondStored = false
                position.after = nil
            }
        } else {
            let found = try await differing(source, &position, page)
            keys = found.keys
            if !found.fresh.isEmpty { _ = try await connection.query(Self.freshness(found.fresh)) }
        }
        guard !keys.isEmpty else { return 0 }
        // A change that waits in the log is on its way; it was logged by whoever made the difference.
        let waiting = Set(
            try await connection.query(ChangeLog.waiting(source.id, keys, since: cursor.snapshot)).map {
                try $0.text(0)
            })
        keys.removeAll { waiting.contains($0) }
        guard !keys.isEmpty else { return 0 }
        // What failed has its own times to be tried again.
        return try await connection.query(
            Statement(
                """
                SELECT assetlink_internal.log_change('record', $1, k, 'sweep') FROM unnest($2::text[]) AS k
                WHERE NOT EXISTS (SELECT FROM assetlink_internal.dead_letter AS d
                    WHERE d.source_id = $1 AND md5(d.key) = md5(k) AND d.key = k AND d.replayed_at IS NULL)
                """, [.int4(source.id), .texts(keys)])
        ).count
    }

    /// A page of stored records: the keys that differ from their source, and CIs that were only seen again.
    func differing(
        _ source: SourceInfo, _ position: inout SweepPosition, _ page: Int
    ) async throws -> (keys: [String], fresh: [(CIRef, Timestamp?, String?)]) {
        let isAsset = source.side == .asset
        let stored = try await connection.query(
            Statement(
                """
                SELECT key, digest, \(isAsset ? "asset_ref, NULL::timestamptz" : "ci_ref, last_discovered_at")
                FROM assetlink_internal.\(isAsset ? "asset" : "ci")
                WHERE source_id = $1 AND key > $2 COLLATE "C" AND \(isAsset ? "standing <> 2" : "deleted_at IS NULL")
                ORDER BY source_id, key LIMIT $3
                """, [.int4(source.id), .text(position.after ?? ""), .int8(Int64(page))]))
        let names = try stored.map { try $0.text(0) }
        position.after = names.last
        if names.count < page {
            position.isBeyondStored = true
            position.after = nil
        }
        guard !names.isEmpty else { return ([], []) }
        var digests: [String: String] = [:]
        var seen: [String: (Timestamp?, String?)] = [:]
        for row in try await connection.query(reader.marks(source, keys: names)) {
            let key = try row.text(0)
            digests[key] = try row.text(1)
            if !isAsset { seen[key] = (try row.timestamptzOrNil(2), try row.textOrNil(3)) }
        }
        var fresh: [(CIRef, Timestamp?, String?)] = []
        var differing: [String] = []
        for row in stored {
            let key = try row.text(0)
            if digests[key] != (try row.text(1)) {
                differing.append(key)
            } else if let (at, who) = seen[key], at != (try row.timestamptzOrNil(3)) {
                fresh.append((try row.int8(2), at, who))
            }
        }
        return (differing, fresh)
    }

    /// Discovery times are noted without a change (engine point 10).
    static func freshness(_ seen: [(CIRef, Timestamp?, String?)]) -> Statement {
        Statement(
            """
            UPDATE assetlink_internal.ci AS c SET last_discovered_at = k.at, discovery_source = k.who
            FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS k (ref, at, who) WHERE c.ci_ref = k.ref
            """, [.refs(seen.map(\.0)), .timestamptzArray(seen.map(\.1)), .textArray(seen.map(\.2))])
    }
}
