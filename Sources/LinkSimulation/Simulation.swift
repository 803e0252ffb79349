import LinkService

/// Any number of daemons and writers over one simulated database, in virtual time.
///
/// The daemons run ``ServiceMachine``, which is what the product runs. Everything else is chance from one seed: what
/// happens next, how long it takes, what goes wrong. After every step ``Checker`` looks at the world.
package final class Simulation {
    enum Event {
        case daemon(Int, process: Int, session: Int, ServiceEvent)
        case alarm(Int, at: Int64)
        /// A call reaches the server.
        case effect(Int, process: Int, session: Int, ServiceCall)
        case watch(Int, process: Int, session: Int, WatchCall)
        /// A batch comes to its insert, and to its commit.
        case write(Int, BatchUnderWay)
        case commit(Int, BatchUnderWay)
        case start(Int)
        case writer(Int)
        case fault
        case server(Server)
        case queueUsage(Double)
        /// A person lets go on what the breaker holds.
        case approve
        /// The broken variant's arming.
        case armLate
    }

    enum Server { case up, down, standby }

    package let plan: Plan
    package let seed: UInt64
    var random: SplitMix64
    var now: Int64 = 0
    var queue = EventQueue<Event>()
    var database: SimDatabase
    var checker: Checker
    var daemons: [SimDaemon] = []
    var writers: [SimWriter]
    var server = Server.up
    /// Nothing goes wrong any more, and nobody writes.
    var isEnding = false
    /// How many batches from now on take long, or fail with 40001.
    var longBatches = 0
    var serializationFailures = 0
    /// The leader has disarmed the bell and has not armed it since.
    var bellUnwanted = false
    /// Daemons that arm only after their look, in the broken variant.
    var armsLate: Set<Int> = []
    var lastFaultAt: Int64 = 0
    /// Commits since each daemon's count of calls began.
    var commitsInSecond: [Int]
    /// Writers whose PREPARE was refused, as they had rung.
    package internal(set) var preparesRefused = 0
    var steps = 0
    /// What happened last, when it is recorded.
    var trace: [String] = []
    let isTracing: Bool
    private let chance: Chance

    /// The jitter's own stream of numbers: the machine is a value that may be copied.
    private final class Chance {
        var random: SplitMix64
        init(seed: UInt64) { random = SplitMix64(seed: seed) }
    }

    package init(_ plan: Plan, seed: UInt64, isTracing: Bool = false) {
        self.plan = plan
        self.seed = seed
        self.isTracing = isTracing
        random = SplitMix64(seed: seed)
        database = SimDatabase(flaws: plan.flaws)
        checker = Checker(plan: plan)
        writers = Array(repeating: SimWriter(), count: plan.writers)
        commitsInSecond = Array(repeating: 0, count: plan.daemons)
        chance = Chance(seed: seed ^ 0x5DEE_CE66)
        for number in 0..<plan.daemons {
            daemons.append(SimDaemon(number: number, machine: newMachine(), position: database.cursor))
            queue.add(.start(number), at: Int64(random.below(500_000)))
        }
        for number in 0..<plan.writers { queue.add(.writer(number), at: Int64(random.below(1_000_000))) }
        if plan.faultRate > 0 { queue.add(.fault, at: 5_000_000) }
    }

    func newMachine() -> ServiceMachine {
        var configuration = plan.configuration
        if plan.flaws.contains(.patientHeartbeat) { configuration.heartbeatTimeout = .seconds(3_600) }
        let isSteady = plan.flaws.contains(.noJitter)
        return ServiceMachine(configuration) { [chance] in
            isSteady ? 0.5 : Double(chance.random.below(1 << 20)) / Double(1 << 20)
        }
    }

    /// Runs that many steps, then lets everything come to rest, and stops the daemons.
    package func run(steps: Int) throws(Violation) {
        while self.steps < steps { try step() }
        isEnding = true
        cure()
        let end = now + Checker.faultBound + 10_000_000
        while now < end, !queue.isEmpty { try step() }
        try checker.checkEnd()
        try checkPauses()
        for daemon in daemons where daemon.isUp { stop(daemon) }
        let stopped = now + 60_000_000
        while now < stopped, daemons.contains(where: \.isUp) { try step() }
        if let daemon = daemons.first(where: \.isUp) {
            throw checker.fail("a daemon does not stop", "daemon \(daemon.number)")
        }
    }

    /// Changes that took effect.
    package var changes: Int { checker.changes }
    /// Those in whose way nothing stood: the checker demands that they were noticed at once.
    package var calmChanges: Int { checker.calmChanges }
    /// The longest time from commit to effect of one of those.
    package var longestCalm: Duration { .microseconds(checker.longestCalm) }
    /// How much virtual time has passed.
    package var time: Duration { .microseconds(now) }

    /// How many steps were taken.
    package var stepsTaken: Int { steps }
    package var lastWords: [String] { trace.suffix(200) }

    private func step() throws(Violation) {
        guard let (time, event) = queue.next() else { return }
        now = max(now, time)
        try take(event)
        if !isLeaderWell { hinder() }
        try checker.check(at: now)
        if steps % 64 == 0 {
            try checkTakeover()
            try checkHalfOpen()
        }
    }

    private var isLeaderWell: Bool {
        guard server == .up else { return false }
        for daemon in daemons where daemon.isUp && daemon.holder == database.lease.holder {
            return daemon.work == .open && daemon.listen == .open && daemon.stalledUntil <= now
                && daemon.machine.epoch == database.lease.epoch
        }
        return false
    }

    private func take(_ event: Event) throws(Violation) {
        // A process that stands still takes nothing in.
        if case .daemon(let number, _, _, _) = event, daemons[number].stalledUntil > now {
            return queue.add(event, at: daemons[number].stalledUntil)
        }
        if case .alarm(let number, let time) = event {
            let daemon = daemons[number]
            guard daemon.alarmAt == time else { return }
            if daemon.stalledUntil > now {
                daemon.alarmAt = daemon.stalledUntil
                return queue.add(.alarm(number, at: daemon.stalledUntil), at: daemon.stalledUntil)
            }
        }
        steps += 1
        if isTracing { note(event) }
        switch event {
        case .daemon(let number, let process, let session, let event):
            let daemon = daemons[number]
            guard daemon.isUp, daemon.process == process, daemon.session == session else { return }
            try tell(daemon, event)
        case .alarm(let number, _):
            daemons[number].alarmAt = nil
            if daemons[number].isUp { try tell(daemons[number], .alarm) }
        case .effect(let number, let process, let session, let call):
            try perform(call, daemons[number], process: process, session: session)
        case .watch(let number, let process, let session, let call):
            try answer(call, daemons[number], process: process, session: session)
        case .write(let number, let batch): try write(batch, daemons[number])
        case .commit(let number, let batch): try commit(batch, daemons[number])
        case .start(let number): try start(daemons[number])
        case .writer(let number): try advance(writer: number)
        case .fault: fault()
        case .server(let state): become(state)
        case .queueUsage(let usage): database.queueUsage = usage
        case .approve: approveHeld()
        case .armLate: database.bell = true
        }
    }

    private func note(_ event: Event) {
        trace.append("\(now) \(event)")
        if trace.count > 4_000 { trace.removeFirst(2_000) }
    }

    func say(_ text: @autoclosure () -> String) {
        if isTracing { trace.append("\(now)   \(text())") }
    }

    // MARK: Chance

    /// A network's delay, or the time that something small takes.
    func delay() -> Int64 { 50 + Int64(random.below(random.percent(5) ? 20_000 : 800)) }

    func within(_ bound: Int64) -> Int64 { Int64(random.below(Int(max(1, bound)))) }
}
