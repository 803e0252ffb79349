import Postgres

/// A call of one of the functions that act, the wait for the daemon to take it up, and what came of it.
struct Act {
    /// The command, for the JSON's schema name.
    let command: String
    /// The call, which returns the number of the act.
    let call: Statement
    /// What to say when it is done.
    let done: String
    /// What the caller should know: it has no effect now, or it replaces something.
    var notes: [String] = []

    /// Acts, waits, and answers.
    func run(_ session: Session, _ waiting: WaitOptions) async throws -> CommandExit {
        let number = try await session.record(call, "the request")
        let isTaken = try await ActWait([number]).run(session, waiting)
        let effect = try await ActEffect(number, session)
        if session.json {
            session.answer(
                command,
                [
                    ("act", .integer(number)), ("taken_up", .bool(isTaken)),
                    ("notes", .array(notes.map { .string($0) })),
                ] + effect.fields)
            return .success
        }
        session.tell(isTaken ? "\(done) (act \(number))" : "Recorded as act \(number).")
        for note in notes { session.tell("Note: \(note)") }
        if isTaken {
            effect.show(session)
        } else {
            try await ActWait.explain(session, waiting)
        }
        return .success
    }
}

/// The wait for acts to be taken up.
struct ActWait {
    private let numbers: [Int64]

    init(_ numbers: [Int64]) { self.numbers = numbers }

    /// Waits for as long as asked, and not at all while nobody leads.
    ///
    /// - Returns: whether all of them were taken up.
    func run(_ session: Session, _ waiting: WaitOptions) async throws -> Bool {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(waiting.wait)
        var pause = Duration.milliseconds(10)
        let progress = Progress("waiting for the daemon", session.console)
        defer { progress.end() }
        while true {
            progress.beat()
            let rows = try await session.query(
                """
                SELECT NOT EXISTS (
                        SELECT FROM assetlink.operator_act o
                        WHERE o.act_id = ANY ($1::bigint[]) AND o.taken_up_at IS NULL),
                    (SELECT s.leader IS NOT NULL FROM assetlink.daemon_status s)
                """, [.int8Array(numbers)])
            guard let row = rows.first else { return false }
            if try row.bool(0) { return true }
            guard try row.boolOrNil(1) ?? false, clock.now + pause < deadline else { return false }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    /// Says why it is not taken up yet.
    static func explain(_ session: Session, _ waiting: WaitOptions) async throws {
        let isLed =
            try await session.query("SELECT s.leader IS NOT NULL FROM assetlink.daemon_status s").first?.boolOrNil(0)
            ?? false
        if !isLed {
            session.console.remark("No daemon is at work: it will be applied as soon as one is.")
        } else if waiting.wait > 0 {
            session.console.remark("The daemon has not taken it up yet; it will. See assetlinkctl status.")
        }
    }
}

/// What an act and its parts did: the audit rows of their batch about the same records, and the CIs' states since.
struct ActEffect {
    private let transitions: Rows
    private let states: Rows
    /// It names no record: whom it reaches may be decided in later batches.
    private let isOfMany: Bool

    init(_ number: Int64, _ session: Session) async throws {
        let results = try await session.connection.pipeline([
            Statement(
                """
                SELECT DISTINCT ON (a.audit_id) to_json(a)::text, a.action,
                    \(Expression.reference("a.ci_source", "a.ci_id")),
                    \(Expression.reference("a.asset_source", "a.asset_id")), \(Expression.change), a.reason
                FROM assetlink.operator_act o
                JOIN assetlink.audit a ON a.batch_id = o.batch_id
                    AND ((a.ci_source, a.ci_id) = (o.ci_source, o.ci_id)
                        OR o.ci_id IS NULL AND (a.asset_source, a.asset_id) = (o.asset_source, o.asset_id)
                        OR a.evidence -> 'conflict' = to_jsonb(o.conflict_id) AND a.action = 'conflict'
                        -- An act on a value reaches whoever holds it.
                        OR o.ci_id IS NULL AND o.asset_id IS NULL AND a.action IN ('link', 'ci_state', 'conflict')
                            AND a.cause ->> 'by' = 'operator' AND a.cause ->> 'key' = o.act_id::text)
                WHERE (o.act_id = $1 OR o.part_of = $1)
                    AND (a.to_state IS NOT NULL OR NOT coalesce(a.evidence ? 'act', false))
                ORDER BY a.audit_id LIMIT 100
                """, [.int8(number)]),
            Statement(
                """
                SELECT to_json(s)::text, \(Expression.reference("s.ci_source", "s.ci_id")), s.state, s.reason,
                    \(Expression.reference("s.asset_source", "s.asset_id")), s.method
                FROM assetlink.ci_state s
                WHERE EXISTS (
                    SELECT FROM assetlink.operator_act o
                    WHERE (o.act_id = $1 OR o.part_of = $1) AND (o.ci_source, o.ci_id) = (s.ci_source, s.ci_id))
                ORDER BY 2 LIMIT 100
                """, [.int8(number)]),
            Statement(
                """
                SELECT o.ci_id IS NULL AND o.asset_id IS NULL FROM assetlink.operator_act o WHERE o.act_id = $1
                """, [.int8(number)]),
        ])
        isOfMany = try results[2].first?.bool(0) ?? false
        transitions = results[0]
        states = results[1]
    }

    /// For programs.
    var fields: [(String, JSON)] {
        [
            ("effect", .array(transitions.map { .raw((try? $0.text(0)) ?? "null") })),
            ("cis", .array(states.map { .raw((try? $0.text(0)) ?? "null") })),
        ]
    }

    /// For a person.
    func show(_ session: Session) {
        for row in states {
            guard let ci = try? row.text(1), let state = try? row.text(2) else { continue }
            let asset = (try? row.textOrNil(4)).flatMap { $0 }
            let method = (try? row.textOrNil(5)).flatMap { $0 }
            let reason = (try? row.textOrNil(3)).flatMap { $0 }
            session.tell(
                "CI \(ci) is \(state)"
                    + (asset.map { " to asset \($0)" } ?? "") + (method.map { " (\($0))" } ?? "")
                    + (reason.map { ": \($0)" } ?? "") + ".")
        }
        if transitions.isEmpty {
            session.console.say(
                isOfMany
                    ? "No link or state changed with it; see assetlinkctl status for what is decided in later batches."
                    : "No link or state changed.")
            return
        }
        session.show(
            Table(
                [
                    .fixed("WHAT"), .text("CI", narrowest: 8), .text("ASSET", narrowest: 8),
                    .text("CHANGE", narrowest: 8), .text("REASON", narrowest: 8),
                ],
                transitions.map { row in (1...5).map { column in (try? row.textOrNil(column)).flatMap { $0 } } }))
    }
}
