import ArgumentParser
import LinkService
import LinkStore

/// What a site may set; the defaults are ``DaemonConfiguration``'s.
struct Tuning: ParsableArguments {
    @Option(help: "The longest sleep without a look at the log, in seconds: bounds what a lost notification costs.")
    var pollSeconds = 2.0

    @Option(help: "How long the lease lasts without renewal, in seconds: a dead leader is succeeded after it.")
    var leaseSeconds = 4.0

    @Option(help: "Seconds between two rounds of housekeeping.")
    var housekeepingSeconds = 5.0

    @Option(help: "Seconds between two pages of the sweep; 0 switches it off.")
    var sweepSeconds = 10.0

    @Option(help: "Rows that a log table may hold before writers move on to the next one.")
    var logTableRows = 200_000

    @Option(help: "The breaker: percentage of the active links that one source may end within 15 minutes.")
    var breakerPercent = BatchLimits().breakerPercent

    @Option(help: "The breaker: the number of links that a source may always end, whatever their percentage.")
    var breakerMinimum = BatchLimits().breakerMinimum

    func validate() throws {
        guard pollSeconds >= 0.01, leaseSeconds >= 0.1, housekeepingSeconds >= 0.01, sweepSeconds >= 0 else {
            throw ValidationError("an interval is too short")
        }
        guard logTableRows > 0, breakerPercent >= 0, breakerMinimum >= 0 else {
            throw ValidationError("a limit is out of its range")
        }
    }

    /// Sets what was given.
    func apply(to configuration: inout DaemonConfiguration) {
        configuration.pollInterval = .seconds(pollSeconds)
        configuration.leaseDuration = .seconds(leaseSeconds)
        configuration.housekeepingInterval = .seconds(housekeepingSeconds)
        configuration.sweepInterval = .seconds(sweepSeconds)
        configuration.logTableRows = logTableRows
        configuration.limits.breakerPercent = breakerPercent
        configuration.limits.breakerMinimum = breakerMinimum
    }
}
