import Postgres

/// How fast a backlog goes away.
///
/// Each chunk of changes is drained by the daemon and, from the same source rows, by one of the baselines, whose tables
/// must then be the daemon's.
enum Drain: Measure {
    static let name = "drain"
    static let summary = "a backlog of decommissions and of discoveries, beside worker and set; WAL and dead tuples"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        let store = try await BaselineStore.make(in: world, filled: true)
        var drain = Comparison(world: world, store: store, scale: bench.scale)
        for _ in 0..<bench.scale.rounds {
            let assets = try await world.linkedAssets(bench.scale.backlog)
            // There and back: the worker takes the one, the set the other.
            try await drain.compare("decommissions", "asset", assets, .worker) {
                try await world.move(assets, to: "Retired")
            }
            try await drain.compare("reinstatements", "asset", assets, .set) {
                try await world.move(assets, to: "In use")
            }
            try await drain.compare("decommissions", "asset", assets, .set) {
                try await world.move(assets, to: "Retired")
            }
            try await drain.compare("reinstatements", "asset", assets, .worker) {
                try await world.move(assets, to: "In use")
            }
            let found = try await world.stockedAssets(bench.scale.backlog)
            let cis = found.map { World.discovered + $0 }
            for rival in [Rival.worker, .set] {
                try await drain.compare("discoveries", "ci", cis, rival) { try await world.discover(found) }
                try await drain.compare("disappearances", "ci", cis, rival) { try await world.forget(found) }
            }
        }
        return drain.findings
    }

    /// Who drains beside the daemon.
    enum Rival: String {
        case worker, set
    }

    /// Gathers what both took for each kind of change.
    struct Comparison {
        let world: World
        let store: BaselineStore
        let scale: Scale
        private var times: [String: (count: Double, ours: [Double], theirs: [Double])] = [:]
        private var volumes: [String: (ours: Volume, theirs: Volume)] = [:]
        private var kinds: [String] = []

        init(world: World, store: BaselineStore, scale: Scale) {
            self.scale = scale
            self.world = world
            self.store = store
        }

        /// Lets both take a change in, and compares what they made of it.
        mutating func compare(
            _ kind: String, _ side: String, _ ids: [Int64], _ rival: Rival, _ change: () async throws -> Void
        ) async throws {
            let name = "\(kind)/\(rival.rawValue)"
            if times[name] == nil { kinds.append(name) }
            var (count, ours, theirs) = times[name] ?? (Double(ids.count), [], [])
            var volume = volumes[name] ?? (Volume(scale), Volume(scale))
            if rival == .worker {
                ours.append(try await world.drainTime(change))
                try await store.queue(side, ids)
                theirs.append(try await store.work(workers: 4))
            } else {
                try await volume.ours.add(world) { ours.append(try await world.drainTime(change)) }
                try await store.queue(side, ids)
                try await volume.theirs.add(world) { theirs.append(try await store.workInSets()) }
            }
            try await store.requireSame("the \(rival.rawValue)")
            count = Double(ids.count)
            times[name] = (count, ours, theirs)
            volumes[name] = volume
        }

        /// Rates beside each rival; what was written beside the set, which writes the same rows.
        var findings: [Finding] {
            var result: [Finding] = []
            for name in kinds {
                guard let (count, ours, theirs) = times[name] else { continue }
                let words = name.split(separator: "/").map(String.init)
                result.append(
                    Finding(
                        Drain.name, words[0], unit: "changes/s", ours.map { count / $0 }, beside: words[1],
                        theirs.map { count / $0 }, target: words[1] == "worker" ? .ratioAtLeast(20) : .ratioAtLeast(0.5)
                    ))
                guard words[1] == "set", let volume = volumes[name] else { continue }
                result.append(
                    Finding(
                        Drain.name, "WAL per change, \(words[0])", unit: "bytes", volume.ours.wal.map { $0 / count },
                        beside: "set", volume.theirs.wal.map { $0 / count }))
                result.append(
                    Finding(
                        Drain.name, "dead tuples per change, \(words[0])", unit: "",
                        volume.ours.dead.map { $0 / count },
                        beside: "set", volume.theirs.dead.map { $0 / count }))
            }
            return result
        }
    }
}

extension World {
    /// Discovers machines that stand in the register so far: one statement writes their CIs, one their adapters.
    func discover(_ assets: [Int64]) async throws {
        _ = try await connection.pipeline([
            Statement(
                """
                WITH found AS (
                    INSERT INTO cmdb.ci (ci_id, ci_class, name, serial_number, uuid, asset_tag, manufacturer, model,
                        last_discovered_at, discovery_source)
                    SELECT $2 + a.asset_id, 'linux_server', a.name, lower(a.serial_number), a.uuid, NULL, a.manufacturer,
                        a.model, now(), 'agent'
                    FROM itam.asset AS a WHERE a.asset_id = ANY ($1::bigint[])
                    RETURNING ci_id, serial_number)
                INSERT INTO cmdb.ci_serial_number (ci_id, type, value)
                SELECT ci_id, 'system', serial_number FROM found
                """, [.int8Array(assets), .int8(Self.discovered)]),
            Statement(
                """
                INSERT INTO cmdb.ci_network_adapter (ci_id, name, mac)
                SELECT $2 + a.asset_id, 'eth' || n, m
                FROM itam.asset AS a CROSS JOIN LATERAL unnest(a.mac_addresses) WITH ORDINALITY AS m (m, n)
                WHERE a.asset_id = ANY ($1::bigint[])
                """, [.int8Array(assets), .int8(Self.discovered)]),
        ])
    }

    /// Takes the CIs of such a discovery away again.
    func forget(_ assets: [Int64]) async throws {
        _ = try await connection.query(
            "DELETE FROM cmdb.ci WHERE ci_id = ANY ($1::bigint[])",
            [.int8Array(assets.map { Self.discovered + $0 })])
    }

    /// Numbers of CIs that measures make are above those of the fleet.
    static let discovered: Int64 = 1_000_000_000
}
