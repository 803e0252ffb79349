package import ArgumentParser
import Postgres

/// Settles a conflict by keeping one of its records.
package struct ConflictsResolve: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "resolve",
        abstract: "Keep one record of a conflict, by pins and blocks that are told first.",
        discussion: """
            Example: assetlinkctl conflicts resolve 17 --keep itam/T-1001 --reason 'the other was imported twice' \
            --dry-run

            JSON: schema assetlinkctl/conflicts-resolve.v1, fields act (null when it was only tried), parts (of \
            assetlink.operator_act), taken_up, effect (of assetlink.audit) and cis (of assetlink.ci_state).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Flag(help: "Only tell what would be pinned and blocked.") var dryRun = false
    @Option(help: ArgumentHelp("The record to keep.", valueName: "source/id")) var keep: String
    @Argument(help: "The number of the conflict; assetlinkctl conflicts lists them.") var number: Int64

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let kept = try await record(session)
        // The pins and blocks are read before they are committed: what is told is what is done.
        _ = try await session.query("BEGIN")
        let made = try await session.query(
            "SELECT assetlink.resolve_conflict($1, $2, $3, $4, $5)",
            [.int8(number), .text(kept.source), .text(kept.id)] + act.parameters)
        let act = try made.first?.int8(0) ?? 0
        let parts = try await session.query(
            """
            SELECT to_json(o)::text, o.kind, \(Expression.reference("o.ci_source", "o.ci_id")),
                \(Expression.reference("o.asset_source", "o.asset_id"))
            FROM assetlink.operator_act o WHERE o.part_of = $1 ORDER BY o.act_id
            """, [.int8(act)])
        if !session.json {
            for row in parts {
                let verb = dryRun ? "would \(try row.text(1))" : try row.text(1)
                session.tell(
                    "\(verb) CI \(try row.text(2)) \(try row.text(1) == "pin" ? "to" : "from") \(try row.text(3))")
            }
            if parts.isEmpty { session.console.say("Nothing to pin or block: it is decided like that already.") }
        }
        if dryRun {
            _ = try await session.query("ROLLBACK")
        } else {
            _ = try await session.console.interruption.recording {
                try await session.query("COMMIT")
            } done: { _ in
                "Recorded as act \(act): the daemon takes it up by itself."
            }
        }
        let isTaken = dryRun ? false : try await ActWait([act]).run(session, self.act.waiting)
        let effect = try await ActEffect(dryRun ? 0 : act, session)
        if session.json {
            session.answer(
                "conflicts-resolve",
                [
                    ("act", dryRun ? .null : .integer(act)), ("parts", .array(try parts.map { .raw(try $0.text(0)) })),
                    ("taken_up", .bool(isTaken)),
                ] + effect.fields)
        } else if isTaken {
            session.console.say("Conflict \(number): \(kept.words) is kept (act \(act)).")
            effect.show(session)
        } else if !dryRun {
            session.console.say("Recorded as act \(act).")
            try await ActWait.explain(session, self.act.waiting)
        }
        return .success
    }

    /// The member that is meant.
    private func record(_ session: Session) async throws -> RecordReference {
        let members = try await session.query(
            """
            SELECT m.source, m.id FROM assetlink.conflict_detail($1) m
            WHERE m.can_be_kept AND (m.source || '/' || m.id = $2 OR m.id = $2) LIMIT 2
            """, [.int8(number), .text(keep)])
        if members.count == 1, let row = members.first {
            return RecordReference(source: try row.text(0), id: try row.text(1))
        }
        // The function says what is wrong: no such conflict, closed, nothing to keep in it, or not one of its records.
        guard let slash = keep.firstIndex(of: "/") else {
            let kind = try await session.query(
                "SELECT c.kind FROM assetlink.conflict c WHERE c.conflict_id = $1", [.int8(number)])
            if try kind.first?.text(0) == "duplicate_ci_identity" { return RecordReference(source: "", id: keep) }
            throw Failure(
                .problems, "\(keep) is not one record that conflict \(number) could keep.",
                hint: "assetlinkctl conflicts show \(number) lists them; name one as source/id.")
        }
        return RecordReference(source: String(keep[..<slash]), id: String(keep[slash...].dropFirst()))
    }
}
