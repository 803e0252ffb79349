import LinkCore
import LinkStore
package import Postgres

/// The public relations at one time, as far as the checks of history look at them.
package struct Picture: Sendable {
    /// A row of `link`.
    package struct Link: Hashable, Sendable {
        var ci: RecordKey
        var asset: RecordKey
        var status: ModelLink.Status
        var method: String
        var rule: String?
        var priority: Int?
        var matchedOn: String?
        var linkedAt: Timestamp
        var staleAt: Timestamp?
        var staleReason: String?
        var closedAt: Timestamp?
        var closeReason: String?
        var predecessor: Int64?

        /// Why it is stale, or was closed.
        var reason: String? { status == .stale ? staleReason : closeReason }
    }

    /// A row of `conflict`.
    package struct Conflict: Hashable, Sendable {
        var kind: String
        var closeReason: String?
        var isOpen: Bool
    }

    var batch: Int64 = 0
    var committedAt: Timestamp = 0
    var ruleSetVersion: Int64 = 0
    var hasOpenRanges = false
    var states: [RecordKey: CIOutcome] = [:]
    /// As `ci_state` has it.
    var linkOf: [RecordKey: Int64] = [:]
    var links: [Int64: Link] = [:]
    var conflicts: [Int64: Conflict] = [:]
    var assets: [RecordKey: AssetState] = [:]
    /// Pins and blocks that a batch has taken in and not ended.
    var pins: [RecordKey: RecordKey] = [:]
    var blocks: Set<WorldPair> = []
    /// Pairs whose newest pin ended because its time was up.
    var expiredPins: Set<WorldPair> = []
    /// By CI source: the asset sources it is matched against; `nil` = all.
    var bindings: [String: Set<String>?] = [:]
    var removing: Set<String> = []
    var dropped: Set<String> = []

    /// The links that are not closed, by CI.
    var open: [RecordKey: [Int64]] {
        var open: [RecordKey: [Int64]] = [:]
        for (id, link) in links where link.status != .closed { open[link.ci, default: []].append(id) }
        return open
    }

    package static func take(_ connection: PostgresConnection) async throws -> Picture {
        let rows = try await connection.pipeline([batch, states, links, conflicts, assets, pairs, expired, sources])
        var picture = Picture()
        if let row = rows[0].first {
            var columns = Columns(row)
            picture.batch = try columns.int8()
            picture.committedAt = try columns.time()
            picture.ruleSetVersion = try columns.int8()
            picture.hasOpenRanges = try columns.bool()
        }
        try picture.readStates(rows[1])
        try picture.readLinks(rows[2])
        for row in rows[3] {
            let reason = try row.textOrNil(3)
            picture.conflicts[try row.int8(0)] = Conflict(
                kind: try row.text(1), closeReason: reason, isOpen: try row.bool(2))
        }
        for row in rows[4] {
            picture.assets[RecordKey(try row.text(0), try row.text(1))] = AssetState(rawValue: try row.text(2))
        }
        for row in rows[5] {
            let pair = WorldPair(
                ci: RecordKey(try row.text(1), try row.text(2)), asset: RecordKey(try row.text(3), try row.text(4)))
            if try row.text(0) == "pin" { picture.pins[pair.ci] = pair.asset } else { picture.blocks.insert(pair) }
        }
        for row in rows[6] {
            picture.expiredPins.insert(
                WorldPair(
                    ci: RecordKey(try row.text(0), try row.text(1)),
                    asset: RecordKey(try row.text(2), try row.text(3))))
        }
        try picture.readSources(rows[7])
        return picture
    }

    private mutating func readStates(_ rows: Rows) throws {
        for row in rows {
            var columns = Columns(row)
            let key = RecordKey(try columns.text(), try columns.text())
            var outcome = CIOutcome(state: CIState(rawValue: try columns.text()) ?? .orphaned)
            outcome.reason = try columns.textOrNil().flatMap(StateReason.init(rawValue:))
            let (source, id) = (try columns.textOrNil(), try columns.textOrNil())
            if let source, let id { outcome.asset = RecordKey(source, id) }
            linkOf[key] = try columns.int8OrNil()
            outcome.method = try columns.textOrNil().flatMap(LinkMethod.init(rawValue:))
            outcome.rule = try columns.textOrNil()
            outcome.entryPriority = try columns.intOrNil()
            outcome.matchedOn = try columns.textOrNil().map { [[$0]] }
            states[key] = outcome
        }
    }

    private mutating func readLinks(_ rows: Rows) throws {
        for row in rows {
            var columns = Columns(row)
            let id = try columns.int8()
            links[id] = Link(
                ci: RecordKey(try columns.text(), try columns.text()),
                asset: RecordKey(try columns.text(), try columns.text()),
                status: ModelLink.Status(rawValue: try columns.text()) ?? .closed, method: try columns.text(),
                rule: try columns.textOrNil(), priority: try columns.intOrNil(), matchedOn: try columns.textOrNil(),
                linkedAt: try columns.time(), staleAt: try columns.timeOrNil(), staleReason: try columns.textOrNil(),
                closedAt: try columns.timeOrNil(), closeReason: try columns.textOrNil(),
                predecessor: try columns.int8OrNil())
        }
    }

    private mutating func readSources(_ rows: Rows) throws {
        for row in rows {
            let name = try row.text(0)
            if try row.bool(1) { bindings[name] = Set(try row.textArrayOrNil(2)?.compactMap { $0 } ?? []) }
            if try row.text(3) == "remove" { removing.insert(name) }
            if try row.bool(4) { dropped.insert(name) }
        }
    }
}

extension Picture {
    private static let batch = Statement(
        """
        SELECT batch_id, committed_at, rule_set_version, ranges <> '[]'
        FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1
        """)
    private static let states = Statement(
        """
        SELECT ci_source, ci_id, state, reason, asset_source, asset_id, link_id, method, rule, entry_priority::bigint,
            matched_on::text
        FROM assetlink.ci_state
        """)
    private static let links = Statement(
        """
        SELECT link_id, ci_source, ci_id, asset_source, asset_id, status, method, rule, entry_priority::bigint,
            matched_on::text, linked_at, stale_at, stale_reason, closed_at, close_reason, predecessor_link_id
        FROM assetlink.link
        """)
    private static let conflicts = Statement(
        "SELECT conflict_id, kind, closed_at IS NULL, close_reason FROM assetlink.conflict")
    private static let assets = Statement("SELECT asset_source, asset_id, state FROM assetlink.asset_state")
    private static let pairs = Statement(
        """
        SELECT kind, ci_source, ci_id, asset_source, asset_id FROM assetlink.operator_decision
        WHERE effect <> 'ended' AND NOT pending
        """)
    /// The last end of a pin of each pair that was made by nobody but time.
    private static let expired = Statement(
        """
        SELECT ci_source, ci_id, asset_source, asset_id FROM (
            SELECT DISTINCT ON (ci_source, ci_id, asset_source, asset_id) * FROM assetlink.operator_decision
            WHERE kind = 'pin' AND effect = 'ended'
            ORDER BY ci_source, ci_id, asset_source, asset_id, decision_id DESC) AS d
        WHERE end_reason = 'expired'
        """)
    private static let sources = Statement(
        """
        SELECT s.name, s.asset_sources IS NOT NULL,
            ARRAY(SELECT a.name FROM assetlink_internal.source AS a WHERE a.source_id = ANY (s.asset_sources)),
            s.removal_policy, coalesce(t.status, '') = 'dropped'
        FROM assetlink_internal.source AS s LEFT JOIN assetlink_internal.source_status AS t USING (source_id)
        """)
}
