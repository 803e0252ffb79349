import Postgres
import SampleFleet

/// Puts rows into the reference schemas, some thousand at a time: the memory it takes does not depend on the fleet.
struct FleetLoader {
    private let tables: FleetTables
    private var pending = FleetRows()
    private(set) var counts = (assets: 0, cis: 0)
    private let batch = 2_000

    init(_ connection: PostgresConnection) {
        tables = FleetTables(connection: connection)
    }

    /// Adds rows; writes when there are enough of them.
    mutating func add(_ rows: FleetRows) async throws {
        pending.append(rows)
        if pending.assets.count + pending.cis.count >= batch { try await flush() }
    }

    /// Writes what is left; returns how many rows there were.
    mutating func finish() async throws -> (assets: Int, cis: Int) {
        try await flush()
        return counts
    }

    /// For machines of a file, whose parents are named, not numbered.
    mutating func linkNamedParents() async throws {
        try await flush()
        try await tables.linkNamedParents()
    }

    private mutating func flush() async throws {
        try await tables.upsert(assets: pending.assets)
        try await tables.upsert(cis: pending.cis)
        counts.assets += pending.assets.count
        counts.cis += pending.cis.count
        pending = FleetRows()
    }
}
