import LinkTesting

extension Catalogue {
    /// What happens between libpq and the server.
    static let proxies: [Scenario] = [
        .shared(
            "commit-reply-lost", faults: [2],
            expected: "a COMMIT without an answer counts once, whether it came through or not"
        ) { arena in
            let stage = arena.stage
            let proxy = try FaultProxy(to: arena.cluster.socket)
            let load = arena.load()
            let daemon = try await arena.start(at: arena.conninfo(through: proxy))
            let rounds = stage.either(6, 200)
            try await load.during {
                for round in 1...rounds {
                    proxy.set(round % 2 == 0 ? .loseCommit : .loseCommitReply, only: "work")
                    try await Eventually.true("the trap is sprung") { proxy.sprung == round }
                }
            }
            try await arena.settle(load)
            try await daemon.stop()
            proxy.close()
            stage.note("\(rounds) answers lost, \(load.tally)")
        }
    ]
}
