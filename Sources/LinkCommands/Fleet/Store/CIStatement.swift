import LinkCore
import Postgres
import SampleFleet

/// Writing to `cmdb.ci` and its detail tables.
enum CIStatement {
    /// Inserts or corrects CIs under given numbers; of their details only what differs is touched.
    static func write(_ cis: [CIRow], ids: [Int64]) -> [Statement] {
        let rows = Array(zip(ids, cis))
        let serials = rows.flatMap { id, row in row.record.serials.map { (id, $0.type, $0.value) } }
        let adapters = rows.flatMap { id, row in
            row.record.macAddresses.enumerated().map { (id, "eth\($0)", $1) }
        }
        let parents = rows.flatMap { id, row in
            row.record.parentCIID.map { [(NaturalID.number($0), id)] } ?? []
        }
        // What hangs on a parent that its file only names is hung there when all of the file is in.
        let numbered = rows.filter { $1.parentHint == nil }.map(\.0)
        return [
            records(rows), details(ids, serials, serialsGone), details(ids, serials, serialsNew),
            details(ids, adapters, adaptersGone), details(ids, adapters, adaptersNew), relations(numbered, parents),
        ]
    }

    private static func records(_ rows: [(Int64, CIRow)]) -> Statement {
        func texts(_ value: (CIRow) -> String?) -> Parameter { .textArray(rows.map { value($0.1) }) }
        return Statement(
            upsert,
            [
                .int8Array(rows.map(\.0)), texts { $0.record.ciClass ?? "" }, texts(\.record.name),
                texts(\.record.serialNumber), texts(\.record.uuid), texts(\.record.assetTag),
                texts(\.record.manufacturer), texts(\.record.model), texts(\.record.position),
                .timestamptzArray(rows.map(\.1.record.lastDiscoveredAt)),
                .int4Array(rows.map { $0.1.discoveredHoursAgo.map { Int32(clamping: $0) } }),
                texts(\.record.discoverySource), texts(\.key), texts { $0.parentHint?.serialNumber },
                texts { $0.parentHint?.hostname },
            ])
    }

    private static func details(_ ids: [Int64], _ rows: [(Int64, String, String)], _ sql: String) -> Statement {
        Statement(
            sql,
            [
                .int8Array(ids), .int8Array(rows.map(\.0)), .textArray(rows.map(\.1)), .textArray(rows.map(\.2)),
            ])
    }

    private static func relations(_ ids: [Int64], _ pairs: [(Int64, Int64)]) -> Statement {
        Statement(newParents, [.int8Array(pairs.map(\.0)), .int8Array(pairs.map(\.1)), .int8Array(ids)])
    }

    private static let upsert = """
        INSERT INTO cmdb.ci AS c (ci_id, ci_class, name, serial_number, uuid, asset_tag, manufacturer, model, position,
            last_discovered_at, discovery_source, attributes)
        SELECT n.id, n.class, n.name, n.serial, n.uuid, n.tag, n.manufacturer, n.model, n.position,
            coalesce(n.seen_at, now() - make_interval(hours => n.hours_ago)), n.source,
            jsonb_strip_nulls(jsonb_build_object(
                'fleet_id', n.key, 'parent_serial', n.parent_serial, 'parent_name', n.parent_name))
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::timestamptz[], $11::int[], $12::text[], $13::text[], $14::text[], $15::text[])
            AS n (id, class, name, serial, uuid, tag, manufacturer, model, position, seen_at, hours_ago, source, key,
                parent_serial, parent_name)
        ON CONFLICT (ci_id) DO UPDATE SET ci_class = excluded.ci_class, name = excluded.name,
            serial_number = excluded.serial_number, uuid = excluded.uuid, asset_tag = excluded.asset_tag,
            manufacturer = excluded.manufacturer, model = excluded.model, position = excluded.position,
            last_discovered_at = excluded.last_discovered_at, discovery_source = excluded.discovery_source,
            attributes = excluded.attributes
        """

    private static let serialsGone = gone("ci_serial_number", "type", "value")
    private static let serialsNew = new("ci_serial_number", "type", "value")
    private static let adaptersGone = gone("ci_network_adapter", "name", "mac")
    private static let adaptersNew = new("ci_network_adapter", "name", "mac")

    private static func gone(_ table: String, _ first: String, _ second: String) -> String {
        """
        DELETE FROM cmdb.\(table) d WHERE d.ci_id = ANY ($1::bigint[]) AND (d.ci_id, d.\(first), d.\(second)) NOT IN (
            SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[]))
        """
    }

    private static func new(_ table: String, _ first: String, _ second: String) -> String {
        """
        INSERT INTO cmdb.\(table) (ci_id, \(first), \(second))
        SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[]) AS n (id, first, second)
        WHERE n.id = ANY ($1::bigint[])
        ON CONFLICT DO NOTHING
        """
    }

    private static let newParents = """
        WITH n AS (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS n (parent, child)),
        gone AS (
            DELETE FROM cmdb.ci_relationship r WHERE r.type = 'contains' AND r.child_ci_id = ANY ($3::bigint[])
                AND (r.parent_ci_id, r.child_ci_id) NOT IN (SELECT n.parent, n.child FROM n))
        INSERT INTO cmdb.ci_relationship (parent_ci_id, child_ci_id, type)
        SELECT n.parent, n.child, 'contains' FROM n
        WHERE n.parent <> n.child AND EXISTS (SELECT FROM cmdb.ci p WHERE p.ci_id = n.parent)
        ON CONFLICT DO NOTHING
        """

    /// Parents that a file names but does not number.
    static let namedParents = """
        INSERT INTO cmdb.ci_relationship (parent_ci_id, child_ci_id, type)
        SELECT min(p.ci_id), c.ci_id, 'contains'
        FROM cmdb.ci c
        JOIN cmdb.ci p ON p.ci_id <> c.ci_id AND NOT p.attributes ? 'parent_serial'
            AND (p.serial_number = c.attributes ->> 'parent_serial' OR p.name = c.attributes ->> 'parent_name')
        WHERE c.attributes ?| '{parent_serial,parent_name}'
            AND NOT EXISTS (SELECT FROM cmdb.ci_relationship r WHERE r.child_ci_id = c.ci_id AND r.type = 'contains')
        GROUP BY c.ci_id HAVING count(*) = 1
        """

    /// The same for the assets that were made up for them.
    static let namedParentAssets = """
        UPDATE itam.asset a SET parent_asset_id = p.asset_id
        FROM cmdb.ci_relationship r
        JOIN cmdb.ci c ON c.ci_id = r.child_ci_id AND c.attributes ?| '{parent_serial,parent_name}'
        JOIN cmdb.ci h ON h.ci_id = r.parent_ci_id
        JOIN itam.asset p ON p.attributes ->> 'fleet_id' = 'r-' || (h.attributes ->> 'fleet_id')
        WHERE a.attributes ->> 'fleet_id' = 'r-' || (c.attributes ->> 'fleet_id')
            AND r.type = 'contains' AND a.asset_id <> p.asset_id AND a.parent_asset_id IS DISTINCT FROM p.asset_id
        """
}
