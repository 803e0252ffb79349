import LinkCore
import Postgres
import SampleFleet

/// Streams a sample fleet into `itam.*` and `cmdb.*` by COPY, past their triggers.
///
/// The same seed gives the same rows. Stack members and modules are left out: their answer depends on their parent's,
/// level by level, which no set-based statement of a baseline does in one pass.
struct FleetCopy {
    private let connection: PostgresConnection
    private let wanted: Int
    private var assets = CopyText()
    private var cis = CopyText()
    private var serials = CopyText()
    private var adapters = CopyText()
    private var relations = CopyText()
    private(set) var counts = (assets: 0, cis: 0)

    /// - Parameter wanted: as many CIs, and at least as many assets: those that discovery never saw come on top.
    init(_ connection: PostgresConnection, wanted: Int) {
        self.connection = connection
        self.wanted = wanted
    }

    /// Loads the fleet and refreshes the statistics.
    mutating func load(seed: UInt64) async throws {
        let tables = [
            "itam.asset", "cmdb.ci", "cmdb.ci_serial_number", "cmdb.ci_network_adapter", "cmdb.ci_relationship",
        ]
        try await connection.script(tables.map { "ALTER TABLE \($0) DISABLE TRIGGER ALL" }.joined(separator: ";"))
        // More machines than can be wanted: units are taken until there is enough of both sides.
        for unit in FleetGenerator(machines: .max, seed: seed) {
            if counts.cis >= wanted, counts.assets >= wanted { break }
            add(unit.rows)
            if assets.bytes.count + cis.bytes.count > 4 << 20 { try await flush() }
        }
        try await flush()
        try await connection.script(tables.map { "ALTER TABLE \($0) ENABLE TRIGGER ALL" }.joined(separator: ";"))
        // ENABLE TRIGGER ALL makes plain triggers of those that fire always, or for a replica only.
        try await connection.script(FleetCopySQL.restoreTriggers)
        for table in tables { try await connection.script("VACUUM (ANALYZE) \(table)") }
    }

    private mutating func add(_ rows: FleetRows) {
        var known: Set<String> = []
        for asset in rows.assets where counts.assets < wanted {
            guard !["stack-member", "module"].contains(asset.record.assetClass) else { continue }
            known.insert(asset.key)
            add(asset, parent: asset.record.parentAssetID.flatMap { known.contains($0) ? $0 : nil })
        }
        known = []
        for ci in rows.cis where counts.cis < wanted {
            guard !["stack_member", "module"].contains(ci.record.ciClass) else { continue }
            known.insert(ci.key)
            add(ci, parent: ci.record.parentCIID.flatMap { known.contains($0) ? $0 : nil })
        }
    }

    private mutating func add(_ row: AssetRow, parent: String?) {
        let record = row.record
        assets.column(Self.number(row.key))
        for text in [record.assetTag, record.serialNumber] { assets.column(text) }
        assets.column(record.otherSerials)
        assets.column(record.uuid)
        assets.column(record.macAddresses)
        for text in [
            record.name, record.manufacturer, record.model, record.assetClass, record.lifecycleRaw ?? "In use",
            row.substate,
        ] { assets.column(text) }
        assets.column(parent.map(Self.number))
        for text in [record.position, row.owner, row.site] { assets.column(text) }
        assets.endRow()
        counts.assets += 1
    }

    private mutating func add(_ row: CIRow, parent: String?) {
        let record = row.record
        let id = Self.number(row.key)
        cis.column(id)
        for text in [
            record.ciClass ?? "ci", record.name, record.serialNumber, record.uuid, record.assetTag,
            record.manufacturer, record.model, record.position, "yesterday", record.discoverySource,
        ] { cis.column(text) }
        cis.endRow()
        for serial in Set(record.serials) { Self.detail(&serials, id, serial.type, serial.value) }
        for (index, mac) in record.macAddresses.enumerated() { Self.detail(&adapters, id, "eth\(index)", mac) }
        if let parent {
            relations.column(Self.number(parent))
            relations.column(id)
            relations.endRow()
        }
        counts.cis += 1
    }

    private static func detail(_ text: inout CopyText, _ id: Int64, _ first: String, _ second: String) {
        text.column(id)
        text.column(first)
        text.column(second)
        text.endRow()
    }

    /// `m-0000123` is 1230, and the second record of the same machine 1231.
    private static func number(_ key: String) -> Int64 {
        let digits = key.dropFirst(2).prefix { $0.isNumber }
        return (Int64(digits) ?? 0) * 10 + (key.utf8.count > digits.utf8.count + 2 ? 1 : 0)
    }

    private mutating func flush() async throws {
        try await copy(assets.take(), FleetCopySQL.assets)
        try await copy(cis.take(), FleetCopySQL.cis)
        try await copy(serials.take(), FleetCopySQL.serials)
        try await copy(adapters.take(), FleetCopySQL.adapters)
        try await copy(relations.take(), FleetCopySQL.relations)
    }

    private func copy(_ bytes: [UInt8], _ sql: String) async throws {
        guard !bytes.isEmpty else { return }
        _ = try await connection.copyIn(sql) { writer in try await writer.write(bytes) }
    }
}

/// The statements that load a fleet.
private enum FleetCopySQL {
    static let assets = """
        COPY itam.asset (asset_id, asset_tag, serial_number, other_serials, uuid, mac_addresses, name, manufacturer,
            model, asset_class, state, substate, parent_asset_id, position, owner, location) FROM STDIN
        """
    static let cis = """
        COPY cmdb.ci (ci_id, ci_class, name, serial_number, uuid, asset_tag, manufacturer, model, position,
            last_discovered_at, discovery_source) FROM STDIN
        """
    static let serials = "COPY cmdb.ci_serial_number (ci_id, type, value) FROM STDIN"
    static let adapters = "COPY cmdb.ci_network_adapter (ci_id, name, mac) FROM STDIN"
    static let relations = "COPY cmdb.ci_relationship (parent_ci_id, child_ci_id) FROM STDIN"

    /// As attach made them: row triggers for a replica only, TRUNCATE always.
    static let restoreTriggers = """
        DO $$
        DECLARE
            t record;
        BEGIN
            FOR t IN
                SELECT tgrelid::regclass AS relation, tgname, tgname ~ '_replica$' AS is_row
                FROM pg_trigger WHERE tgname ~ '^assetlink_.*_(replica|truncate)$'
            LOOP
                EXECUTE format('ALTER TABLE %s ENABLE %s TRIGGER %I', t.relation,
                    CASE WHEN t.is_row THEN 'REPLICA' ELSE 'ALWAYS' END, t.tgname);
            END LOOP;
        END
        $$
        """
}
