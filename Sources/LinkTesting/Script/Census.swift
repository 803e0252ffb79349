import LinkCore

/// What happens in scripts, counted without a database: whether the generator reaches everything that there is.
package struct Census: Sendable {
    /// How often each thing was seen, by a name such as `state linked` or `link superseded`.
    package private(set) var counts: [String: Int] = [:]

    package init() {}

    /// Plays a script against the model alone; a batch takes in all that is committed.
    package mutating func take(_ script: Script) {
        for source in script.tables { note("table \(source)") }
        for source in script.removing { note("removing \(source)") }
        var world = script.emptyWorld
        var history = ModelHistory()
        var batch = ModelHistory.Batch()
        batch.removing = script.removing
        var sessions: [Int: [WorldChange]] = [:]
        for step in script.steps {
            note("step \(step.word)")
            for change in step.changes ?? [] { note("change \(change.text.prefix { $0 != " " })") }
            switch step {
            case .write(let changes), .during(let changes), .unseen(let changes):
                for change in changes { apply(change, &world, &batch) }
            case .hold(let number, let change): sessions[number, default: []].append(change)
            case .commit(let number):
                for change in sessions.removeValue(forKey: number) ?? [] { apply(change, &world, &batch) }
            case .rollback(let number): sessions[number] = nil
            case .check:
                for number in sessions.keys.sorted() {
                    for change in sessions.removeValue(forKey: number) ?? [] { apply(change, &world, &batch) }
                }
                take(world, &history, &batch)
            case .batches, .stumble, .kill, .lose: take(world, &history, &batch)
            default: break
            }
        }
    }

    private mutating func note(_ name: String) { counts[name, default: 0] += 1 }

    private mutating func apply(_ change: WorldChange, _ world: inout World, _ batch: inout ModelHistory.Batch) {
        switch change {
        case .upsertAsset(let key, _): if world.assets[key]?.isDeleted == true { note("asset comes back") }
        case .upsertCI(let key, let record):
            guard let old = world.cis[key] else { break }
            if old.isDeleted { note("CI comes back") }
            if old.record.ciClass != record.ciClass { note("CI changes class") }
            if old.record.parentCIID != record.parentCIID { note("CI changes parent") }
        case .edit(let edit):
            note("rules \(edit.rawValue)")
            batch.haveRulesChanged = true
        case .trust, .attach: batch.haveRulesChanged = true
        case .expire(let pair):
            if world.ending.contains(pair), world.pins[pair.ci] == pair.asset { batch.expiredPins.insert(pair.ci) }
        case .closeStale(let ci): batch.closedByOperators.insert(ci)
        case .retire(let ci): batch.retired.insert(ci)
        default: break
        }
        world.apply(change)
    }

    private mutating func take(_ world: World, _ history: inout ModelHistory, _ batch: inout ModelHistory.Batch) {
        let outcome = ReferenceModel.decide(world)
        for ci in outcome.ciStates.values {
            note("state \(ci.state.rawValue)")
            if let reason = ci.reason { note("reason \(reason.rawValue)") }
            if let method = ci.method { note("method \(method.rawValue)") }
            if let rule = ci.rule, let rank = ci.entryPriority { note("entry \(rule) \(rank)") }
        }
        for asset in outcome.assetStates.values {
            note("asset \(asset.state.rawValue)")
            note("phase \(asset.phase.rawValue)")
            if asset.ciCount > 1 { note("composite with several CIs") }
        }
        for conflict in outcome.conflicts { note("conflict \(conflict.kind.rawValue)") }
        if !outcome.assetCycles.isEmpty { note("asset_cycle") }
        if !outcome.ciCycles.isEmpty { note("ci_cycle") }
        if !outcome.pinDisagrees.isEmpty { note("pin_disagrees") }
        if !outcome.inherited.isEmpty { note("inherited asset") }
        for transition in history.take(outcome, of: world, batch: batch).values {
            note("link \(transition.word)")
        }
        let removing = batch.removing
        batch = ModelHistory.Batch()
        batch.removing = removing
    }
}

extension Step {
    fileprivate var word: String { lines[0].prefix { $0 != " " }.description }
}

extension ModelTransition {
    /// The transition and its reason, in one word or two.
    fileprivate var word: String {
        switch self {
        case .none: "none"
        case .opened: "opened"
        case .kept: "kept"
        case .evidenceUpdated: "evidence"
        case .restored: "restored"
        case .staled(let reason): "stale \(reason.rawValue)"
        case .staleReasonChanged(let reason): "stale still \(reason.rawValue)"
        case .superseded: "superseded"
        case .closed(let reason): "closed \(reason.rawValue)"
        }
    }
}
