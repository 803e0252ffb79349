import LinkTesting
import Postgres
import Synchronization

/// One run of a scenario: how long, from which seed, and what was found.
package final class Stage: Sendable {
    /// How much a scenario does.
    package enum Effort: Sendable {
        /// Seconds, for every change of the code.
        case short
        /// Minutes, for the soak.
        case long
    }

    /// The scenario's name; databases and folders are named after it.
    package let name: String
    package let seed: UInt64
    package let effort: Effort
    private let found = Mutex((problems: [String](), notes: [String]()))

    package init(name: String, seed: UInt64, effort: Effort) {
        self.name = name
        self.seed = seed
        self.effort = effort
    }

    /// One of two figures: for a short run, or a long one.
    package func either<Value>(_ short: Value, _ long: Value) -> Value { effort == .short ? short : long }

    /// Records a problem when something expected is not so.
    package func expect(_ isSo: Bool, _ problem: @autoclosure () -> String) {
        if !isSo { found.withLock { $0.problems.append(problem()) } }
    }

    /// Records problems found elsewhere.
    package func add(_ problems: [String], _ place: String) {
        let more = problems.count > 12 ? ["\(place): and \(problems.count - 12) more"] : []
        found.withLock { $0.problems += problems.prefix(12).map { "\(place): \($0)" } + more }
    }

    /// Notes a figure for whoever reads the result.
    package func note(_ text: String) { found.withLock { $0.notes.append(text) } }

    /// What was not as expected.
    package var problems: [String] { found.withLock { $0.problems } }

    /// What was noted.
    package var notes: [String] { found.withLock { $0.notes } }

    /// A database of this run's own with the whole schema, on a cluster.
    package func arena(on cluster: Cluster) async throws -> Arena {
        let words = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
        let database = "f_\(String(words))_\(seed)"
        try await cluster.makeDatabase(database)
        // Of several servers, one that only follows may not have it yet, and refuses.
        return try await Eventually.get(within: .seconds(20)) {
            try await Arena(stage: self, cluster: cluster, database: database)
        }
    }
}
