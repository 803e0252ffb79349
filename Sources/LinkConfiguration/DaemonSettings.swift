package import LinkService
package import Logging

/// Everything that a site may set.
package struct DaemonSettings: Sendable, Undisclosed {
    package var daemon = DaemonConfiguration(database: "")
    package var logLevel = Logger.Level.info
    /// Where health and metrics are served; `nil`: nowhere.
    package var health: Endpoint?
    /// The file whose first line is the password; empty: none.
    package var passwordFile = ""

    package init() {}
}
