package import ArgumentParser
import Postgres

/// What every act takes.
package struct ActOptions: ParsableArguments {
    /// Why.
    @Option(help: "Why you do it; kept in the audit with your role.") package var reason: String
    /// For whom, by a front end that may say so.
    @Option(
        help: ArgumentHelp(
            "The person you act for; needs the role assetlink_delegate.", valueName: "person"))
    package var onBehalfOf: String?
    @OptionGroup var waiting: WaitOptions

    /// What the parser makes.
    package init() {}

    /// The reason, and the person it is done for, as the functions that act take them last.
    var parameters: [Parameter] { [.text(reason), person] }

    /// The person it is done for.
    var person: Parameter { onBehalfOf.map { .text($0) } ?? .null }

    /// Refuses an empty reason before the database does.
    package func validate() throws {
        if reason.allSatisfy(\.isWhitespace) { throw ValidationError("--reason must say something.") }
    }
}

/// How long to wait for the daemon.
package struct WaitOptions: ParsableArguments {
    /// How long to wait, in seconds.
    @Option(help: ArgumentHelp("Wait this long for the daemon to take it up; 0 does not wait.", valueName: "seconds"))
    package var wait = 10.0

    /// What the parser makes.
    package init() {}

    /// Refuses nonsense.
    package func validate() throws {
        guard (0...86_400).contains(wait) else { throw ValidationError("--wait must be from 0 to 86400 seconds.") }
    }
}

/// When a pin or block ends by itself.
package struct UntilOptions: ParsableArguments {
    /// A date or time, as PostgreSQL reads them.
    @Option(help: ArgumentHelp("When it ends by itself: '2027-01-31', '2026-12-24 18:00'.", valueName: "time"))
    package var until: String?

    /// What the parser makes.
    package init() {}

    /// The time, or none.
    var parameter: Parameter { until.map { .text($0) } ?? .null }
}
