package import ArgumentParser
import LinkRules
import Postgres

/// Makes a file the rules.
package struct RulesActivate: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "activate",
        abstract: "Make a rule file the rules: a new version, by which every CI is decided again.",
        discussion: """
            Refuses a file with errors, and shows its warnings. The daemon goes through all records in batches; \
            assetlinkctl status shows how far it is. Rules that would end more links than the breaker's limit are held on \
            the way, until assetlinkctl held approve --rules or held drop --rules.

            Example: assetlinkctl rules activate rules.yaml --reason 'asset tags first'

            JSON: schema assetlinkctl/rules-activate.v1, fields version, changed and taken_up.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The rule file; - is the standard input.") var file: String

    /// What the parser makes.
    package init() {}

    /// Activates it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let read = try RuleSource.soundFile(file)
        let problems = RuleLint.problems(of: read)
        for problem in problems {
            let place = problem.place.map { "\(file):\($0): " } ?? ""
            session.console.remark(
                "\(place)\(problem.severity.rawValue): \(problem.subject.map { "\($0): " } ?? "")\(problem.message)"
                    .harmless)
        }
        guard !problems.contains(where: { $0.severity == .error }) else {
            throw Failure(.problems, "The file has errors.", hint: "assetlinkctl rules lint says what to do.")
        }
        let document = DocumentValue(read.ruleSet, sections: read.sections)
        return try await RuleActivation(command: "rules-activate").run(
            Statement("SELECT assetlink.activate_rule_set($1, $2, $3)", [.json(document.json)] + act.parameters),
            session, act.waiting)
    }
}

/// Makes an older version the rules again.
package struct RulesRollback: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "rollback", abstract: "Make an older version the rules again: a new version with its document.",
        discussion: """
            Example: assetlinkctl rules rollback 3 --reason 'too many conflicts'

            JSON: schema assetlinkctl/rules-rollback.v1, fields version, changed and taken_up.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @Argument(help: "The version: assetlinkctl rules history lists them.") var version: Int64

    /// What the parser makes.
    package init() {}

    /// Brings it back.
    package func execute(_ session: Session) async throws -> CommandExit {
        try await RuleActivation(command: "rules-rollback").run(
            Statement("SELECT assetlink.rollback_rule_set($1, $2, $3)", [.int8(version)] + act.parameters), session,
            act.waiting)
    }
}

/// A call that makes a version, and the wait for the daemon to take it up.
struct RuleActivation {
    let command: String

    func run(_ call: Statement, _ session: Session, _ waiting: WaitOptions) async throws -> CommandExit {
        let before = try await session.query("SELECT version FROM assetlink.rule_set WHERE in_force").first?.int8(0)
        let version = try await session.console.interruption.recording {
            guard let version = try await session.connection.query(call).first?.int8OrNil(0) else {
                throw Failure(.failed, "The database did not say which version it made.")
            }
            return version
        } done: {
            "Version \($0) is in force: the daemon takes it up by itself."
        }
        let isNew = version != before
        var isTaken = false
        if isNew {
            let act = try await session.query(
                "SELECT act_id FROM assetlink.rule_set WHERE version = $1", [.int8(version)])
            isTaken = try await ActWait([try act.first?.int8(0) ?? 0]).run(session, waiting)
        }
        if session.json {
            session.answer(
                command, [("version", .integer(version)), ("changed", .bool(isNew)), ("taken_up", .bool(isTaken))])
        } else if !isNew {
            session.console.say("Nothing differs from version \(version), which stays in force.")
        } else {
            session.console.say("Version \(version) is in force.")
            if isTaken {
                session.console.remark("CIs are decided again in batches; assetlinkctl status shows how far it is.")
            } else {
                try await ActWait.explain(session, waiting)
            }
        }
        return .success
    }
}
