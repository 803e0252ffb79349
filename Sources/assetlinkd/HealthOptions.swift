import ArgumentParser
import LinkHealth
import LinkService
import Logging
import ServiceLifecycle

/// Where the daemon tells of itself; nowhere unless asked to.
struct HealthOptions: ParsableArguments {
    @Option(
        help: """
            Serve /livez, /readyz and /metrics there: 127.0.0.1:9187, [::1]:9187 or unix:/run/assetlinkd/health.sock. \
            Only this machine's own addresses are taken.
            """)
    var health: String?

    func validate() throws {
        guard let health else { return }
        do { _ = try Endpoint(health) } catch { throw ValidationError("--health: \(error)") }
    }

    /// The daemon, and what tells of it when asked to.
    func services(_ configuration: DaemonConfiguration, _ logger: Logger) throws -> (
        daemon: Daemon, beside: [any Service]
    ) {
        let report = Speaking.manager.map { StatusReport($0) }
        guard let health else { return (Daemon(configuration: configuration, report: report, logger: logger), []) }
        let registry = Registry()
        let daemon = Daemon(
            configuration: configuration, meters: ServiceMeters(registry), report: report, logger: logger)
        let collector = Collector(configuration.settings("metrics"), logger: logger)
        let server = HealthServer(
            try Endpoint(health), vitals: daemon.vitals, registry: registry, collector: collector, logger: logger)
        return (daemon, [server])
    }
}
