package import ArgumentParser
import LinkCore
import LinkRules
import LinkStore
import Logging
import Postgres

/// What a rule file would do to the links.
package struct RulesPreview: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "preview", abstract: "Say what a rule file would do to the links, on the live data.",
        discussion: """
            Reads one snapshot of what is stored, page by page, and decides every CI by the proposed rules in temporary \
            tables; nothing that others see is written. Needs the daemon's rights to read. A section that the file has \
            not stays as it is in force. With --trust it says what trust would do to a suspect value. What activation \
            does is exactly this, on records that do not change meanwhile.

            Ends with 0 when no CI loses its link, with 1 when one does; a link that moves is not lost.

            Examples:
              assetlinkctl rules preview rules.yaml
              assetlinkctl rules preview rules.yaml --csv --examples 100000 > changes.csv

            JSON: schema assetlinkctl/rules-preview.v1, fields gained, lost, moved, conflicts_opened, conflicts_closed, \
            assets, cis, under_way, classes (class, cis, gained, lost, moved, conflicted_before, conflicted_after), \
            states (state, reason, before, after), conflicts (kind, opened, closed), examples (change, ci, class, \
            before, after, state, reason, rule, entry_priority), opened and closed (conflicts by name).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(help: "How many of each change to name.") var examples = 5
    @Flag(help: "Answer with the named changes as comma-separated values, the columns of examples of --json.")
    var csv = false
    @Option(help: "As if this suspect value were trusted: its kind, a colon, and the value. More than once.")
    var trust: [String] = []
    @Argument(help: "The rule file; - is the standard input. Without it, with --trust: the rules in force.")
    var file: String?

    /// What the parser makes.
    package init() {}

    /// There is something to look at.
    package func validate() throws {
        if file == nil, trust.isEmpty { throw ValidationError("Give a rule file, or --trust.") }
        if examples < 0 { throw ValidationError("--examples must not be negative.") }
        if csv, common.json { throw ValidationError("Either --json or --csv.") }
    }

    /// Works it out.
    package func execute(_ session: Session) async throws -> CommandExit {
        let read = try file.map { try RuleSource.soundFile($0) }
        let inForce = try await RuleSource.version(nil, session)
        let proposed = read?.completed(by: inForce) ?? inForce
        let trusted = try await suspects(session)
        let progress = Progress("records", session.console)
        var done = 0
        // How it gets on is on the bar.
        var logger = Logger(label: "preview")
        logger.logLevel = .warning
        let report = try await BatchEngine.preview(
            session.connection, proposed, trusting: trusted, examples: examples, logger: logger
        ) { now in
            progress.advance(by: Int64(now - done))
            done = now
        }
        progress.end()
        if session.json {
            session.answer("rules-preview", report.fields)
        } else if csv {
            report.showCSV(session)
        } else {
            report.show(session)
        }
        return report.lost > 0 ? .problems : .success
    }

    /// The suspect values that are named, as they are stored.
    private func suspects(_ session: Session) async throws -> [KindValue] {
        var values: [KindValue] = []
        for name in trust {
            let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
            let rows = try await session.query(
                """
                SELECT s.value FROM assetlink.suspect_identifier s
                WHERE s.kind = $1 AND lower(s.value) = lower(btrim($2))
                """, [.text(parts[0]), .text(parts.last ?? "")])
            guard let kind = IdentifierKind(rawValue: parts[0]), let row = rows.first else {
                throw Failure(
                    .problems, "\(name.harmless) is not suspect.", hint: "See assetlink.suspect_identifier.")
            }
            values.append(KindValue(kind, try row.text(0)))
        }
        return values
    }
}

extension PreviewReport {
    /// For programs.
    fileprivate var fields: [(String, JSON)] {
        func number(_ value: Int) -> JSON { .integer(Int64(value)) }
        return [
            ("gained", number(gained)), ("lost", number(lost)), ("moved", number(moved)),
            ("conflicts_opened", number(opened)), ("conflicts_closed", number(closed)), ("assets", number(assets)),
            ("cis", number(cis)), ("under_way", .bool(isUnderWay)),
            (
                "classes",
                .array(
                    classes.map {
                        .object([
                            ("class", .string($0.name)), ("cis", number($0.cis)), ("gained", number($0.gained)),
                            ("lost", number($0.lost)), ("moved", number($0.moved)),
                            ("conflicted_before", number($0.conflictedBefore)),
                            ("conflicted_after", number($0.conflictedAfter)),
                        ])
                    })
            ),
            (
                "states",
                .array(
                    states.map {
                        .object([
                            ("state", .string($0.state)), ("reason", .text($0.reason)), ("before", number($0.before)),
                            ("after", number($0.after)),
                        ])
                    })
            ),
            (
                "conflicts",
                .array(
                    conflicts.map {
                        .object([
                            ("kind", .string($0.kind)), ("opened", number($0.opened)), ("closed", number($0.closed)),
                        ])
                    })
            ),
            (
                "examples",
                .array(
                    examples.map {
                        .object([
                            ("change", .string($0.change.rawValue)), ("ci", .string($0.ci)),
                            ("class", .string($0.className)), ("before", .text($0.before)), ("after", .text($0.after)),
                            ("state", .string($0.state)), ("reason", .text($0.reason)), ("rule", .text($0.rule)),
                            ("entry_priority", $0.priority.map(number) ?? .null),
                        ])
                    })
            ),
            ("opened", .array(openedConflicts.map { .string($0) })),
            ("closed", .array(closedConflicts.map { .string($0) })),
        ]
    }

    /// For spreadsheets: a line for each change that is named.
    fileprivate func showCSV(_ session: Session) {
        session.console.say(
            CSV.line(["change", "ci", "class", "before", "after", "state", "reason", "rule", "entry_priority"]))
        for item in examples {
            session.console.say(
                CSV.line([
                    item.change.rawValue, item.ci, item.className, item.before, item.after, item.state, item.reason,
                    item.rule, item.priority.map { "\($0)" },
                ]))
        }
    }

    /// For people: the sum, then where it comes from.
    fileprivate func show(_ session: Session) {
        if isUnderWay {
            session.console.remark(
                "A version is coming into force just now: \"before\" is what is stored, not what it will be.")
        }
        func lines(_ table: Table) {
            for line in table.lines(width: session.console.width, style: session.console.style) {
                session.console.say(line)
            }
        }
        session.console.say(
            "Links: \(grouped(Int64(gained))) gained, \(grouped(Int64(lost))) lost, \(grouped(Int64(moved))) moved. "
                + "Conflicts: \(grouped(Int64(opened))) opened, \(grouped(Int64(closed))) closed.")
        let changed = classes.filter {
            $0.gained + $0.lost + $0.moved > 0 || $0.conflictedBefore != $0.conflictedAfter
        }
        if !changed.isEmpty {
            lines(
                Table(
                    [
                        .text("CLASS", narrowest: 10), .number("CIS"), .number("GAINED"), .number("LOST"),
                        .number("MOVED"), .number("CONFLICTED"), .number("THEN"),
                    ],
                    changed.map {
                        [
                            $0.name, "\($0.cis)", "\($0.gained)", "\($0.lost)", "\($0.moved)", "\($0.conflictedBefore)",
                            "\($0.conflictedAfter)",
                        ]
                    }))
        }
        let moved = states.filter { $0.before != $0.after }
        if !moved.isEmpty {
            lines(
                Table(
                    [.fixed("STATE"), .text("REASON", narrowest: 10), .number("BEFORE"), .number("AFTER")],
                    moved.map { [$0.state, $0.reason, "\($0.before)", "\($0.after)"] }))
        }
        for example in examples {
            let entry = example.rule.map { ", entry \(example.priority.map { "\($0)" } ?? "?") of \($0)" } ?? ""
            let now = [example.state, example.reason].compactMap(\.self).joined(separator: " ")
            session.console.say(
                "  \(example.change.rawValue) \(example.ci): \(example.before ?? "no asset") → "
                    + "\(example.after ?? now)\(entry)".harmless)
        }
        for conflict in openedConflicts { session.console.say("  opened \(conflict)".harmless) }
        for conflict in closedConflicts { session.console.say("  closed \(conflict)".harmless) }
    }
}
