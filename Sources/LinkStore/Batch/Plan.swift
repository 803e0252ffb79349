import LinkCore

/// A record or event that cannot be taken in.
struct DeadLetter {
    var feed: String
    var source: Int32?
    var key: String?
    var raw: String?
    var code: String
    var text: String
}

/// What a batch will write beside records: gathered by every step, applied at the end.
struct Plan {
    var audit: [AuditRow] = []
    var deadLetters: [DeadLetter] = []
    /// Keys that wait: `held_change`.
    var parked: [Int32: Set<String>] = [:]
    /// New status of a source; `.some(nil)` = ok again.
    var statuses: [Int32: (status: String, detail: String)?] = [:]
    var dropHeld: Set<Int32> = []
    var newPairs: [PairInForce] = []
    var endedPairs: [(pair: PairInForce, reason: String, cause: Cause)] = []
    /// Composite marks set (act id) and removed (`.some(nil)`).
    var marks: [AssetName: Int64?] = [:]
    var trust: [KindValue: Int64?] = [:]
    var operatorCloses: [Int64: (CloseReason, Cause)] = [:]
    var discovered: [(CIRef, Timestamp?, String?)] = []
    /// Records read that were as stored, and events older than what is known.
    var same = 0
    var ignored = 0

    var decisions: [CIDecision] = []
    var removedDecisions: [CIRef] = []
    var newLinks: [NewLink] = []
    var linkUpdates: [LinkUpdate] = []
    var closedConflicts: [(id: Int64, reason: String, actor: String)] = []
    /// Change of the number of linked CIs per asset.
    var counts: [AssetRef: Int] = [:]
    /// Active links that end, by the source that caused it.
    var endings: [Int32: Int] = [:]
    /// Active links that end because other rules are in force, by their CI's source.
    var ruleEndings: [Int32: Int] = [:]
    /// Change of the number of active links, by CI source.
    var activeDelta: [Int32: Int] = [:]

    /// Records whose column of write-back may have to change.
    var writeBack: Set<RecordName> = []
    /// Write-back was switched on or off.
    var changesWriteBack = false

    mutating func park(_ source: Int32, keys: [String]) {
        guard !keys.isEmpty else { return }
        parked[source, default: []].formUnion(keys)
    }

    mutating func hold(_ source: Int32, keys: [String], detail: String) {
        park(source, keys: keys)
        statuses[source] = (status: "held", detail: detail)
    }
}

/// A link to be made.
struct NewLink {
    var id: Int64 = 0
    var ci: CIRef
    var ciName: CIName
    var asset: AssetRef
    var assetName: AssetName
    var isManual: Bool
    var rule: String?
    var priority: Int?
    var matchedOn: String?
    var linkedBy: String
    var predecessor: Int64?
}

/// What changes of a link that is there.
struct LinkUpdate {
    var id: Int64
    var status: String
    var staleReason: String?
    var closeReason: String?
    var actor: String
    var method: String
    var rule: String?
    var priority: Int?
    var matchedOn: String?
    /// The status or reason changed: a period ends and another begins.
    var isPeriod: Bool
}
