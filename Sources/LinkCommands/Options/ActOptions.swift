package import ArgumentParser

/// What every act takes.
package struct ActOptions: ParsableArguments {
    /// Why.
    @Option(help: "Why you do it; kept in the audit with your role.") package var reason: String
    /// How long to wait.
    @Option(help: ArgumentHelp("Wait this long for the daemon to take it up; 0 does not wait.", valueName: "seconds"))
    package var wait = 10.0

    /// What the parser makes.
    package init() {}

    /// Refuses an empty reason before the database does.
    package func validate() throws {
        if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say something.") }
        guard (0...86_400).contains(wait) else { throw ValidationError("--wait must be from 0 to 86400 seconds.") }
    }
}
