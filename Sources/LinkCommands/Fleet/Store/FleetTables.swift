import LinkCore
import Postgres
import SampleFleet

/// The reference schemas, as a register and a discovery tool write to them.
struct FleetTables: Sendable {
    let connection: PostgresConnection

    /// Inserts or corrects assets.
    func upsert(assets: [AssetRow]) async throws(PostgresError) {
        guard !assets.isEmpty else { return }
        _ = try await connection.query(AssetStatement.upsert(assets, ids: assets.map { NaturalID.number($0.key) }))
    }

    /// Inserts assets under numbers of the table's own; returns those, as the public relations show them.
    func insert(assets: [AssetRow]) async throws(PostgresError) -> [String] {
        let ids = try await take(assets.count, "itam.asset", "asset_id")
        _ = try await connection.query(AssetStatement.upsert(assets, ids: ids))
        return ids.map(String.init)
    }

    /// Inserts or corrects CIs with their serial numbers, adapters and parents.
    func upsert(cis: [CIRow]) async throws(PostgresError) {
        try await write(cis, ids: cis.map { NaturalID.number($0.key) })
    }

    /// Inserts CIs under numbers of the table's own; returns those, as the public relations show them.
    func insert(cis: [CIRow]) async throws(PostgresError) -> [String] {
        let ids = try await take(cis.count, "cmdb.ci", "ci_id")
        try await write(cis, ids: ids)
        return ids.map(String.init)
    }

    /// Overwrites the CI of a number with what discovery finds now.
    func rediscover(_ ci: CIRow, as id: String) async throws(PostgresError) {
        guard let number = Int64(id) else { throw PostgresError(.misuse, "\(id) is no number of cmdb.ci") }
        try await write([ci], ids: [number])
    }

    /// Moves an asset to a state.
    func set(state: String, of asset: String) async throws(PostgresError) {
        _ = try await connection.query(
            "UPDATE itam.asset SET state = $2, substate = NULL WHERE asset_id = $1::text::bigint",
            [.text(asset), .text(state)])
    }

    /// Deletes an asset.
    func delete(asset: String) async throws(PostgresError) {
        _ = try await connection.query(
            "DELETE FROM itam.asset WHERE asset_id = $1::text::bigint", [.text(asset)])
    }

    /// One month of a history, in one transaction.
    func apply(_ month: HistoryPlayer.Changes) async throws(PostgresError) {
        var statements: [Statement] = []
        if !month.deletedCIs.isEmpty {
            let ids = month.deletedCIs.map { Int64?.some(NaturalID.number($0)) }
            statements.append(Statement("DELETE FROM cmdb.ci WHERE ci_id = ANY ($1::bigint[])", [.int8Array(ids)]))
        }
        let assets = month.changedAssets, cis = month.changedCIs
        if !assets.isEmpty {
            statements.append(AssetStatement.upsert(assets, ids: assets.map { NaturalID.number($0.key) }))
        }
        if !cis.isEmpty { statements += CIStatement.write(cis, ids: cis.map { NaturalID.number($0.key) }) }
        _ = try await connection.pipeline(statements)
    }

    /// Hangs CIs on the parents that their files name by serial number or host name, where there is just one such.
    func linkNamedParents() async throws(PostgresError) {
        _ = try await connection.pipeline([
            Statement(CIStatement.namedParents), Statement(CIStatement.namedParentAssets),
        ])
    }

    private func write(_ cis: [CIRow], ids: [Int64]) async throws(PostgresError) {
        guard !cis.isEmpty else { return }
        _ = try await connection.pipeline(CIStatement.write(cis, ids: ids))
    }

    /// The next numbers of a table's sequence.
    private func take(_ count: Int, _ table: String, _ column: String) async throws(PostgresError) -> [Int64] {
        let rows = try await connection.query(
            "SELECT nextval(pg_get_serial_sequence($1, $2)) FROM generate_series(1, $3::int)",
            [.text(table), .text(column), .int4(Int32(clamping: count))])
        var ids: [Int64] = []
        for row in rows { ids.append(try row.int8(0)) }
        return ids
    }
}
