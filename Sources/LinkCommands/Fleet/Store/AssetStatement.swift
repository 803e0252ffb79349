import LinkCore
import Postgres
import SampleFleet

/// Writing to `itam.asset`.
enum AssetStatement {
    /// Inserts or corrects assets under given numbers; a parent that is not registered is left out.
    static func upsert(_ assets: [AssetRow], ids: [Int64]) -> Statement {
        func texts(_ value: (AssetRow) -> String?) -> Parameter { .textArray(assets.map(value)) }
        return Statement(
            sql,
            [
                .int8Array(ids), texts(\.record.assetTag), texts(\.record.serialNumber),
                texts { arrayLiteral($0.record.otherSerials) }, texts(\.record.uuid),
                texts { arrayLiteral($0.record.macAddresses) }, texts(\.record.name), texts(\.record.manufacturer),
                texts(\.record.model), texts(\.record.assetClass), texts { $0.record.lifecycleRaw ?? "In use" },
                texts(\.substate), .int8Array(assets.map { $0.record.parentAssetID.map(NaturalID.number) }),
                texts(\.record.position), texts(\.owner), texts(\.site),
                .int4Array(assets.map { Int32(clamping: $0.purchasedDaysAgo) }),
                .int4Array(assets.map { Int32(clamping: $0.warrantyDays) }), texts(\.key),
            ])
    }

    private static let sql = """
        INSERT INTO itam.asset AS a (asset_id, asset_tag, serial_number, other_serials, uuid, mac_addresses, name,
            manufacturer, model, asset_class, state, substate, parent_asset_id, position, owner, location, purchased_at,
            warranty_end, attributes)
        SELECT n.id, n.tag, n.serial, n.others::text[], n.uuid, n.macs::text[], n.name, n.manufacturer, n.model,
            n.class, n.state, n.substate,
            CASE WHEN n.parent = ANY ($1) OR EXISTS (SELECT FROM itam.asset p WHERE p.asset_id = n.parent)
                THEN n.parent END,
            n.position, n.owner, n.site, current_date - n.bought, current_date - n.bought + n.warranty,
            jsonb_build_object('fleet_id', n.key)
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[], $16::text[],
                $17::int[], $18::int[], $19::text[])
            AS n (id, tag, serial, others, uuid, macs, name, manufacturer, model, class, state, substate, parent,
                position, owner, site, bought, warranty, key)
        ON CONFLICT (asset_id) DO UPDATE SET asset_tag = excluded.asset_tag, serial_number = excluded.serial_number,
            other_serials = excluded.other_serials, uuid = excluded.uuid, mac_addresses = excluded.mac_addresses,
            name = excluded.name, manufacturer = excluded.manufacturer, model = excluded.model,
            asset_class = excluded.asset_class, state = excluded.state, substate = excluded.substate,
            parent_asset_id = coalesce(excluded.parent_asset_id, a.parent_asset_id), position = excluded.position,
            owner = excluded.owner, location = excluded.location
        """
}

/// A `text[]` as PostgreSQL writes it.
func arrayLiteral(_ values: [String]) -> String {
    let quoted = values.map { value in
        "\"" + value.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
    }
    return "{" + quoted.joined(separator: ",") + "}"
}
