import LinkCore
import Postgres

/// The statements that write records as read, and what was derived from them.
enum RecordWriter {
    /// A parent that no record can be: ids are of 512 bytes at most, and an index entry holds little more.
    private static func indexable(_ parent: String?) -> String? {
        parent.flatMap { $0.utf8.count <= 512 ? $0 : nil }
    }

    static func upsertAssets(_ changes: [(AssetRef, AssetChange)], time: Timestamp) -> Statement? {
        let rows = changes.filter { $0.1.hasNewRaw }
        guard !rows.isEmpty else { return nil }
        let records = rows.compactMap { $0.1.row?.record }
        let read = rows.compactMap { $0.1.reading }
        return Statement(
            """
            INSERT INTO assetlink_internal.asset AS a (
                asset_ref, source_id, key, asset_tag, serial_number, other_serials, uuid, mac_addresses, name,
                manufacturer, model, asset_class, lifecycle_raw, parent_asset_id, position, cloud_resource_id,
                is_composite, lifecycle_since, attributes, version, digest, phase, lifecycle_mapped, standing,
                composite, identity, evidence, ended_at, first_seen_at, since, phase_since)
            SELECT r.ref, r.source, r.key, r.tag, r.serial, r.others::text[], r.uuid, r.macs::text[], r.name, r.maker,
                   r.model, r.class, r.raw, r.parent, r.position, r.cloud, r.is_composite, r.life, r.attributes::jsonb,
                   r.version, r.digest, r.phase, r.mapped, r.standing, r.composite, r.identity::text[],
                   r.evidence::jsonb, CASE WHEN r.standing = 1 THEN coalesce(r.life, $27) END, $27, $27, $27
            FROM unnest(
                $1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                $17::boolean[], $18::timestamptz[], $19::text[], $20::timestamptz[], $21::text[], $22::text[],
                $23::boolean[], $24::integer[], $25::boolean[], $26::text[], $28::text[]
            ) AS r (ref, source, key, tag, serial, others, uuid, macs, name, maker, model, class, raw, parent, position,
                    cloud, is_composite, life, attributes, version, digest, phase, mapped, standing, composite, identity,
                    evidence)
            ON CONFLICT (asset_ref) DO UPDATE SET
                asset_tag = excluded.asset_tag, serial_number = excluded.serial_number,
                other_serials = excluded.other_serials, uuid = excluded.uuid, mac_addresses = excluded.mac_addresses,
                name = excluded.name, manufacturer = excluded.manufacturer, model = excluded.model,
                asset_class = excluded.asset_class, lifecycle_raw = excluded.lifecycle_raw,
                parent_asset_id = excluded.parent_asset_id, position = excluded.position,
                cloud_resource_id = excluded.cloud_resource_id, is_composite = excluded.is_composite,
                lifecycle_since = excluded.lifecycle_since, attributes = excluded.attributes,
                version = excluded.version, digest = excluded.digest, phase = excluded.phase,
                lifecycle_mapped = excluded.lifecycle_mapped, standing = excluded.standing,
                composite = excluded.composite, identity = excluded.identity, evidence = excluded.evidence,
                ended_at = CASE WHEN excluded.standing = 1 THEN coalesce(excluded.lifecycle_since, a.ended_at, $27) END,
                deleted_at = NULL,
                since = CASE WHEN a.standing = excluded.standing THEN a.since ELSE $27 END,
                phase_since = CASE WHEN a.phase = excluded.phase THEN a.phase_since ELSE $27 END
            """,
            [
                .refs(rows.map(\.0)), .int4s(rows.map(\.1.source.id)), .texts(rows.map(\.1.key)),
                .textArray(records.map(\.assetTag)), .textArray(records.map(\.serialNumber)),
                .texts(records.map { ArrayText.literal($0.otherSerials) }), .textArray(records.map(\.uuid)),
                .texts(records.map { ArrayText.literal($0.macAddresses) }), .textArray(records.map(\.name)),
                .textArray(records.map(\.manufacturer)), .textArray(records.map(\.model)),
                .textArray(records.map(\.assetClass)), .textArray(records.map(\.lifecycleRaw)),
                .textArray(records.map { indexable($0.parentAssetID) }), .textArray(records.map(\.position)),
                .textArray(records.map(\.cloudResourceID)), .boolArray(records.map(\.isComposite)),
                .timestamptzArray(records.map(\.lifecycleSince)), .textArray(rows.map { $0.1.row?.attributes }),
                .timestamptzArray(rows.map { $0.1.row?.version }), .texts(rows.map { $0.1.row?.digest ?? "" }),
                .texts(read.map(\.phase.rawValue)), .boolArray(read.map(\.isLifecycleMapped)),
                .smallInts(rows.map(\.1.standing.rawValue)), .boolArray(rows.map(\.1.isComposite)),
                .texts(read.map { ArrayText.literal($0.identity.stored) }), .timestamptz(time),
                .texts(read.map { Evidence.asset($0.evidence) }),
            ])
    }

