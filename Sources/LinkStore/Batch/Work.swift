import LinkCore

/// Why something is looked at: named in the audit, and counted by the breaker.
struct Cause: Hashable, Sendable {
    /// The source whose change it was; `nil` for operators, rules and time.
    var source: Int32?
    /// As `audit.cause` shows it.
    var json: String
    /// The person, for an operator's act.
    var actor: String?
    /// What it ends does not count for the breaker.
    var isExempt = false
    /// A record that failed before is tried again.
    var isRetry = false
    /// The sweep found that somebody changed its link or decision by hand.
    var isDrift = false
    /// What it ends counts against the rules in force.
    var isRules = false

    static let system = Cause(json: "{}")
    /// A version of the rules came into force.
    static let rules: Cause = {
        var cause = Cause(json: JSONText.object(["by": JSONText.string("rules")]))
        cause.isRules = true
        return cause
    }()

    init(source: Int32? = nil, json: String, actor: String? = nil, isExempt: Bool = false) {
        self.source = source
        self.json = json
        self.actor = actor
        self.isExempt = isExempt
    }

    init(row: LogRow, sourceName: String?) {
        self.init(
            source: row.source,
            json: JSONText.object([
                "source": sourceName.map { JSONText.string($0) }, "key": row.key.map { JSONText.string($0) },
                "by": JSONText.string(row.cause), "event": row.event.map { JSONText.string($0) },
                "xid": String(row.xid), "seq": String(row.seq),
            ]))
        isRetry = row.cause == "retry"
        isDrift = row.cause == "drift"
    }
}

/// What a batch has to look at, from the log and from its ranges.
struct Work {
    /// Records to read, by source.
    var records: [Int32: [String: Cause]] = [:]
    /// Keys whose change is taken in even where nothing differs (rules or bindings changed).
    var forced: Set<Int32> = []
    /// Events that carry records, in log order.
    var events: [LogRow] = []
    /// Acts and expiries to take in, in order of their numbers.
    var acts: [Int64: Cause] = [:]
    var expiries: [Int64: Cause] = [:]
    /// Stored records to read again by the rules.
    var assetsAgain: [AssetRef: Cause] = [:]
    var cisAgain: [CIRef: Cause] = [:]
    /// CIs to decide again.
    var cis: [CIRef: Cause] = [:]
    /// Discovery payloads have come, or their items have entered or left conflicts.
    var discovery: Cause?
    /// Which act touched a CI.
    var touchedBy: [CIName: Cause] = [:]
    /// Values whose verdict must be looked at again, though no record of theirs changed.
    var values: [KindValue: Cause] = [:]
    /// Links whose retention is over; tombstones whose time is over.
    var links: [Int64: Cause] = [:]
    var tombstones: [AssetRef: Cause] = [:]
    /// New ranges, without numbers.
    var newRanges: [BulkRange] = []
    var rulesChanged = false
    /// What makes a value suspect is as it was, though the rules changed.
    var keepsLimits = false
    var oldestLoggedAt: Timestamp?
    /// When each log row was written.
    var loggedAt: [Timestamp] = []
    /// Rows taken in, for the statistics.
    var rows = 0

    mutating func add(_ source: Int32, _ key: String, _ cause: Cause) {
        if records[source, default: [:]][key] == nil { records[source, default: [:]][key] = cause }
    }

    /// Whether a record is taken in though it is as stored: what failed before may be stored by other rules.
    func isForced(_ source: Int32, _ key: String) -> Bool {
        forced.contains(source) || records[source]?[key]?.isRetry == true
    }

    /// Everything that the batch takes in one by one, each of which may be what it fails of.
    var pieces: [WorkPiece] {
        let named = records.flatMap { id, keys in keys.keys.map { WorkPiece.record(RecordName(source: id, id: $0)) } }
        return named + assetsAgain.keys.map { .asset($0) } + Set(cisAgain.keys).union(cis.keys).map { .ci($0) }
    }

    /// Takes in only these.
    mutating func keep(_ only: Set<WorkPiece>) {
        for (id, keys) in records {
            records[id] = keys.filter { only.contains(.record(RecordName(source: id, id: $0.key))) }
        }
        assetsAgain = assetsAgain.filter { only.contains(.asset($0.key)) }
        cisAgain = cisAgain.filter { only.contains(.ci($0.key)) }
        cis = cis.filter { only.contains(.ci($0.key)) }
    }

