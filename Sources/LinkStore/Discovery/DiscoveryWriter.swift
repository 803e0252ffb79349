import LinkCore
import Postgres

/// The statements that write the reference CMDB and the results: one each, however many rows.
enum DiscoveryWriter {
    /// Numbers of the CMDB's sequence that no CI has.
    static func draw(_ count: Int) -> Statement {
        Statement(
            """
            SELECT d.id
            FROM (SELECT nextval('cmdb.ci_ci_id_seq'::regclass) AS id FROM generate_series(1, $1) OFFSET 0) AS d
            WHERE NOT EXISTS (SELECT FROM cmdb.ci AS c WHERE c.ci_id = d.id)
            """, [.int4(Int32(count))])
    }

    static func cis(_ writes: [CIWrite]) -> [Statement] {
        var list: [Statement] = []
        let new = writes.filter(\.isNew)
        if !new.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO cmdb.ci (
                        ci_id, ci_class, name, serial_number, uuid, asset_tag, manufacturer, model, cloud_resource_id,
                        position, state, last_discovered_at, discovery_source, attributes)
                    SELECT r.id, r.class, r.name, r.serial, r.uuid, r.tag, r.maker, r.model, r.cloud, r.position,
                           coalesce(r.state, 'active'), r.seen, r.seen_by, r.attributes
                    FROM \(rows)
                    """, parameters(new)))
        }
        let known = writes.filter { !$0.isNew }
        if !known.isEmpty {
            list.append(
                Statement(
                    """
                    UPDATE cmdb.ci AS c
                    SET ci_class = r.class, name = r.name, serial_number = r.serial, uuid = r.uuid, asset_tag = r.tag,
                        manufacturer = r.maker, model = r.model, cloud_resource_id = r.cloud, position = r.position,
                        state = coalesce(r.state, c.state), last_discovered_at = r.seen, discovery_source = r.seen_by,
                        attributes = CASE r.attributes WHEN '{}' THEN c.attributes ELSE c.attributes || r.attributes END
                    FROM \(rows)
                    WHERE c.ci_id = r.id
                    """, parameters(known)))
        }
        return list
    }

    private static let rows = """
        unnest(
            $1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::text[], $14::jsonb[]
        ) AS r (id, class, name, serial, uuid, tag, maker, model, cloud, position, state, seen, seen_by, attributes)
        """

    private static func parameters(_ writes: [CIWrite]) -> [Parameter] {
        let records = writes.map(\.ci.record)
        return [
            .int8Array(writes.map { Int64($0.ci.id) }), .textArray(records.map(\.ciClass)),
            .textArray(records.map(\.name)), .textArray(records.map(\.serialNumber)), .textArray(records.map(\.uuid)),
            .textArray(records.map(\.assetTag)), .textArray(records.map(\.manufacturer)),
            .textArray(records.map(\.model)), .textArray(records.map(\.cloudResourceID)),
            .textArray(records.map(\.position)), .textArray(records.map(\.lifecycleRaw)),
            .timestamptzArray(records.map(\.lastDiscoveredAt)), .textArray(records.map(\.discoverySource)),
            .jsonArray(writes.map { JSONValue.object($0.newMembers).text }),
        ]
    }

    /// Lookup rows that are missing, and related rows.
    static func details(_ writes: [CIWrite]) -> [Statement] {
        var list: [Statement] = []
        let serials = writes.flatMap { write in write.newSerials.map { (Int64(write.ci.id), $0) } }
        if !serials.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO cmdb.ci_serial_number (ci_id, type, value)
                    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
                    """, [.int8Array(serials.map(\.0)), .texts(serials.map(\.1.type)), .texts(serials.map(\.1.value))]))
        }
        let adapters = writes.flatMap { write in write.newAdapters.map { (Int64(write.ci.id), $0) } }
        if !adapters.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO cmdb.ci_network_adapter (ci_id, name, mac)
                    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
                    """,
                    [.int8Array(adapters.map(\.0)), .texts(adapters.map(\.1.name)), .texts(adapters.map(\.1.mac))]))
        }
        let related = writes.flatMap { write in write.related.map { (write, $0) } }
        let new = related.filter { $0.1.id == nil }
        if !new.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO cmdb.ci_related (ci_id, class, "values", last_discovered_at)
                    SELECT * FROM unnest($1::bigint[], $2::text[], $3::jsonb[], $4::timestamptz[])
                    """,
                    [
                        .int8Array(new.map { Int64($0.0.ci.id) }), .texts(new.map(\.1.className)),
                        .jsonArray(new.map(\.1.values.text)),
                        .timestamptzArray(new.map(\.0.ci.record.lastDiscoveredAt)),
                    ]))
        }
        let changed = related.filter { $0.1.id != nil }
        if !changed.isEmpty {
            list.append(
                Statement(
                    """
                    UPDATE cmdb.ci_related AS r SET "values" = k.body, last_discovered_at = k.seen
                    FROM unnest($1::bigint[], $2::jsonb[], $3::timestamptz[]) AS k (id, body, seen)
                    WHERE r.related_id = k.id
                    """,
                    [
                        .int8Array(changed.map(\.1.id)), .jsonArray(changed.map(\.1.values.text)),
                        .timestamptzArray(changed.map(\.0.ci.record.lastDiscoveredAt)),
                    ]))
        }
        return list
    }

    static func relations(_ page: DiscoveryPage) -> [Statement] {
        var list: [Statement] = []
        let moved = page.relations.filter { $0.movedFrom != nil }
        let all = page.relations.filter { $0.movedFrom == nil }
            .map { (page.payload.graph.relations[$0.index], $0.state) }
        func ids(_ rows: [(DiscoveryRelation, String)]) -> [Parameter] {
            [
                .int8Array(rows.map { page.number(of: $0.0.parent) }),
                .int8Array(rows.map { page.number(of: $0.0.child) }),
            ]
        }
        let new = all.filter { $0.0.kind == .relation && $0.1 == "inserted" }
        if !new.isEmpty {
            list.append(
                Statement(
                    """
                    INSERT INTO cmdb.ci_relationship (parent_ci_id, child_ci_id, type, qualifiers)
                    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::jsonb[])
                    """, ids(new) + [.texts(new.map(\.0.type)), .jsonArray(new.map(\.0.qualifiers))]))
        }
        let changed = all.filter { $0.0.kind == .relation && $0.1 == "updated" }
        if !changed.isEmpty {
            list.append(
                Statement(
                    """
                    UPDATE cmdb.ci_relationship AS r SET qualifiers = k.chain
                    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::jsonb[]) AS k (parent, child, type, chain)
                    WHERE r.parent_ci_id = k.parent AND r.child_ci_id = k.child AND r.type = k.type
                    """, ids(changed) + [.texts(changed.map(\.0.type)), .jsonArray(changed.map(\.0.qualifiers))]))
        }
        if !moved.isEmpty {
            let rows = moved.map { (page.payload.graph.relations[$0.index], $0.state) }
            list.append(
                Statement(
                    """
                    UPDATE cmdb.ci_relationship AS r SET parent_ci_id = k.parent, qualifiers = k.chain
                    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::jsonb[]) AS k (parent, child, old, chain)
                    WHERE r.parent_ci_id = k.old AND r.child_ci_id = k.child AND r.type = 'contains'
                    """, ids(rows) + [.int8Array(moved.map(\.movedFrom)), .jsonArray(rows.map(\.0.qualifiers))]))
        }
        let references = all.filter { $0.0.kind == .reference && $0.1 == "updated" }
        if !references.isEmpty {
            list.append(
                Statement(
                    """
                    UPDATE cmdb.ci AS c SET attributes = c.attributes || k.members
                    FROM (
                        SELECT r.child, jsonb_object_agg(r.field, r.parent::text) AS members
                        FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS r (parent, child, field)
                        GROUP BY r.child
                    ) AS k
                    WHERE c.ci_id = k.child
                    """, ids(references) + [.texts(references.map(\.0.type))]))
        }
        return list
    }

    /// The end of a payload: nothing of it is pending.
    static func finish(_ payload: Int64) -> Statement {
        Statement(
            """
            UPDATE assetlink_internal.discovery_payload AS p SET finished_at = clock_timestamp()
            WHERE p.payload_id = $1 AND NOT EXISTS (
                SELECT FROM assetlink_internal.discovery_item AS i WHERE i.payload_id = $1 AND i.state = 'pending')
            """, [.int8(payload)])
    }

    static let results = """
        UPDATE assetlink_internal.discovery_item AS i
        SET state = k.state, code = k.code, detail = k.detail, ci_id = k.ci, is_older = k.older, rule = k.rule,
            entry_priority = k.priority, matched_on = k.matched, matches = k.matches::text[],
            conflict_id = CASE WHEN k.identity = i.conflict_identity THEN i.conflict_id END,
            conflict_identity = k.identity, watch_spaces = k.spaces::integer[], watch_keys = k.keys::text[],
            watch_digest = CASE WHEN k.state IN ('parked', 'conflict') THEN
                assetlink_internal.holders_digest($16, k.spaces::integer[], k.keys::text[]) END,
            rule_set_version = $15, decided_at = clock_timestamp(), attempts = i.attempts + 1,
            parked_at = CASE WHEN k.state IN ('parked', 'conflict') THEN coalesce(i.parked_at, clock_timestamp()) END,
            checked_at = clock_timestamp()
        FROM unnest(
            $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[], $9::integer[],
            $10::jsonb[], $11::text[], $12::text[], $13::text[], $14::text[]
        ) AS k (item, state, code, detail, ci, older, rule, priority, matched, matches, identity, spaces, keys)
        WHERE i.payload_id = $1 AND i.item = k.item
        """

    static let relationResults = """
        UPDATE assetlink_internal.discovery_relation AS r
        SET state = k.state, code = k.code, detail = k.detail, decided_at = clock_timestamp()
        FROM unnest($2::text[], $3::integer[], $4::text[], $5::text[], $6::text[])
            AS k (kind, relation, state, code, detail)
        WHERE r.payload_id = $1 AND r.kind = k.kind AND r.relation = k.relation
        """
}
