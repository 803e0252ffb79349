/// What work writes: bytes of WAL, and row versions that it leaves dead.
struct Volume {
    /// One value for each time.
    private(set) var wal: [Double] = []
    private(set) var dead: [Double] = []
    /// How long figures of finished work may take to appear, in seconds.
    private let patience: Double

    /// - Parameter scale: a short run takes figures as they are, right or not.
    init(_ scale: Scale) { patience = min(1.5, scale.seconds) }

    /// Counts what the body brings about, whoever does it.
    mutating func add(_ world: World, _ body: () async throws -> Void) async throws {
        let before = (try await world.number(Self.position), try await deadTuples(world))
        try await body()
        wal.append(try await world.number(Self.position) - before.0)
        dead.append(try await deadTuples(world) - before.1)
    }

    private static let position = "pg_current_wal_insert_lsn() - '0/0'::pg_lsn"

    /// Updates and deletions so far of every table but the source tables, which the changes themselves update.
    ///
    /// Sessions tell of theirs within a second of the end of their transaction, so this waits until it stands still.
    private func deadTuples(_ world: World) async throws -> Double {
        var last = -1.0
        while true {
            let now = try await world.number(
                """
                SELECT coalesce(sum(n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
                WHERE schemaname IN ('assetlink_internal', 'bench')
                    AND relname = ANY ('{\(BaselineSQL.tables.joined(separator: ","))}'::text[])
                """)
            if now == last { return now }
            last = now
            try await Task.sleep(for: .seconds(patience))
        }
    }
}
