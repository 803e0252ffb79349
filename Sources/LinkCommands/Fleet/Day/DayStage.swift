import Postgres
import SampleFleet

/// The records of a day, and what is done to them.
struct DayStage {
    private let tables: FleetTables
    private let cast: DayCast
    /// The ids of the CIs, as the public relations show them.
    private(set) var laptops: [String] = []
    /// The ids of the assets, in the order of booking.
    private(set) var assets: [String] = []
    private var duplicate = ""
    private var spare = ""

    init(_ tables: FleetTables, cast: DayCast) {
        self.tables = tables
        self.cast = cast
    }

    /// Everything that plays.
    var allAssets: [String] { assets + [duplicate, spare] }

    /// Plays one step; returns what must come of it.
    mutating func play(_ step: DayStep) async throws -> [Expected] {
        switch step {
        case .discover:
            spare = try await tables.insert(assets: [cast.spare])[0]
            laptops = try await tables.insert(cis: cast.laptops)
            return laptops.map { Expected(ci: $0, state: "orphaned") }
        case .buy:
            assets = try await tables.insert(assets: cast.assets)
            return zip(laptops, assets).map { Expected(ci: $0, state: "linked", asset: $1) }
        case .importTwice:
            duplicate = try await tables.insert(assets: [cast.duplicate])[0]
            return [Expected(ci: laptops[0], state: "conflicted", reason: "duplicate_asset")]
        case .decommission:
            try await tables.set(state: "Retired", of: assets[1])
            return [Expected(ci: laptops[1], state: "orphaned", reason: "asset_decommissioned")]
        case .delete:
            try await tables.delete(asset: assets[2])
            return [Expected(ci: laptops[2], state: "orphaned", reason: "asset_deleted")]
        case .swap:
            try await tables.rediscover(cast.swapped, as: laptops[3])
            return [Expected(ci: laptops[3], state: "linked", asset: spare)]
        case .repair:
            try await tables.delete(asset: duplicate)
            return [Expected(ci: laptops[0], state: "linked", asset: assets[0])]
        }
    }
}
