import Glibc
package import LinkTesting

/// The real `assetlinkd` in a process of its own.
package struct DaemonProcess: Sendable {
    /// How a daemon is started.
    package struct Options: Sendable {
        /// Words of the command line beside the database.
        package var arguments: [String] = []
        /// Set beside this process's own environment.
        package var environment: [String: String] = [:]
        /// A short lease and poll interval, no breaker: what a scenario waits for comes about soon.
        package var isQuick = true
        /// The least that is logged.
        package var logLevel = "info"

        package init() {}

        /// As quick ones are, with a failpoint: the process ends, or stops, when it comes there.
        package static func failing(at point: String, hit: Int = 1, stops: Bool = false) -> Options {
            var options = Options()
            options.environment["ASSETLINK_FAILPOINT"] = "\(point):\(hit)"
            options.environment["ASSETLINK_FAILPOINT_EFFECT"] = stops ? "stop" : "kill"
            return options
        }
    }

    /// The lease of quick daemons, in seconds.
    package static let quickLease = 1.0
    /// The poll interval of quick daemons, in seconds.
    package static let quickPoll = 0.5

    private static let quick = [
        "--lease-seconds", "\(quickLease)", "--poll-seconds", "\(quickPoll)", "--housekeeping-seconds", "0.2",
        "--sweep-seconds", "0.5", "--breaker-percent", "100", "--breaker-minimum", "1000000",
    ]

    /// The process.
    package let child: ChildProcess

    /// Starts one; it need not be ready yet.
    package static func start(_ conninfo: String, _ options: Options = Options()) async throws -> DaemonProcess {
        let words =
            [try BuiltProgram.path("assetlinkd"), "--log-level", options.logLevel]
            + (options.isQuick ? quick : []) + options.arguments
        // Not as a flag, which takes no password.
        let environment = options.environment.merging(["ASSETLINKD_DATABASE_CONNECTION": conninfo]) { $1 }
        return DaemonProcess(child: try await ChildProcess.start(words, environment: environment))
    }

    /// What it logged so far.
    package var log: String { child.output }

    /// The lines that it logged so far and that contain a text.
    package func lines(_ text: String) -> [Substring] {
        log.split(separator: "\n").filter { $0.contains(text) }
    }

    /// Ends it as a crash would.
    package func kill() async throws {
        child.signal(SIGKILL)
        try await child.ended()
    }

    /// Stops it where it stands, until ``resume()``.
    package func freeze() { child.signal(SIGSTOP) }

    /// Lets it go on.
    package func resume() { child.signal(SIGCONT) }

    /// Asks it to stop and waits until it has.
    ///
    /// - Throws: what it logged, when it does not end with status 0.
    package func stop(within limit: Duration = .seconds(30)) async throws {
        child.signal(SIGTERM)
        let ending = try await child.ended(within: limit)
        guard ending == .exited(0) else {
            throw ChildProcess.Failure(description: "the daemon ended with \(ending):\n\(log.suffix(4_000))")
        }
    }
}
