/// One step of a script: something that happens to the tables, or something that the engine does.
package enum Step: Hashable, Sendable {
    /// Changes of one transaction.
    case write([WorldChange])
    /// A change in a session's transaction that stays open; the first one begins it.
    case hold(Int, WorldChange)
    case commit(Int)
    case rollback(Int)
    /// The session's transaction is prepared and its session goes; it ends by its name.
    case prepare(Int)
    /// Batches, at most so many.
    case batches(Int)
    /// A batch while somebody else writes and commits a transaction.
    case during([WorldChange])
    /// A batch in which the server refuses the n-th flush once, as it does when transactions collide.
    case stumble(Int)
    /// The engine's connection is lost at the n-th flush of a batch; another engine takes over.
    case kill(Int)
    /// As ``kill(_:)``, but the flush took effect: only its answer is lost.
    case lose(Int)
    /// Another engine takes over; the old one must not be able to write any more.
    case restart
    /// Changes that no trigger sees, of sources with tables, and then the sweep.
    case unseen([WorldChange])
    /// Writers move on to the next log table, and the others are emptied as far as nobody needs them.
    case rotate
    /// Every transaction ends, everything is taken in, and all is compared.
    case check
}

/// What happens to a database and its engine, so that it can be played again, cut down, kept and read.
///
/// Every subset of the steps is a script too: a change says what is so afterwards, never what was before.
package struct Script: Hashable, Sendable {
    /// Log rows and bulk records per batch, and holders of one key (`BatchLimits`).
    package var live = 5_000
    package var bulk = 5_000
    package var holders = 2_000
    /// Sources with tables of their own; the others publish.
    package var tables: Set<String> = []
    /// CI sources whose links are removed, not flagged, when their asset ends.
    package var removing: Set<String> = []
    package var steps: [Step] = []

    package init() {}

    /// The sources of every script: assets `itam` and `lab`; CIs `cmdb`, which sees both, and `edge`, which sees `lab`.
    package static let assetSources = ["itam", "lab"]
    package static let ciSources = ["cmdb", "edge"]

    /// The world before the first step.
    package var emptyWorld: World {
        World(bindings: ["cmdb": nil, "edge": ["lab"]], ruleSet: GeneratedRules.ruleSet([.suspects]))
    }
}
