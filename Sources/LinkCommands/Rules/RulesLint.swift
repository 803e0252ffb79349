package import ArgumentParser
import LinkRules
import LinkStore
import Logging
import Postgres

/// What is wrong, or looks wrong, with a rule file.
package struct RulesLint: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Check a rule file, or the rules in force, and say what to do.",
        discussion: """
            Needs no database for a file; without one, and with --live, it does. --live also asks the data: lists that \
            nothing fills, entries that never matched, rules that no CI has; it needs the daemon's rights to read.

            Ends with 1 on an error, with --strict on a warning too.

            Example: assetlinkctl rules lint rules.yaml

            JSON: schema assetlinkctl/rules-lint.v1, fields errors, warnings and problems (severity, code, line, \
            column, subject, message, remedy).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Flag(help: "Compare with the live data too.") var live = false
    @Flag(help: "Warnings count as errors.") var strict = false
    @Argument(help: "The rule file; - is the standard input. Without one: the rules in force.") var file: String?

    /// What the parser makes.
    package init() {}

    /// Checks it.
    package func run(_ console: Console) async throws -> CommandExit {
        var problems: [RuleProblem] = []
        let read = try file.map { try RuleSource.file($0) }
        if let read { problems = RuleLint.problems(of: read) }
        if read == nil || live, problems.allSatisfy({ $0.severity == .warning }) {
            let found = try await Self.withSession(common, console) { session in
                let inForce = try await RuleSource.version(nil, session)
                let rules = read?.completed(by: inForce) ?? inForce
                var found = read == nil ? RuleLint.problems(of: inForce) : []
                if live {
                    found += try await LiveLint(rules: rules, inForce: inForce, places: read?.places ?? [:])
                        .problems(session)
                }
                return found
            }
            problems += found
        }
        show(problems, console)
        let errors = problems.count { $0.severity == .error || strict }
        return errors == 0 ? .success : .problems
    }

    private static func withSession<Result: Sendable>(
        _ common: CommonOptions, _ console: Console, _ body: (Session) async throws -> Result
    ) async throws -> Result {
        let session = try await Session.connect(common, console)
        do {
            try await Schema.require(on: session.connection)
            try await session.prepareToRead()
            let result = try await body(session)
            await session.connection.close()
            return result
        } catch {
            await session.connection.close()
            throw error
        }
    }

    private func show(_ problems: [RuleProblem], _ console: Console) {
        let errors = problems.count { $0.severity == .error }
        let warnings = problems.count - errors
        if common.json {
            let list = problems.map { problem -> JSON in
                .object([
                    ("severity", .string(problem.severity.rawValue)), ("code", .string(problem.code.rawValue)),
                    ("line", problem.place.map { .integer(Int64($0.line)) } ?? .null),
                    ("column", problem.place.map { .integer(Int64($0.column)) } ?? .null),
                    ("subject", .text(problem.subject)), ("message", .string(problem.message)),
                    ("remedy", .text(problem.remedy)),
                ])
            }
            let answer = JSON.object([
                ("schema", .string("assetlinkctl/rules-lint.v1")), ("errors", .integer(Int64(errors))),
                ("warnings", .integer(Int64(warnings))), ("problems", .array(list)),
            ])
            console.say(answer.text)
            return
        }
        let style = common.noColor ? Style.plain : console.style
        for problem in problems {
            let place = [file, problem.place?.description].compactMap(\.self).joined(separator: ":")
            let word = problem.severity.rawValue
            let about = problem.subject.map { "\($0): " } ?? ""
            console.say(
                ((place.isEmpty ? "" : place + ": ")).harmless
                    + (problem.severity == .error ? style.bad(word) : style.doubtful(word))
                    + ": \(about)\(problem.message) [\(problem.code.rawValue)]".harmless)
            if let remedy = problem.remedy { console.say("  → \(remedy)".harmless) }
        }
        console.remark(
            problems.isEmpty
                ? "Nothing is wrong." : "\(counted(Int64(errors), "error")), \(counted(Int64(warnings), "warning")).")
    }
}
