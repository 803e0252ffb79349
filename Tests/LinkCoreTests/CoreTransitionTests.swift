import LinkCore
import Testing

private let a: AssetRef = 1
private let b: AssetRef = 2

/// One row of the table of section 7: what becomes of an active link, of a stale one by its reason, and of none.
struct CoreTransitionRow: CustomStringConvertible, Sendable {
    let title: String
    let state: FinalState
    let context: LinkContext
    let active: LinkTransition
    let stale: [StaleReason: LinkTransition]
    let none: LinkTransition

    var description: String { title }

    /// The same for every open link.
    init(
        _ title: String, _ state: FinalState, _ standing: Standing = .eligible, all: LinkTransition,
        none: LinkTransition = .none, _ edit: (inout LinkContext) -> Void = { _ in }
    ) {
        self.init(title, state, standing, active: all, stale: { _ in all }, none: none, edit)
    }

    /// It is, or becomes, stale.
    init(
        _ title: String, _ state: FinalState, _ standing: Standing = .eligible, stale reason: StaleReason,
        _ edit: (inout LinkContext) -> Void = { _ in }
    ) {
        self.init(
            title, state, standing, active: .markStale(reason),
            stale: { $0 == reason ? .none : .changeStaleReason(reason) }, none: .none, edit)
    }

    init(
        _ title: String, _ state: FinalState, _ standing: Standing, active: LinkTransition,
        stale: (StaleReason) -> LinkTransition, none: LinkTransition, _ edit: (inout LinkContext) -> Void = { _ in }
    ) {
        var context = LinkContext(standing: standing)
        edit(&context)
        self.title = title
        self.state = state
        self.context = context
        self.active = active
        self.stale = Dictionary(uniqueKeysWithValues: StaleReason.allCases.map { ($0, stale($0)) })
        self.none = none
    }

    /// Every later row's cause holds too, so that the order of the rows counts.
    private static func everything(_ context: inout LinkContext) {
        context.endedPin = .pinExpired
        context.isSourceBound = false
        context.rulesChanged = true
    }

    static let kept: [CoreTransitionRow] = [
        CoreTransitionRow(
            "linked to A", .linked(a), .eligible, active: .keep, stale: { _ in .restore }, none: .open(a)),
        CoreTransitionRow("linked to B", .linked(b), all: .supersede(b), none: .open(b)),
        CoreTransitionRow("linked to B, A blocked and gone", .linked(b), .deleted, all: .supersede(b), none: .open(b)) {
            $0.isBlocked = true
            everything(&$0)
        },
        CoreTransitionRow("A ended", .orphaned(.assetDecommissioned), .ended, stale: .assetDecommissioned),
        CoreTransitionRow("A deleted", .orphaned(.assetDeleted), .deleted, stale: .assetDeleted),
        CoreTransitionRow("A ended, whatever the reason", .orphaned(.incomplete), .ended, stale: .assetDecommissioned) {
            everything(&$0)
        },
        CoreTransitionRow("A ended, in conflict", .conflicted, .ended, stale: .assetDecommissioned),
        CoreTransitionRow("A deleted, in conflict", .conflicted, .deleted, stale: .assetDeleted),
        CoreTransitionRow("conflicted", .conflicted, stale: .inConflict),
        CoreTransitionRow("conflicted, all else too", .conflicted, stale: .inConflict) { everything(&$0) },
        CoreTransitionRow("conflicted by policy remove", .conflicted, stale: .inConflict) { $0.policy = .remove },
    ]

    static let closed: [CoreTransitionRow] = [
        CoreTransitionRow("deleted", .deleted, .deleted, all: .close(.ciDeleted)) { $0.isBlocked = true },
        CoreTransitionRow("retired", .excluded(.ciRetired), .deleted, all: .close(.ciRetired)) { $0.isBlocked = true },
        CoreTransitionRow("excluded", .excluded(.classExcluded), .ended, all: .close(.classExcluded)) {
            $0.isBlocked = true
        },
        CoreTransitionRow("blocked", .orphaned(.blockedByOperator), .ended, all: .close(.blockedByOperator)) {
            $0.isBlocked = true
            everything(&$0)
        },
        CoreTransitionRow("blocked, in conflict", .conflicted, all: .close(.blockedByOperator)) { $0.isBlocked = true },
        CoreTransitionRow("A ended, remove", .conflicted, .ended, all: .close(.assetDecommissioned)) {
            $0.policy = .remove
        },
        CoreTransitionRow("A deleted, remove", .orphaned(.assetDeleted), .deleted, all: .close(.assetDeleted)) {
            $0.policy = .remove
            everything(&$0)
        },
        CoreTransitionRow("unpinned", .orphaned(.noMatchingAsset), all: .close(.removedByOperator)) {
            everything(&$0)
            $0.endedPin = .removedByOperator
        },
        CoreTransitionRow("expired", .orphaned(.parentNotLinked), all: .close(.pinExpired)) { everything(&$0) },
        CoreTransitionRow("detached", .orphaned(.parentNotLinked), all: .close(.sourceDetached)) {
            $0.isSourceBound = false
            $0.rulesChanged = true
        },
        CoreTransitionRow("rules", .orphaned(.parentNotLinked), all: .close(.ruleChanged)) { $0.rulesChanged = true },
        CoreTransitionRow("parent", .orphaned(.parentNotLinked), all: .close(.parentNotLinked)),
        CoreTransitionRow("otherwise", .orphaned(.noMatchingAsset), all: .close(.identifierChanged)),
        CoreTransitionRow("incomplete", .orphaned(.incomplete), all: .close(.identifierChanged)),
        CoreTransitionRow("remove", .orphaned(.noIdentifier), all: .close(.identifierChanged)) { $0.policy = .remove },
    ]
}

/// Section 7: what becomes of a CI's open link.
@Suite struct CoreTransitionTests {
    @Test(arguments: CoreTransitionRow.kept + CoreTransitionRow.closed) func theTable(_ row: CoreTransitionRow) {
        #expect(LinkTransition.of(row.state, link: OpenLink(asset: a), context: row.context) == row.active)
        for (reason, expected) in row.stale {
            let link = OpenLink(asset: a, stale: reason)
            #expect(LinkTransition.of(row.state, link: link, context: row.context) == expected, "stale \(reason)")
        }
        #expect(LinkTransition.of(row.state, link: nil, context: nil) == row.none)
    }
}
