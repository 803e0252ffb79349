import LinkCore
import LinkTesting
import Testing

private let a: AssetRef = 1
private let b: AssetRef = 2

/// Section 7 exhaustively: every state, open link and context, as the reference model has it.
@Suite struct CoreTransitionModelTests {
    /// Every state with the model's decision for it.
    private static let states: [(FinalState, CIOutcome?)] = {
        var all: [(FinalState, CIOutcome?)] = [(.deleted, nil)]
        for ref in [a, b] {
            all.append((.linked(ref), CIOutcome(state: .linked, asset: name(ref), method: .automatic)))
        }
        for reason in StateReason.allCases {
            switch reason {
            case .ciRetired, .classExcluded:
                all.append((.excluded(reason), CIOutcome(state: .excluded, reason: reason)))
            case .duplicateAsset, .contradictingEvidence, .duplicateCI, .assetAlreadyLinked:
                all.append((.conflicted, CIOutcome(state: .conflicted, reason: reason)))
            default: all.append((.orphaned(reason), CIOutcome(state: .orphaned, reason: reason)))
            }
        }
        return all
    }()

    private static func name(_ ref: AssetRef) -> RecordKey { .asset(ref == a ? "a" : "b") }

    private static let contexts: [LinkContext] = {
        var all: [LinkContext] = []
        for standing in [Standing.eligible, .ended, .deleted] {
            for policy in [RemovalPolicy.flag, .remove] {
                for pin in [nil, CloseReason.removedByOperator, .pinExpired] {
                    for bits in 0..<8 {
                        all.append(
                            LinkContext(
                                standing: standing, isBlocked: bits & 1 != 0, policy: policy, endedPin: pin,
                                isSourceBound: bits & 2 == 0, rulesChanged: bits & 4 != 0))
                    }
                }
            }
        }
        return all
    }()

    private static let links: [OpenLink?] = {
        var all: [OpenLink?] = [nil]
        for reason in [nil] + StaleReason.allCases.map(Optional.some) {
            for isManual in [true, false] { all.append(OpenLink(asset: a, stale: reason, isManual: isManual)) }
        }
        return all
    }()

    @Test func everyCombinationAsTheModel() throws {
        var count = 0
        for (state, decision) in Self.states {
            for link in Self.links {
                // Only the link that a pin made can have lost its pin.
                for context in Self.contexts where context.endedPin == nil || link?.isManual == true {
                    let next = LinkTransition.of(state, link: link, context: context)
                    let model = try Self.model(decision, link, context)
                    #expect(next == model, "\(state), \(String(describing: link)), \(context)")
                    count += 1
                }
            }
        }
        #expect(count == 19 * (4 * 144 + 5 * 48))
    }

    private static func model(
        _ decision: CIOutcome?, _ link: OpenLink?, _ context: LinkContext
    ) throws -> LinkTransition {
        var facts = ModelLinkFacts(decision: decision)
        facts.isBlocked = context.isBlocked
        switch context.standing {
        case .eligible: break
        case .ended: facts.assetEnd = .assetDecommissioned
        case .deleted: facts.assetEnd = .assetDeleted
        }
        facts.policy = context.policy == .flag ? .flag : .remove
        facts.isPinned = context.endedPin == nil
        facts.hasPinExpired = context.endedPin == .pinExpired
        facts.isBound = context.isSourceBound
        facts.haveRulesChanged = context.rulesChanged
        let previous = try link.map { link in
            ModelLink(
                asset: name(link.asset), status: link.stale == nil ? .active : .stale,
                reason: try link.stale.map { try #require(ModelLink.Reason(rawValue: $0.rawValue)) },
                evidence: CIOutcome(state: .linked, asset: name(a), method: link.isManual ? .manual : .automatic))
        }
        let asset = decision?.asset == name(b) ? b : a
        switch ReferenceModel.nextLink(previous: previous, facts) {
        case .none: return .none
        case .opened: return .open(asset)
        case .kept: return link?.stale == nil ? .keep : .none
        case .evidenceUpdated: return .keep
        case .restored: return .restore
        case .superseded: return .supersede(asset)
        case .staled(let reason): return .markStale(try #require(StaleReason(rawValue: reason.rawValue)))
        case .staleReasonChanged(let reason):
            return .changeStaleReason(try #require(StaleReason(rawValue: reason.rawValue)))
        case .closed(let reason): return .close(try #require(CloseReason(rawValue: reason.rawValue)))
        }
    }
}
