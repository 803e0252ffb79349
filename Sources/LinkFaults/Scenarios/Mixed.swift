import LinkTesting
import Postgres

extension Catalogue {
    /// Everything at once.
    static let mixed: [Scenario] = [
        .shared(
            "mixed", faults: [45],
            expected:
                "a random schedule of faults from a seed, two daemons, writers all the while: nothing lost or doubled"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            let proxy = try FaultProxy(to: arena.cluster.socket)
            defer { proxy.close() }
            var schedule = Schedule(random: SplitMix64(seed: stage.seed), arena: arena, load: load, proxy: proxy)
            try await schedule.begin()
            try await load.during {
                for _ in 0..<stage.either(15, 600) { try await schedule.next() }
                try await schedule.clear()
            }
            try await arena.settle(load, within: .seconds(180))
            try await schedule.end()
            stage.note("\(schedule.summary); \(load.tally)")
        }
    ]
}

/// Faults in a random order; each is over, or ends by itself, when the next comes.
private struct Schedule {
    enum Fault: String, CaseIterable {
        case kill, terminate, freeze, loseCommitReply, loseCommit, reset, deadListener, latency, slices, longWriter
    }

    var random: SplitMix64
    let arena: Arena
    let load: Load
    let proxy: FaultProxy
    private var daemons: [DaemonProcess] = []
    private var counts: [Fault: Int] = [:]

    init(random: SplitMix64, arena: Arena, load: Load, proxy: FaultProxy) {
        self.random = random
        self.arena = arena
        self.load = load
        self.proxy = proxy
    }

    var summary: String {
        counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
            .joined(separator: ", ")
    }

    mutating func begin() async throws {
        for _ in 0..<2 { daemons.append(try await start()) }
        try await arena.quiet()
    }

    mutating func next() async throws {
        let fault = random.pick(Fault.allCases)
        counts[fault, default: 0] += 1
        proxy.set(FaultProxy.Weather())
        let index = random.below(daemons.count)
        switch fault {
        case .kill:
            try await daemons[index].kill()
            daemons[index] = try await start()
        case .terminate: try await arena.terminate(random.pick(["work", "listen", ""]))
        case .freeze:
            daemons[index].freeze()
            try await load.progress(20)
            try await Task.sleep(for: .milliseconds(random.below(2_500)))
            daemons[index].resume()
        case .loseCommitReply: proxy.set(.loseCommitReply, only: "work")
        case .loseCommit: proxy.set(.loseCommit, only: "work")
        case .reset: proxy.set(.resetAfter(bytes: 1 + random.below(30_000)), only: "work")
        case .deadListener: proxy.deaden(only: "listen")
        case .latency: proxy.set(FaultProxy.Weather(delay: .milliseconds(1 + random.below(40))))
        case .slices: proxy.set(FaultProxy.Weather(slice: 1 + random.below(50)))
        case .longWriter:
            let writer = try await arena.connect()
            let number = Arena.firstMarker + 50_000 + counts[fault, default: 0]
            try await writer.script(
                "BEGIN; INSERT INTO itam.asset (asset_id, serial_number) VALUES (\(number), 'LATE')")
            try await load.progress(20)
            try await writer.script(random.percent(50) ? "COMMIT" : "ROLLBACK")
            await writer.close()
        }
        try await load.progress(10)
    }

    /// Fair weather; traps that nobody came to are left where they are.
    func clear() async throws { proxy.set(FaultProxy.Weather()) }

    func end() async throws { for daemon in daemons { try await daemon.stop() } }

    private func start() async throws -> DaemonProcess { try await arena.start(at: arena.conninfo(through: proxy)) }
}
