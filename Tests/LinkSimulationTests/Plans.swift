import LinkService
import LinkSimulation

extension Plan {
    /// Nothing but the bell wakes the daemon within the checker's bound.
    static var bell: Plan {
        var plan = Plan("bell")
        plan.daemons = 1
        plan.writers = 6
        plan.writerRest = 20_000_000
        plan.configuration.pollInterval = .seconds(600)
        plan.configuration.leaseDuration = .seconds(1_800)
        return plan
    }

    /// Leaders that go, come back, and come to from a long stop; still, only the bell wakes whoever leads.
    static var succession: Plan {
        var plan = Plan("succession")
        plan.daemons = 3
        plan.writerRest = 20_000_000
        plan.configuration.pollInterval = .seconds(60)
        plan.configuration.leaseDuration = .seconds(60)
        plan.faults = [.stall, .stall, .stop, .crash, .lostBoth, .clockJump]
        plan.faultRate = 0.01
        return plan
    }

    /// The daemon's defaults, and everything that can go wrong.
    static var storm: Plan {
        var plan = Plan("storm")
        plan.daemons = 5
        plan.faults = Fault.allCases
        plan.faultRate = 0.3
        plan.lossRate = 0.05
        plan.preparedRate = 0.02
        return plan
    }

    /// Leaders that stand still in the middle of a batch until their lease is another's, and go on.
    static var zombies: Plan {
        var plan = Plan("zombies")
        plan.daemons = 3
        plan.faults = [.stall, .longBatch]
        plan.faultRate = 0.5
        return plan
    }

    /// Records that batches fail of, and a source whose links end in numbers, under everything that can go wrong.
    static var trouble: Plan {
        var plan = Plan("trouble")
        plan.daemons = 2
        plan.writers = 6
        plan.poisonRate = 0.05
        plan.endingRate = 0.3
        plan.faults = Fault.allCases
        plan.faultRate = 0.02
        return plan
    }

    /// A third of all notifications is lost: that costs the poll interval, and no more.
    static var loss: Plan {
        var plan = Plan("loss")
        plan.lossRate = 0.3
        return plan
    }

    /// Writers that prepare their transactions.
    static var twoPhase: Plan {
        var plan = Plan("two-phase")
        plan.writers = 8
        plan.preparedRate = 0.4
        plan.faults = [.crash, .stop]
        plan.faultRate = 0.005
        return plan
    }

    static var all: [Plan] { [bell, succession, storm, zombies, trouble, loss, twoPhase] }

    func with(_ flaw: Flaw) -> Plan {
        var plan = self
        plan.flaws = [flaw]
        return plan
    }
}
