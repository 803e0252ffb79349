import LinkCore
import Postgres

/// A payload that is worked on: read at the start of each of its transactions.
struct DiscoveryPayload {
    var id: Int64
    var submittedAt: Timestamp
    var types: Set<String>
    /// Every item in order: what is left to do, and what became of the rest.
    var items: [DiscoverySkeleton] = []
    var graph = DiscoveryGraph([])
    /// How far each relation is, in the order of the graph's.
    var relationStates: [String] = []
}

/// What is known of an item without its body.
struct DiscoverySkeleton {
    var state: String
    var ciID: String?
    var isOlder: Bool
    var hasConflict: Bool
    /// Of the body, in bytes.
    var size = 0

    /// It waits for nothing and never will: only those that are identified can have relations.
    var isOver: Bool { state == "rejected" }
}

/// Items of a payload that are decided together.
struct DiscoveryPage {
    var source: SourceInfo
    var payload: DiscoveryPayload
    /// Items by number.
    var items: [Int: DiscoveryItem] = [:]
    var outcomes: [Int: DiscoveryOutcome] = [:]
    var relations: [DiscoveryRelationOutcome] = []
    /// The whole page was tried and the server refused it: this item, alone, is given up.
    var refused: [Int: DiscoveryProblem] = [:]
    var numbers: [Int] = []
    /// A batch must come first.
    var isPostponed = false
    var time: Timestamp

    /// Where an item's parent stands now.
    func parent(of item: Int) -> ParentIdentity {
        guard let parent = payload.graph.parents[item] else { return .none }
        return ciID(of: parent).map { .known($0) } ?? .unknown
    }

    /// The CI that an item is, as far as that is known.
    func ciID(of item: Int) -> String? {
        if let outcome = outcomes[item] { return outcome.ciID }
        guard payload.items.indices.contains(item) else { return nil }
        return payload.items[item].ciID
    }

    func isOlder(_ item: Int) -> Bool { outcomes[item]?.isOlder ?? payload.items[item].isOlder }

    func isOver(_ item: Int) -> Bool { outcomes[item].map { $0.state == .rejected } ?? payload.items[item].isOver }

    func isPending(_ item: Int) -> Bool { outcomes[item] == nil && payload.items[item].state == "pending" }
}

/// What became of a relation or reference.
struct DiscoveryRelationOutcome {
    /// Its place in the graph.
    var index: Int
    var state: String
    var code: DiscoveryCode?
    var detail: String?
    /// The CI that contained the child until now: its relation becomes this one.
    var movedFrom: Int64?
}