    /// What rules make of stored assets, where only that changed.
    static func deriveAssets(_ changes: [(AssetRef, AssetChange)], time: Timestamp) -> Statement? {
        let rows = changes.filter { !$0.1.hasNewRaw && $0.1.reading != nil }
        guard !rows.isEmpty else { return nil }
        let read = rows.compactMap { $0.1.reading }
        return Statement(
            """
            UPDATE assetlink_internal.asset AS a
            SET phase = r.phase, lifecycle_mapped = r.mapped, standing = r.standing, composite = r.composite,
                identity = r.identity::text[], evidence = r.evidence::jsonb,
                ended_at = CASE WHEN r.standing = 1 THEN coalesce(a.ended_at, a.lifecycle_since, $8)
                                WHEN r.standing = 2 THEN a.ended_at END,
                since = CASE WHEN a.standing = r.standing THEN a.since ELSE $8 END,
                phase_since = CASE WHEN a.phase = r.phase THEN a.phase_since ELSE $8 END
            FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::integer[], $5::boolean[], $6::text[], $7::text[])
                AS r (ref, phase, mapped, standing, composite, identity, evidence)
            WHERE a.asset_ref = r.ref
            """,
            [
                .refs(rows.map(\.0)), .texts(read.map(\.phase.rawValue)), .boolArray(read.map(\.isLifecycleMapped)),
                .smallInts(rows.map(\.1.standing.rawValue)), .boolArray(rows.map(\.1.isComposite)),
                .texts(read.map { ArrayText.literal($0.identity.stored) }),
                .texts(read.map { Evidence.asset($0.evidence) }), .timestamptz(time),
            ])
    }

    /// A record that is gone leaves a tombstone with its identifiers (domain.md section 2).
    static func buryAssets(_ refs: [AssetRef], time: Timestamp) -> Statement {
        Statement(
            """
            UPDATE assetlink_internal.asset
            SET standing = 2, deleted_at = $2, digest = '', since = $2
            WHERE asset_ref = ANY ($1::bigint[])
            """, [.refs(refs), .timestamptz(time)])
    }

    /// Of a tombstone whose time is over nothing is left to match by, whatever rules come.
    static func forgetAssets(_ refs: [AssetRef]) -> Statement {
        Statement(
            """
            UPDATE assetlink_internal.asset
            SET asset_tag = NULL, serial_number = NULL, other_serials = '{}', uuid = NULL, mac_addresses = '{}',
                name = NULL, position = NULL, cloud_resource_id = NULL, attributes = NULL
            WHERE asset_ref = ANY ($1::bigint[])
            """, [.refs(refs)])
    }

