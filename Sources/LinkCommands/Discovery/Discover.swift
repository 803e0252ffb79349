package import ArgumentParser
import LinkStore
import Logging
import Postgres

/// Sends an identification payload, or only says what would become of it.
package struct Discover: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Send an identification payload, and see what becomes of each item.",
        discussion: """
            The file is a JSON object with items, and perhaps relations and referenceItems, as assetlink.discover takes \
            it. With --dry-run nothing is written: the payload is decided in one read-only snapshot, by the rules and \
            the CMDB as they are; that needs the daemon's rights to read. Ends with 1 when an item is parked, rejected \
            or in conflict.

            Example: assetlinkctl discover scan.json --dry-run

            JSON: schema assetlinkctl/discover.v1, fields payload, finished and items (as discovery_result has them); \
            of a dry run assetlinkctl/discover-preview.v1, fields items (item, class_name, state, reason_code, detail, \
            ci_id, rule, entry_priority, matches) and relations.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var waiting: WaitOptions
    @Flag(help: "Only say what would become of it.") var dryRun = false
    @Option(help: ArgumentHelp("The CI source that it is about.", valueName: "source")) var source = "cmdb"
    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file")) var file: String

    /// What the parser makes.
    package init() {}

    /// Sends it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let bytes = Array(try LineReader(path: file).joined(separator: [UInt8(ascii: "\n")]))
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.problems, "The file \(file) is no UTF-8 text.")
        }
        return dryRun ? try await preview(text, session) : try await send(text, session)
    }

    // MARK: For good

    private func send(_ text: String, _ session: Session) async throws -> CommandExit {
        let call = "SELECT assetlink.discover($1::text::jsonb, $2)"
        let number = try await session.record(Statement(call, [.text(text), .text(source)]), "the payload")
        let rows = try await results(number, session)
        let isFinished = try !rows.contains { try $0.text(3) == "pending" }
        let lines = try rows.map { try DiscoveredItem($0) }
        if session.json {
            session.answer(
                "discover",
                [
                    ("payload", .integer(number)), ("finished", .bool(isFinished)),
                    ("items", .array(try rows.map { .raw(try $0.text(0)) })),
                ])
        } else {
            session.console.say("Payload \(number): \(DiscoveredItem.summary(lines)).")
            DiscoveredItem.show(lines, session)
            if !isFinished {
                session.console.remark(
                    "The daemon has not decided all of it yet; see assetlink.discovery_result, or assetlinkctl status.")
            }
        }
        return lines.contains(where: \.isTrouble) ? .problems : .success
    }

    /// Waits for as long as asked.
    private func results(_ number: Int64, _ session: Session) async throws -> Rows {
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(waiting.wait)
        var pause = Duration.milliseconds(10)
        let progress = Progress("waiting for the daemon", session.console)
        defer { progress.end() }
        while true {
            progress.beat()
            let rows = try await session.query(
                """
                SELECT to_json(r)::text, r.item, r.class_name, r.state, r.reason_code, r.detail, r.ci_id, r.entry_priority
                FROM assetlink.discovery_results($1) r
                """, [.int8(number)])
            let isPending = try rows.contains { try $0.text(3) == "pending" }
            guard isPending, clock.now + pause < deadline else { return rows }
            try await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }

    // MARK: Only to see

    private func preview(_ text: String, _ session: Session) async throws -> CommandExit {
        let preview = try await BatchEngine.preview(
            session.connection, payload: text, source: source, logger: Logger(label: "discover"))
        let lines = preview.items.map { DiscoveredItem($0) }
        if session.json {
            session.answer(
                "discover-preview",
                [
                    ("items", .array(preview.items.map(\.json))),
                    ("relations", .array(preview.relations.map(\.json))),
                ])
        } else {
            session.console.say("Nothing is written. It would be: \(DiscoveredItem.summary(lines)).")
            DiscoveredItem.show(lines, session)
            for relation in preview.relations where relation.state != "no_change" {
                let why = [relation.code, relation.detail].compactMap { $0 }.joined(separator: ": ")
                session.tell(
                    "\(relation.kind) \(relation.number) (\(relation.type)): \(relation.state)"
                        + (why.isEmpty ? "" : ", \(why)"))
            }
        }
        return lines.contains(where: \.isTrouble) ? .problems : .success
    }
}
