package import ArgumentParser
import Postgres

/// Many decisions at once, all of them or none.
package struct DecisionsLoad: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Record the decisions of a CSV file, all of them or none.",
        discussion: """
            The first line names the columns: action (pin, unpin, block, unblock or requeue), ci, asset, reason, until. \
            CIs and assets are named as on the command line; asset and until may be empty where the action has none; \
            an empty reason stands for --reason. Every line is checked before anything is recorded, and each line is an \
            act of its own in the audit.

            Example: assetlinkctl decisions load swaps.csv --reason 'rack move 17' --dry-run

            JSON: schema assetlinkctl/decisions-load.v1, fields lines (number, act, action, ci, asset, error), recorded \
            and taken_up.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var waiting: WaitOptions
    @Flag(help: "Only check the file.") var dryRun = false
    @Option(help: "The reason of the lines that give none.") var reason: String?
    @Option(help: ArgumentHelp("The person you act for; needs the role assetlink_delegate.", valueName: "person"))
    var onBehalfOf: String?
    @Argument(help: ArgumentHelp("The file; - for standard input.", valueName: "file")) var file: String

    /// What the parser makes.
    package init() {}

    /// Loads it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let text = String(
            decoding: Array(try LineReader(path: file).joined(separator: [UInt8(ascii: "\n")])), as: UTF8.self)
        let lines = try DecisionLine.read(text, defaultReason: reason)
        let results = try await tryAll(lines, session)
        let errors = results.filter { $0.error != nil }
        let isRecorded = errors.isEmpty && !dryRun
        if isRecorded {
            _ = try await session.console.interruption.recording {
                try await session.query("COMMIT")
            } done: { _ in
                "All \(counted(Int64(lines.count), "decision")) are recorded: the daemon takes them up by itself."
            }
        } else {
            _ = try await session.query("ROLLBACK")
        }
        let isTaken = isRecorded ? try await ActWait(results.compactMap(\.act)).run(session, waiting) : false
        if session.json {
            session.answer(
                "decisions-load",
                [
                    ("lines", .array(results.map { $0.json(isRecorded) })), ("recorded", .bool(isRecorded)),
                    ("taken_up", .bool(isTaken)),
                ])
        } else {
            try await tell(results, isRecorded, isTaken, session)
        }
        return errors.isEmpty ? .success : .problems
    }

    private struct Result {
        let line: DecisionLine
        var act: Int64?
        var error: String?

        func json(_ isRecorded: Bool) -> JSON {
            .object([
                ("number", .integer(Int64(line.number))), ("action", .string(line.action.rawValue)),
                ("ci", .string(line.ci)), ("asset", .text(line.asset)),
                ("act", isRecorded ? act.map { .integer($0) } ?? .null : .null), ("error", .text(error)),
            ])
        }
    }

    /// Begins the transaction in which all of them are made.
    private func tryAll(_ lines: [DecisionLine], _ session: Session) async throws -> [Result] {
        session.console.interruption.note("Nothing was recorded: the file is loaded whole or not at all.")
        let progress = Progress("lines", of: Int64(lines.count), session.console)
        defer { progress.end() }
        var results: [Result] = []
        _ = try await session.query("BEGIN")
        for line in lines {
            results.append(try await record(line, session))
            progress.advance()
        }
        return results
    }

    /// Each line in a savepoint: one that is refused must not hide what is wrong with the others.
    private func record(_ line: DecisionLine, _ session: Session) async throws -> Result {
        var result = Result(line: line)
        do {
            _ = try await session.query("SAVEPOINT line")
            let call = try await line.call(onBehalfOf, session)
            result.act = try await session.connection.query(call).first?.int8(0)
            _ = try await session.query("RELEASE SAVEPOINT line")
        } catch let error as PostgresError where error.code != .server {
            throw error
        } catch {
            let failure = Failure(error)
            if failure.exit == .permission { throw failure }
            result.error = failure.message + (failure.hint.map { " → \($0)" } ?? "")
            _ = try await session.connection.pipeline([
                Statement("ROLLBACK TO SAVEPOINT line"), Statement("RELEASE SAVEPOINT line"),
            ])
        }
        return result
    }

    private func tell(_ results: [Result], _ isRecorded: Bool, _ isTaken: Bool, _ session: Session) async throws {
        let errors = results.filter { $0.error != nil }
        for result in errors { session.tell("Line \(result.line.number): \(result.error ?? "")") }
        let count = Int64(results.count)
        if !errors.isEmpty {
            session.console.say(
                "\(counted(Int64(errors.count), "line")) of \(grouped(count)) cannot be done; nothing was recorded.")
        } else if dryRun {
            session.console.say("\(counted(count, "decision")) would be recorded.")
        } else {
            session.console.say("\(counted(count, "decision")) recorded\(isTaken ? " and taken up" : "").")
            if !isTaken { try await ActWait.explain(session, waiting) }
        }
    }
}
