import LinkSimulation
import Testing

/// Negative controls: every broken variant of the loop or of the world is found, or the checker checks nothing.
@Suite struct FlawTests {
    /// Under which plan a flaw shows.
    private static func plan(_ flaw: Flaw) -> Plan {
        switch flaw {
        case .bellInTable, .lookBeforeArming, .writersIgnored, .sequenceCursor, .skippedDisarm: .bell
        case .unfencedBell, .leaseByLocalClock, .lateListen, .keptLease: .succession
        case .patientHeartbeat, .noJitter, .cursorBeforeEffects: .storm
        case .preparedUnseen: .twoPhase
        case .noFence: .zombies
        case .noBisection, .lostDeadLetters, .doubleRelease: .trouble
        }
    }

    /// What the checker says of it.
    private static func complaints(_ flaw: Flaw) -> [String] {
        switch flaw {
        case .bellInTable, .lookBeforeArming, .writersIgnored, .lateListen: ["a change was not noticed"]
        case .sequenceCursor, .cursorBeforeEffects: ["a change was not noticed", "a change never took effect"]
        case .skippedDisarm: ["writers ring a daemon that is awake"]
        case .unfencedBell: ["a change was not noticed", "writers ring a daemon that is awake"]
        case .noFence: ["a change took effect twice", "two batches have one number", "an older epoch wrote"]
        case .leaseByLocalClock: ["a lease in force was taken"]
        case .keptLease: ["a daemon that stopped kept the lease"]
        case .patientHeartbeat: ["a half-open connection is not noticed"]
        case .noJitter: ["pauses without jitter"]
        case .preparedUnseen: ["prepared transactions are not seen"]
        case .noBisection: ["a change was not noticed", "a change never took effect", "a busy loop"]
        case .lostDeadLetters: ["a change never took effect"]
        case .doubleRelease: ["a change took effect twice"]
        }
    }

    @Test(arguments: Flaw.allCases) func isFound(flaw: Flaw) throws {
        for seed in 1...UInt64(10) {
            do throws(Violation) {
                try Simulation(Self.plan(flaw).with(flaw), seed: seed).run(steps: 30_000)
            } catch {
                print("\(flaw) is found with seed \(seed): \(error)")
                #expect(Self.complaints(flaw).contains(error.what), "\(error)")
                return
            }
        }
        Issue.record("\(flaw) is not found")
    }
}
