package import LinkCore
import Postgres

/// A PostgreSQL snapshot: which transactions a reader sees (`pg_snapshot`).
package struct Snapshot: Hashable, Sendable {
    /// The first transaction that had not begun.
    package var xmax: UInt64
    /// Transactions below ``xmax`` that were still running.
    package var inProgress: [UInt64]
    /// As PostgreSQL writes it: `xmin:xmax:xip,…`.
    package var text: String

    /// Before everything: every row of the log is new.
    package static let beginning = Snapshot(xmax: 3, inProgress: [], text: "3:3:")

    /// - Returns: `nil` when the text is not a snapshot as PostgreSQL writes it.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let xmin = Self.xid(parts[0]), let xmax = Self.xid(parts[1]), xmin <= xmax,
            // No transaction has a number whose lower half is zero.
            UInt32(truncatingIfNeeded: xmin) != 0, UInt32(truncatingIfNeeded: xmax) != 0
        else { return nil }
        var running: [UInt64] = []
        for item in parts[2].split(separator: ",", omittingEmptySubsequences: parts[2].isEmpty) {
            guard let xid = Self.xid(item), xid >= running.last.map({ $0 + 1 }) ?? xmin, xid < xmax else { return nil }
            running.append(xid)
        }
        self.init(xmax: xmax, inProgress: running, text: text)
    }

    /// A transaction's number: digits only, and not zero.
    private static func xid(_ text: Substring) -> UInt64? {
        guard let first = text.utf8.first, (0x31...0x39).contains(first), let xid = UInt64(text) else { return nil }
        return xid
    }

    private init(xmax: UInt64, inProgress: [UInt64], text: String) {
        self.xmax = xmax
        self.inProgress = inProgress
        self.text = text
    }

    /// The upper bound as a statement parameter (compared as xid8).
    var xmaxParameter: Parameter { .text(String(xmax)) }
    /// The running transactions as a statement parameter.
    var inProgressParameter: Parameter { .texts(inProgress.map { String($0) }) }
}

/// Where the daemon has got to: the newest row of `batch`.
package struct Cursor: Sendable {
    package var batchID: Int64
    package var snapshot: Snapshot
    package var ranges: [BulkRange]
    package var committedAt: Timestamp
    package var digest: [UInt8]
    /// Active links by CI source, carried along so that the breaker needs no count.
    package var links: [Int32: Int]
    /// The version of the rules that stored keys are made by, or that open ranges make them by.
    package var ruleSetVersion: Int64

    /// Before the first batch.
    package static let beginning = Cursor(
        batchID: 0, snapshot: .beginning, ranges: [], committedAt: 0, digest: Array(repeating: 0, count: 32),
        links: [:], ruleSetVersion: 0
    )
}

/// A piece of work too large for one batch, stored in the cursor and taken page by page (engine: two lanes).
package struct BulkRange: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// Rows of the log between two snapshots.
        case log
        /// A full read of a source: first what is stored, then what the source has beyond it.
        case read
        /// A version of the rules comes into force: first all keys, then all decisions (engine point 22).
        case reevaluate
        /// Every CI holding a match key.
        case holders
        /// Every record holding a value whose verdict flipped: of one that counts again assets first (0), then CIs (1);
        /// of one that counts no more CIs first (2), then assets (3), so that nobody is matched by what is left of it.
        case value
        /// Held keys of a source that an operator approved, or whose source is whole again.
        case release
    }

    package var kind: Kind
    /// Identity within the cursor, for progress.
    package var id: Int64
    package var source: Int32?
    /// `log`: the older snapshot; its newer one.
    package var from: String?
    package var to: String?
    /// Position: the last key, ref, or `xid/seq` done.
    package var after: String?
    /// 0, 1 …: see the kind.
    package var phase: Int
    package var space: Int32?
    package var key: String?
    package var valueKind: String?
    /// Why: named in audit rows that it causes.
    package var cause: String
    /// Keys done so far, for progress.
    package var done: Int
    /// Decide again even what has not changed; set where bindings or rules changed.
    package var force: Bool
    /// An operator approved what it ends: the breaker does not count it.
    package var approved: Bool
    /// `reevaluate`: how many records all its phases together have, counted when it began.
    package var total: Int?
    /// `reevaluate`: the version that was in force before, and to which one would go back.
    package var replaces: Int64?
    /// `reevaluate`: the classes whose CIs the version reads otherwise than the one before, where not all.
    ///
    /// With ``force`` all are decided all the same, as values became suspect or ceased to be while keys were made.
    package var classes: [String]?
    /// `reevaluate`: what makes a value suspect is as it was, so that only values that records gain or lose are counted.
    package var keepsLimits = false
    /// `reevaluate`: no keys had to be made first; what is kept of a CI is made anew with its decision.
    package var rereads = false
    /// `reevaluate`: assets have keys that no rule asks for any more; they go last.
    package var leavesKeys = false
    /// `reevaluate`: active links that it has ended, by CI source, for the breaker.
    package var ended: [Int32: Int] = [:]
    /// `reevaluate`: why the breaker holds it; `nil`: it does not.
    package var held: String?

    package init(_ kind: Kind, id: Int64, source: Int32? = nil, cause: String, force: Bool = false) {
        self.kind = kind
        self.id = id
        self.source = source
        self.cause = cause
        self.force = force
        phase = 0
        done = 0
        approved = false
    }

    /// As stored in `batch.ranges`; read back by ``CursorStatements/ranges``.
    var json: String {
        JSONText.object([
            "kind": JSONText.string(kind.rawValue), "id": String(id), "source": source.map { String($0) },
            "from": from.map { JSONText.string($0) }, "to": to.map { JSONText.string($0) },
            "after": after.map { JSONText.string($0) }, "phase": String(phase), "space": space.map { String($0) },
            "key": key.map { JSONText.string($0) }, "value_kind": valueKind.map { JSONText.string($0) },
            "cause": JSONText.string(cause), "done": String(done), "force": force ? "true" : nil,
            "approved": approved ? "true" : nil, "total": total.map { String($0) },
            "replaces": replaces.map { String($0) }, "held": held.map { JSONText.string($0) },
            "ended": ended.isEmpty ? nil : JSONText.counts(ended),
            "rereads": rereads ? "true" : nil, "leaves_keys": leavesKeys ? "true" : nil,
            "keeps_limits": keepsLimits ? "true" : nil,
            "classes": classes.map { JSONText.array($0.map { JSONText.string($0) }) },
        ])
    }
}
