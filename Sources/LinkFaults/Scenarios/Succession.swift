import Glibc
import LinkTesting

extension Catalogue {
    /// How soon another daemon leads.
    static let successions: [Scenario] = [
        .shared(
            "succession", faults: [1, 42],
            expected: "killed, a leader is succeeded within five seconds; asked to stop, within one"
        ) { arena in
            let stage = arena.stage
            // As a site runs them: four seconds of lease, and no standing guess at how long things take here.
            var options = DaemonProcess.Options()
            options.isQuick = false
            let load = arena.load()
            var leader = try await arena.start(options)
            try await leader.child.hasWritten("leading")
            var times: [CInt: [Duration]] = [:]
            let rounds = stage.either(3, 40)
            try await load.during {
                for round in 0..<rounds * 2 {
                    let heir = try await arena.start(options)
                    try await heir.child.hasWritten("standing by")
                    try await load.progress(10)
                    let signal = round % 2 == 0 ? SIGKILL : SIGTERM
                    let start = ContinuousClock.now
                    leader.child.signal(signal)
                    try await heir.child.hasWritten("leading")
                    times[signal, default: []].append(ContinuousClock.now - start)
                    _ = try await leader.child.ended(within: .seconds(20))
                    leader = heir
                }
            }
            try await arena.settle(load)
            try await leader.stop()
            for (signal, bound) in [(SIGKILL, Duration.seconds(5)), (SIGTERM, .seconds(1))] {
                let sorted = (times[signal] ?? []).sorted()
                guard let slowest = sorted.last else { continue }
                let middle = sorted[sorted.count / 2]
                stage.note("after signal \(signal): \(middle), at most \(slowest)")
                // Other work on the machine may hold one up, not most.
                stage.expect(middle < bound, "signal \(signal): succeeded only after \(middle)")
                stage.expect(slowest < bound * 3, "signal \(signal): once succeeded only after \(slowest)")
            }
        }
    ]
}
