import LinkCore
import Postgres

/// The statements that read payloads and what their items are compared with.
enum DiscoveryStatements {
    /// The oldest payload with something to do.
    static let open = Statement(
        """
        SELECT p.payload_id, p.submitted_at, t.relation_types, p.source_id
        FROM assetlink_internal.discovery_payload AS p
        JOIN assetlink_internal.discovery_target AS t USING (source_id)
        WHERE p.finished_at IS NULL
        ORDER BY p.payload_id
        LIMIT 1
        """)

    static func items(_ payload: Int64) -> Statement {
        Statement(
            """
            SELECT i.state, i.ci_id, i.is_older, i.conflict_id IS NOT NULL, i.size
            FROM assetlink_internal.discovery_item AS i
            WHERE i.payload_id = $1
            ORDER BY i.item
            """, [.int8(payload)])
    }

    static func relations(_ payload: Int64) -> Statement {
        Statement(
            """
            SELECT r.kind, r.relation, r.parent_item, r.child_item, r.body::text, r.state
            FROM assetlink_internal.discovery_relation AS r
            WHERE r.payload_id = $1
            ORDER BY r.kind DESC, r.relation
            """, [.int8(payload)])
    }

    static func bodies(_ payload: Int64, _ numbers: [Int]) -> Statement {
        Statement(
            """
            SELECT i.item, i.body::text
            FROM assetlink_internal.discovery_item AS i
            WHERE i.payload_id = $1 AND i.item = ANY ($2::integer[])
            """, [.int8(payload), .smallInts(numbers)])
    }

    static func readBodies(_ rows: Rows) throws(PostgresError) -> [Int: String] {
        var bodies: [Int: String] = [:]
        for row in rows { bodies[Int(try row.int4(0))] = try row.textOrNil(1) }
        return bodies
    }

    /// Ids of the CIs that hold one of these keys: a hundred of them are as good as all.
    static func holders(_ keys: [StoredKey], source: Int32) -> Statement {
        Statement(
            """
            SELECT DISTINCT c.key
            FROM unnest($1::integer[], $2::text[]) AS k (space, key)
            CROSS JOIN LATERAL (
                SELECT y.ci_ref FROM assetlink_internal.ci_key AS y
                WHERE y.space_id = k.space AND y.key = k.key LIMIT 100) AS y
            CROSS JOIN LATERAL (
                SELECT c.key FROM assetlink_internal.ci AS c
                WHERE c.ci_ref = y.ci_ref AND c.source_id = $3 AND c.deleted_at IS NULL OFFSET 0) AS c
            """, [.int4s(keys.map(\.space)), .texts(keys.map(\.key)), .int4(source)])
    }

    /// Ids of the CIs within these.
    static func children(_ parents: [String], source: Int32) -> Statement {
        Statement(
            """
            SELECT c.key
            FROM unnest($1::text[]) AS p (id)
            CROSS JOIN LATERAL (
                SELECT c.key FROM assetlink_internal.ci AS c
                WHERE c.source_id = $2 AND c.parent_ci_id = p.id AND c.deleted_at IS NULL OFFSET 0) AS c
            """, [.texts(parents), .int4(source)])
    }

    static func related(_ ids: [Int64]) -> Statement {
        Statement(
            """
            SELECT r.ci_id::text, r.related_id, r.class, r."values"::text
            FROM cmdb.ci_related AS r WHERE r.ci_id = ANY ($1::bigint[])
            ORDER BY r.related_id
            """, [.refs(ids)])
    }

    /// Relations as they are, by parent, child and type.
    static func relationships(_ parents: [Int64], _ children: [Int64], _ types: [String]) -> Statement {
        Statement(
            """
            SELECT k.ord, r.qualifiers::text
            FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS k (parent, child, type, ord)
            CROSS JOIN LATERAL (
                SELECT r.qualifiers FROM cmdb.ci_relationship AS r
                WHERE r.parent_ci_id = k.parent AND r.child_ci_id = k.child AND r.type = k.type OFFSET 0) AS r
            """, [.refs(parents), .refs(children), .texts(types)])
    }

    /// What contains these CIs, where exactly one does.
    static func containers(_ children: [Int64]) -> Statement {
        Statement(
            """
            SELECT k.ord, r.parent
            FROM unnest($1::bigint[]) WITH ORDINALITY AS k (child, ord)
            CROSS JOIN LATERAL (
                SELECT min(r.parent_ci_id) AS parent FROM (
                    SELECT r.parent_ci_id FROM cmdb.ci_relationship AS r
                    WHERE r.child_ci_id = k.child AND r.type = 'contains' LIMIT 2) AS r
                HAVING count(*) = 1) AS r
            """, [.refs(children)])
    }

    /// Members of `attributes` as they are.
    static func references(_ ids: [Int64], _ fields: [String]) -> Statement {
        Statement(
            """
            SELECT k.ord, c.attributes ->> k.field
            FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS k (id, field, ord)
            CROSS JOIN LATERAL (SELECT c.attributes FROM cmdb.ci AS c WHERE c.ci_id = k.id OFFSET 0) AS c
            """, [.refs(ids), .texts(fields)])
    }
}