    mutating func note(_ time: Timestamp) {
        oldestLoggedAt = min(oldestLoggedAt ?? time, time)
        loggedAt.append(time)
    }
}

/// One row of the audit.
struct AuditRow {
    var actor: String
    var action: String
    var ciSource: String?
    var ciID: String?
    var assetSource: String?
    var assetID: String?
    var linkID: Int64?
    var from: String?
    var to: String?
    var reason: String?
    var evidence: String?
    var cause: String?

    init(_ action: String, cause: Cause) {
        self.action = action
        actor = cause.actor ?? "assetlinkd"
        self.cause = cause.json
    }
}

/// Names an asset everywhere in the plan.
struct AssetName: Hashable, Sendable {
    var source: Int32
    var id: String
}

/// Names a record of either side.
struct RecordName: Hashable, Sendable {
    var source: Int32
    var id: String
}

/// One of the things that a batch takes in, and can be kept from.
enum WorkPiece: Hashable, Sendable {
    /// Read from its source, or published.
    case record(RecordName)
    /// Stored, and read again or decided again.
    case asset(AssetRef), ci(CIRef)
}

/// Names a CI everywhere in the plan.
struct CIName: Hashable, Sendable {
    var source: Int32
    var id: String
}

/// An asset of which something may have changed in this batch.
///
/// A class: every step of a batch walks over thousands of them, and a copy would count some fifty references.
final class AssetChange {
    let source: SourceInfo
    let key: String
    let stored: StoredAsset
    /// As read; `nil` for a record that is gone (its stored keys are kept, as a tombstone).
    var row: AssetRow?
    var reading: AssetReading?
    let standing: Standing
    let isComposite: Bool
    var isNewInSource: Bool { !stored.isStored || stored.standing == .deleted }
    /// Its raw columns must be written.
    let hasNewRaw: Bool
    /// Its tombstone's time is over: it gives no key any more.
    let isForgotten: Bool
    let cause: Cause

    init(
        source: SourceInfo, key: String, stored: StoredAsset, row: AssetRow? = nil, reading: AssetReading? = nil,
        standing: Standing, isComposite: Bool, hasNewRaw: Bool, isForgotten: Bool = false, cause: Cause
    ) {
        self.source = source
        self.key = key
        self.stored = stored
        self.row = row
        self.reading = reading
        self.standing = standing
        self.isComposite = isComposite
        self.hasNewRaw = hasNewRaw
        self.isForgotten = isForgotten
        self.cause = cause
    }

    var name: AssetName { AssetName(source: source.id, id: key) }
    var counts: Bool { standing == .eligible && !isComposite }
}

/// A CI of which something may have changed in this batch.
final class CIChange {
    let source: SourceInfo
    let key: String
    let stored: StoredCI
    let row: CIRow?
    var reading: CIReading?
    let isDeleted: Bool
    let hasNewRaw: Bool
    let cause: Cause
    /// The evidence column, made once the verdicts on its values are known.
    var evidence = "[]"

    init(
        source: SourceInfo, key: String, stored: StoredCI, row: CIRow?, reading: CIReading?, isDeleted: Bool,
        hasNewRaw: Bool, cause: Cause
    ) {
        self.source = source
        self.key = key
        self.stored = stored
        self.row = row
        self.reading = reading
        self.isDeleted = isDeleted
        self.hasNewRaw = hasNewRaw
        self.cause = cause
    }

    /// What `ci_value` holds of it.
    var values: Set<KindValue> {
        isDeleted ? [] : reading?.held ?? []
    }
    var counts: Bool { !isDeleted && (reading?.isCounted ?? false) }
}

extension CIReading {
    /// What `ci_value` holds of a CI read so.
    var held: Set<KindValue> { rule == nil ? Set(sharedSerials.map { KindValue(.serial, $0) }) : reads }

    /// For which class's K its values count, where it is not that of the kind.
    func limitClasses(_ rules: CompiledRuleSet) -> [KindValue: String] {
        var result: [KindValue: String] = [:]
        for value in held {
            let name = rules.limitClass(value.kind, of: className)
            if !name.isEmpty { result[value] = name }
        }
        return result
    }
}
