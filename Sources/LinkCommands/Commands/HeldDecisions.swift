package import ArgumentParser
import Postgres

/// Lets held changes through.
package struct HeldApprove: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "approve",
        abstract: "Let the held changes of a source, or the rules in force, through with the links they end.",
        discussion: """
            Example: assetlinkctl held approve itam --reason 'the old hall is closed'

            JSON: schema assetlinkctl/held-approve.v1, fields act (its number), taken_up, notes, effect and cis.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var what: HeldThing

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let call =
            what.source.map {
                Statement("SELECT assetlink.approve_held($1, $2, $3)", [.text($0)] + act.parameters)
            } ?? Statement("SELECT assetlink.approve_activation($1, $2)", act.parameters)
        return try await Act(
            command: "held-approve", call: call,
            done: what.source.map { "The held changes of \($0) go through." }
                ?? "The rules in force go through with what they end."
        ).run(session, act.waiting)
    }
}

/// What the breaker holds: a source, or the rules in force.
package struct HeldThing: ParsableArguments {
    @Argument(help: "The source.") var source: String?
    @Flag(help: "Not a source: the rules in force.") var rules = false

    /// What the parser makes.
    package init() {}

    /// Checks that one of the two is named.
    package func validate() throws {
        if (source == nil) != rules { throw ValidationError("Name a source, or --rules.") }
    }
}

/// Forgets held changes.
package struct HeldDrop: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Forget the held changes of a source until its next resync, or go back to the rules before.",
        discussion: """
            With --rules: a new version with the document that was in force before; links that the held rules have ended \
            come back, links that they have made end.

            Example: assetlinkctl held drop itam --reason 'a wrong import'

            JSON: schema assetlinkctl/held-drop.v1, fields act (its number), taken_up, notes, effect and cis; with \
            --rules schema assetlinkctl/held-drop-rules.v1, fields version, changed and taken_up.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var act: ActOptions
    @OptionGroup var what: HeldThing

    /// What the parser makes.
    package init() {}

    /// Asks for it.
    package func execute(_ session: Session) async throws -> CommandExit {
        guard let source = what.source else {
            return try await RuleActivation(command: "held-drop-rules").run(
                Statement("SELECT assetlink.drop_activation($1, $2)", act.parameters), session, act.waiting)
        }
        return try await Act(
            command: "held-drop",
            call: Statement("SELECT assetlink.drop_held($1, $2, $3)", [.text(source)] + act.parameters),
            done: "The held changes of \(source) are forgotten."
        ).run(session, act.waiting)
    }
}
