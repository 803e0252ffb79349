import LinkTesting
package import Postgres
import Synchronization

/// Writers at the reference tables: several sessions, each with rows of its own that describe machines which all share,
/// in transactions that overlap, are held open, taken back and lost; with a journal of what was acknowledged.
package final class Load: Sendable {
    /// How much, and how.
    package struct Shape: Sendable {
        package var writers = 4
        /// Machines to describe; each may have an asset and a CI.
        package var machines = 64
        /// A transaction is held open for at most so long before it ends; `nil` = not at all.
        package var longestHold: Duration? = .milliseconds(15)
        package var rollbackPercent = 10
        /// How long the server may be away before a writer gives up.
        package var outage: Duration = .seconds(60)
        /// A writer's own deadline for each statement, after which it gives its connection up; `nil` = it waits.
        ///
        /// With one it also takes no server's word before that has acknowledged a write: one that was succeeded while it
        /// stood still answers as if nothing had happened.
        package var patience: Duration?
        /// Error codes that are part of the scenario: the transaction is over, the load goes on.
        package var tolerated: Set<String> = []

        package init() {}
    }

    /// What the writers did, in transactions.
    package struct Tally: Sendable {
        package var committed = 0
        package var rolledBack = 0
        /// The connection went away before the answer.
        package var lost = 0
        /// The server refused it for a passing reason.
        package var refused = 0
    }

    /// Something that was acknowledged is not there.
    package struct Lost: Error, CustomStringConvertible {
        package let description: String
    }

    private let seed: UInt64
    private let shape: Shape
    private let connect: @Sendable () async throws -> PostgresConnection
    private let isOver = Atomic(false)
    private let committed = Atomic(0)
    private let journal = Mutex((rows: SourceRows(), tally: Tally(), runs: UInt64(0)))

    package init(
        seed: UInt64, shape: Shape = Shape(), connect: @escaping @Sendable () async throws -> PostgresConnection
    ) {
        self.seed = seed
        self.shape = shape
        self.connect = connect
    }

    /// What all runs of it did together.
    package var tally: Tally { journal.withLock { $0.tally } }

    /// Transactions acknowledged so far, those of the present run included.
    package var commits: Int { committed.load(ordering: .relaxed) }

    /// Every row as of its last acknowledged commit.
    var rows: SourceRows { journal.withLock { $0.rows } }

    /// Runs the body while the writers write; they stop when it is over.
    package func during(_ body: () async throws -> Void) async throws {
        isOver.store(false, ordering: .relaxed)
        try await write(most: .max, body)
    }

    /// Writes so many transactions with each writer.
    package func run(_ transactions: Int) async throws {
        isOver.store(false, ordering: .relaxed)
        try await write(most: transactions) {}
    }

    /// Waits until so many more transactions are acknowledged.
    package func progress(_ count: Int, within limit: Duration = .seconds(60)) async throws {
        let wanted = commits + count
        try await Eventually.true("\(count) more transactions", within: limit) { self.commits >= wanted }
    }

    private func write(most: Int, _ body: () async throws -> Void) async throws {
        let run = journal.withLock { journal in
            journal.runs += 1
            journal.rows = SourceRows()
            return journal.runs
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<shape.writers {
                group.addTask { try await self.write(number, seed: self.seed &+ run &* 7_919, most: most) }
            }
            do { try await body() } catch {
                isOver.store(true, ordering: .relaxed)
                throw error
            }
            if most == .max { isOver.store(true, ordering: .relaxed) }
            try await group.waitForAll()
        }
    }

    private func write(_ number: Int, seed: UInt64, most: Int) async throws {
        var writer = Writer(number, seed: seed, shape: shape, connect: connect)
        try await writer.begin()
        var count = 0
        while count < most, !isOver.load(ordering: .relaxed) {
            let before = writer.tally.committed
            try await writer.step()
            committed.add(writer.tally.committed - before, ordering: .relaxed)
            count += 1
        }
        await writer.end()
        journal.withLock { journal in
            journal.rows.merge(writer.rows)
            journal.tally.committed += writer.tally.committed
            journal.tally.rolledBack += writer.tally.rolledBack
            journal.tally.lost += writer.tally.lost
            journal.tally.refused += writer.tally.refused
        }
    }
}

extension Duration {
    /// Rests for a random part of it: a writer that thinks between its statements.
    func rest(_ random: inout SplitMix64) async throws {
        try await Task.sleep(for: self / 1_000 * random.below(1_000))
    }
}
