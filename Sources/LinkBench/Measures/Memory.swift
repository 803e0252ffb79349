import Postgres

/// What the daemon takes of memory, by the kernel's count of its resident pages.
enum Memory: Measure {
    static let name = "memory"
    static let summary = "resident memory of the daemon: idle, steady, with a backlog of every asset, full pass"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        var (idle, steady, backlog, pass): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        for _ in 0..<bench.scale.rounds {
            // A daemon that has just come up and found nothing to do.
            try world.stopDaemon()
            try world.startDaemon()
            let pid = try world.running().pid
            let one = try await world.linkedAssets(1)
            for state in ["Retired", "In use"] {
                _ = try await world.drainTime { try await world.move(one, to: state) }
            }
            idle.append(try megabytes(pid, "VmRSS"))
            steady.append(
                try await peak(pid) {
                    _ = try await Latency.daemon(world, rate: 100, count: Int(100 * bench.scale.seconds))
                })
            backlog.append(
                try await peak(pid) {
                    try await world.connection.script("UPDATE itam.asset SET model = coalesce(model, '') || '~'")
                    try await world.quiet()
                })
            pass.append(
                try await peak(pid) {
                    try await world.connection.script(
                        "SELECT assetlink.resync('itam', 'bench'); SELECT assetlink.resync('cmdb', 'bench')")
                    try await world.quiet()
                })
        }
        return [
            Finding(name, "idle", unit: "MB", idle, target: .atMost(25)),
            Finding(name, "steady, 100 changes/s, most", unit: "MB", steady, target: .atMost(64)),
            Finding(name, "backlog of every asset, most", unit: "MB", backlog, target: .atMost(96)),
            Finding(name, "full pass, most", unit: "MB", pass, target: .atMost(96)),
        ]
    }

    private static func megabytes(_ pid: Int32, _ name: String) throws -> Double {
        Double(try ProcessFigures.memory(pid, name)) / 1_024
    }

    private static func peak(_ pid: Int32, _ body: () async throws -> Void) async throws -> Double {
        ProcessFigures.forgetPeak(pid)
        try await body()
        return try megabytes(pid, "VmHWM")
    }
}