    static func upsertCIs(_ changes: [(CIRef, CIChange)], time: Timestamp) -> Statement? {
        let rows = changes.filter { $0.1.hasNewRaw }
        guard !rows.isEmpty else { return nil }
        let raw = rows.compactMap { $0.1.row }
        let read = rows.compactMap { $0.1.reading }
        return Statement(
            """
            INSERT INTO assetlink_internal.ci (
                ci_ref, source_id, key, ci_class, name, serial_number, serials, uuid, asset_tag, network_adapters,
                manufacturer, model, cloud_resource_id, parent_ci_id, position, lifecycle_raw, last_discovered_at,
                discovery_source, attributes, version, digest, class, class_known, lifecycle_mapped, retired, rule,
                evidence, first_seen_at)
            SELECT r.ref, r.source, r.key, r.raw_class, r.name, r.serial, r.serials::jsonb, r.uuid, r.tag,
                   r.adapters::jsonb, r.maker, r.model, r.cloud, r.parent, r.position, r.raw, r.seen, r.seen_by,
                   r.attributes::jsonb, r.version, r.digest, r.class, r.known, r.mapped, r.retired, r.rule,
                   r.evidence::jsonb, $28
            FROM unnest(
                $1::bigint[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[],
                $17::timestamptz[], $18::text[], $19::text[], $20::timestamptz[], $21::text[], $22::text[],
                $23::boolean[], $24::boolean[], $25::boolean[], $26::text[], $27::text[]
            ) AS r (ref, source, key, raw_class, name, serial, serials, uuid, tag, adapters, maker, model, cloud, parent,
                    position, raw, seen, seen_by, attributes, version, digest, class, known, mapped, retired, rule,
                    evidence)
            ON CONFLICT (ci_ref) DO UPDATE SET
                ci_class = excluded.ci_class, name = excluded.name, serial_number = excluded.serial_number,
                serials = excluded.serials, uuid = excluded.uuid, asset_tag = excluded.asset_tag,
                network_adapters = excluded.network_adapters, manufacturer = excluded.manufacturer,
                model = excluded.model, cloud_resource_id = excluded.cloud_resource_id,
                parent_ci_id = excluded.parent_ci_id, position = excluded.position,
                lifecycle_raw = excluded.lifecycle_raw, last_discovered_at = excluded.last_discovered_at,
                discovery_source = excluded.discovery_source, attributes = excluded.attributes,
                version = excluded.version, digest = excluded.digest, class = excluded.class,
                class_known = excluded.class_known, lifecycle_mapped = excluded.lifecycle_mapped,
                retired = excluded.retired, rule = excluded.rule, evidence = excluded.evidence, deleted_at = NULL
            """,
            [
                .refs(rows.map(\.0)), .int4s(rows.map(\.1.source.id)), .texts(rows.map(\.1.key)),
                .textArray(raw.map(\.record.ciClass)), .textArray(raw.map(\.record.name)),
                .textArray(raw.map(\.record.serialNumber)), .textArray(raw.map(\.serials)),
                .textArray(raw.map(\.record.uuid)), .textArray(raw.map(\.record.assetTag)),
                .textArray(raw.map(\.adapters)), .textArray(raw.map(\.record.manufacturer)),
                .textArray(raw.map(\.record.model)), .textArray(raw.map(\.record.cloudResourceID)),
                .textArray(raw.map { indexable($0.record.parentCIID) }), .textArray(raw.map(\.record.position)),
                .textArray(raw.map(\.record.lifecycleRaw)), .timestamptzArray(raw.map(\.record.lastDiscoveredAt)),
                .textArray(raw.map(\.record.discoverySource)), .textArray(raw.map(\.attributes)),
                .timestamptzArray(raw.map(\.version)), .texts(raw.map(\.digest)), .texts(read.map(\.className)),
                .boolArray(read.map(\.isClassKnown)), .boolArray(read.map(\.isLifecycleMapped)),
                .boolArray(read.map(\.isRetired)), .textArray(read.map { $0.rule?.name }),
                .texts(rows.map { $0.1.evidence }), .timestamptz(time),
            ])
    }

    static func deriveCIs(_ changes: [(CIRef, CIChange)]) -> Statement? {
        let rows = changes.filter { !$0.1.hasNewRaw && $0.1.reading != nil }
        guard !rows.isEmpty else { return nil }
        let read = rows.compactMap { $0.1.reading }
        return Statement(
            """
            UPDATE assetlink_internal.ci AS c
            SET class = r.class, class_known = r.known, lifecycle_mapped = r.mapped, retired = r.retired,
                rule = r.rule, evidence = r.evidence::jsonb
            FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::boolean[], $5::boolean[], $6::text[], $7::text[])
                AS r (ref, class, known, mapped, retired, rule, evidence)
            WHERE c.ci_ref = r.ref
            """,
            [
                .refs(rows.map(\.0)), .texts(read.map(\.className)), .boolArray(read.map(\.isClassKnown)),
                .boolArray(read.map(\.isLifecycleMapped)), .boolArray(read.map(\.isRetired)),
                .textArray(read.map { $0.rule?.name }), .texts(rows.map { $0.1.evidence }),
            ])
    }

    static func buryCIs(_ refs: [CIRef], time: Timestamp) -> Statement {
        Statement(
            "UPDATE assetlink_internal.ci SET deleted_at = $2, digest = '' WHERE ci_ref = ANY ($1::bigint[])",
            [.refs(refs), .timestamptz(time)])
    }
}
