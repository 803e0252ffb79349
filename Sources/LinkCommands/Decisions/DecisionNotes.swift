import Postgres

/// What a person should know before a decision is taken up: that it has no effect now, or what it replaces.
enum DecisionNotes {
    /// Of a pin.
    static func ofPin(_ ci: RecordReference, _ asset: RecordReference, _ session: Session) async throws -> [String] {
        try await notes(
            """
            SELECT 'The CI is excluded (' || c.reason || '): the pin has no effect until it is not.'
            FROM assetlink.ci_state c WHERE (c.ci_source, c.ci_id) = ($1, $2) AND c.state = 'excluded'
            UNION ALL
            SELECT 'The asset has ended (' || a.lifecycle_phase || '): the pin has no effect until it comes back.'
            FROM assetlink.asset_state a WHERE (a.asset_source, a.asset_id) = ($3, $4) AND a.state = 'ended'
            UNION ALL
            SELECT CASE
                WHEN d.kind = 'block' THEN 'It ends the block of the pair (decision ' || d.decision_id || ').'
                ELSE 'It replaces the pin on ' || d.asset_source || '/' || d.asset_id || ' (decision ' || d.decision_id
                    || ').'
                END
            FROM assetlink.operator_decision d
            WHERE (d.ci_source, d.ci_id) = ($1, $2) AND d.effect <> 'ended'
                AND (d.kind = 'pin' OR (d.asset_source, d.asset_id) = ($3, $4))
            UNION ALL
            SELECT 'CI ' || d.ci_source || '/' || d.ci_id || ' is pinned to the same asset: both will be linked to it.'
            FROM assetlink.operator_decision d
            WHERE (d.asset_source, d.asset_id) = ($3, $4) AND (d.ci_source, d.ci_id) <> ($1, $2)
                AND d.kind = 'pin' AND d.effect = 'in_force'
            """, ci, asset, session)
    }

    /// Of a block.
    static func ofBlock(_ ci: RecordReference, _ asset: RecordReference, _ session: Session) async throws -> [String] {
        try await notes(
            """
            SELECT 'The two are not linked now: nothing changes until something else would join them.'
            WHERE NOT EXISTS (
                SELECT FROM assetlink.link l
                WHERE (l.ci_source, l.ci_id) = ($1, $2) AND (l.asset_source, l.asset_id) = ($3, $4)
                    AND l.status <> 'closed')
            UNION ALL
            SELECT CASE
                WHEN d.kind = 'pin' THEN 'It ends the pin of the pair (decision ' || d.decision_id || ').'
                ELSE 'It replaces the block of the pair (decision ' || d.decision_id || ').'
                END
            FROM assetlink.operator_decision d
            WHERE (d.ci_source, d.ci_id) = ($1, $2) AND (d.asset_source, d.asset_id) = ($3, $4) AND d.effect <> 'ended'
            """, ci, asset, session)
    }

    /// Of the mark of a composite asset.
    static func ofComposite(_ asset: RecordReference, _ session: Session) async throws -> [String] {
        try await notes(
            """
            SELECT 'The asset has ended (' || a.lifecycle_phase || '): the mark has no effect until it comes back.'
            FROM assetlink.asset_state a
            WHERE (a.asset_source, a.asset_id) = ($3, $4) AND a.state = 'ended' AND $1 || $2 <> ''
            """, asset, asset, session)
    }

    private static func notes(
        _ sql: String, _ ci: RecordReference, _ asset: RecordReference, _ session: Session
    ) async throws -> [String] {
        try await session.query(sql, [.text(ci.source), .text(ci.id), .text(asset.source), .text(asset.id)])
            .map { try $0.text(0) }
    }
}
