import LinkCore
import LinkStore
import Postgres

/// What operators and time do.
extension WorldPlayer {
    /// - Returns: whether it took.
    func act(_ change: WorldChange) async throws -> Bool {
        switch change {
        case .pin(let pair, let ends): try await act("pin", pair, ends: ends)
        case .unpin(let pair): try await act("unpin", pair)
        case .block(let pair, let ends): try await act("block", pair, ends: ends)
        case .unblock(let pair): try await act("unblock", pair)
        case .expire(let pair): return try await expire(pair)
        case .setComposite(let key, let isOn):
            try await insertAct(
                isOn ? "set_composite" : "unset_composite",
                [("asset_source_id", Self.sourceID(1)), ("asset_id", "$2")], [.text(key.source), .text(key.id)])
        case .trust(let value, let isOn):
            try await insertAct(
                isOn ? "trust_identifier" : "distrust_identifier",
                [("identifier_kind", "$1"), ("identifier_value", "$2")],
                [.text(value.kind.rawValue), .text(value.canonical.text)])
        case .requeue(let key):
            try await insertAct(
                "requeue", [("ci_source_id", Self.sourceID(1)), ("ci_id", "$2")], [.text(key.source), .text(key.id)])
        case .closeStale(let key): return try await endLink("assetlink.close_stale_link(l.link_id, 'played')", of: key)
        case .retire(let key):
            return try await endLink(
                "assetlink_internal.log_change('link', NULL, l.link_id::text, 'expiry')", of: key)
        default: return false
        }
        return true
    }

    private static func sourceID(_ parameter: Int) -> String {
        "(SELECT source_id FROM assetlink_internal.source WHERE name = $\(parameter))"
    }

    private func act(_ kind: String, _ pair: WorldPair, ends: Bool = false) async throws {
        try await insertAct(
            kind,
            [
                ("ci_source_id", Self.sourceID(1)), ("ci_id", "$2"), ("asset_source_id", Self.sourceID(3)),
                ("asset_id", "$4"), ("expires_at", ends ? "clock_timestamp() + interval '1 day'" : "NULL"),
            ], [.text(pair.ci.source), .text(pair.ci.id), .text(pair.asset.source), .text(pair.asset.id)])
    }

    /// Inserts an act past the checks of the public functions: random worlds pin and unpin at will.
    private func insertAct(
        _ kind: String, _ values: [(column: String, value: String)], _ parameters: [Parameter]
    ) async throws {
        _ = try await connection.query(
            """
            WITH act AS (
                INSERT INTO assetlink_internal.act (kind, reason, \(values.map(\.column).joined(separator: ", ")))
                VALUES ('\(kind)', 'played', \(values.map(\.value).joined(separator: ", "))) RETURNING act_id)
            SELECT assetlink_internal.log_change('act', NULL, act_id::text, 'operator') FROM act
            """, parameters)
    }

    /// As the daemon's housekeeping does it when the time has come: only what the engine knows to be in force.
    private func expire(_ pair: WorldPair) async throws -> Bool {
        try await connection.query(
            """
            SELECT assetlink_internal.log_change('expiry', NULL, p.act_id::text, 'expiry')
            FROM assetlink_internal.pair_in_force AS p
            WHERE p.ci_source_id = \(Self.sourceID(1)) AND p.ci_id = $2
                AND p.asset_source_id = \(Self.sourceID(3)) AND p.asset_id = $4 AND p.expires_at IS NOT NULL
            """, [.text(pair.ci.source), .text(pair.ci.id), .text(pair.asset.source), .text(pair.asset.id)]
        ).count > 0
    }

    private func endLink(_ call: String, of ci: RecordKey) async throws -> Bool {
        try await connection.query(
            """
            SELECT \(call) FROM assetlink_internal.link AS l
            WHERE l.ci_source_id = \(Self.sourceID(1)) AND l.ci_id = $2 AND l.status = 'stale'
            """, [.text(ci.source), .text(ci.id)]
        ).count > 0
    }
}
