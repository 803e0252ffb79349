/// Cuts a failing script down to what it fails of: first steps, then the changes of a transaction, then fields.
///
/// Delta debugging (Zeller): halves, quarters … are left out as long as what is left still fails the same way.
package struct Shrinker {
    /// Whether a script fails as the one at the beginning did.
    private let fails: (Script) async throws -> Bool
    private let end: ContinuousClock.Instant
    /// How many scripts were played.
    package private(set) var runs = 0

    /// - Parameters:
    ///   - limit: how long it may take; what it has reached then is the answer.
    package init(within limit: Duration, fails: @escaping (Script) async throws -> Bool) {
        self.fails = fails
        end = ContinuousClock().now + limit
    }

    package mutating func shrink(_ script: Script) async throws -> Script {
        var best = script
        best.steps = try await cut(best.steps) { steps in
            var candidate = script
            candidate.steps = steps
            return candidate
        }
        var previous: Script?
        while previous != best, !isOver {
            previous = best
            best = try await shrinkTransactions(best)
            best = try await shrinkLimits(best)
            best = try await shrinkFields(best)
            let frame = best
            best.steps = try await cut(best.steps) { steps in
                var candidate = frame
                candidate.steps = steps
                return candidate
            }
        }
        return best
    }

    private var isOver: Bool { ContinuousClock().now > end }

    private mutating func stillFails(_ script: Script) async throws -> Bool {
        runs += 1
        return try await fails(script)
    }

    /// The least of a list that still fails, as far as leaving out pieces goes.
    private mutating func cut<Element>(_ list: [Element], _ make: ([Element]) -> Script) async throws -> [Element] {
        var list = list
        var size = max(1, list.count / 2)
        while !list.isEmpty, !isOver {
            var isShorter = false
            var start = 0
            while start < list.count, !isOver {
                var candidate = list
                candidate.removeSubrange(start..<min(start + size, list.count))
                if try await stillFails(make(candidate)) {
                    list = candidate
                    isShorter = true
                } else {
                    start += size
                }
            }
            if size > 1 {
                size = max(1, size / 2)
            } else if !isShorter {
                break
            }
        }
        return list
    }

    private mutating func shrinkTransactions(_ script: Script) async throws -> Script {
        var best = script
        for index in best.steps.indices {
            guard let changes = best.steps[index].changes, changes.count > 1 else { continue }
            let frame = best
            let fewer = try await cut(changes) { changes in
                var candidate = frame
                candidate.steps[index] = frame.steps[index].with(changes)
                return candidate
            }
            best.steps[index] = best.steps[index].with(fewer)
        }
        return best
    }

    /// Large batches, publishing and flagging are the simpler cases.
    private mutating func shrinkLimits(_ script: Script) async throws -> Script {
        var best = script
        let simple = Script()
        let simpler: [(inout Script) -> Void] = [
            { $0.live = simple.live }, { $0.bulk = simple.bulk }, { $0.holders = simple.holders },
            { $0.removing = [] }, { $0.tables = [] },
        ]
        for simplify in simpler where !isOver {
            var candidate = best
            simplify(&candidate)
            if candidate != best, try await stillFails(candidate) { best = candidate }
        }
        return best
    }

    private mutating func shrinkFields(_ script: Script) async throws -> Script {
        var best = script
        for index in best.steps.indices {
            for (place, change) in (best.steps[index].changes ?? []).enumerated() {
                for simpler in change.simpler where !isOver {
                    guard var changes = best.steps[index].changes else { continue }
                    guard let merged = changes[place].simplified(like: simpler) else { continue }
                    changes[place] = merged
                    var candidate = best
                    candidate.steps[index] = best.steps[index].with(changes)
                    if candidate != best, try await stillFails(candidate) { best = candidate }
                }
            }
        }
        return best
    }
}

extension Step {
    /// The changes that it makes, of those that make any.
    package var changes: [WorldChange]? {
        switch self {
        case .write(let changes), .during(let changes), .unseen(let changes): changes
        case .hold(_, let change): [change]
        default: nil
        }
    }

    fileprivate func with(_ changes: [WorldChange]) -> Step {
        switch self {
        case .write: .write(changes)
        case .during: .during(changes)
        case .unseen: .unseen(changes)
        case .hold(let session, _): changes.first.map { .hold(session, $0) } ?? self
        default: self
        }
    }
}
