import ArgumentParser
import LinkConfiguration
import LinkHealth
import LinkService
import LinkStore
import Logging
import ServiceLifecycle
import Systemd
import UnixSignals

@main
struct Assetlinkd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assetlinkd",
        abstract: "Keeps CMDB configuration items linked to ITAM hardware assets, as they change.",
        version: Schema.programVersion)

    @Option(help: "The configuration file; --print-example shows one. The environment and flags win over it.")
    var config: String?

    @Flag(help: "Print the settings in force and where each came from, without secrets, and end.")
    var printConfig = false

    @Flag(help: "Print a configuration file with every setting, and end.")
    var printExample = false

    @Flag(help: "Print the manual page assetlinkd(8), and end.")
    var printManual = false

    @Flag(help: "Print the manual page assetlinkd.yaml(5), and end.")
    var printFileManual = false

    @OptionGroup var options: SettingOptions

    /// The allocator counts its arenas when a second thread first asks for memory: it is told before there is one.
    static func main() async {
        Heap.useOneArena()
        await main(nil)
    }

    func run() async throws {
        if printExample { return Speaking.answer(PrintedConfiguration.example) }
        if printManual { return Speaking.answer(PrintedManual.program) }
        if printFileManual { return Speaking.answer(PrintedManual.file) }
        let source = ConfigurationSource(file: config, flags: options.said)
        let configured: Configured
        do {
            configured = try source.read()
        } catch {
            for line in "\(error)".split(separator: "\n") { Speaking.tell("assetlinkd: \(line)") }
            _ = Speaking.manager?.say([.status("ended: the configuration is not right; the log has why")])
            throw ExitCode(DaemonExit.configuration.rawValue)
        }
        if printConfig { return Speaking.answer(PrintedConfiguration.inForce(configured)) }
        let level = SharedLevel(configured.settings.logLevel)
        LoggingSystem.bootstrap { AdjustableHandler(Speaking.handler($0), level) }
        try await serve(configured, source, level, Logger(label: "assetlinkd"))
    }

    private func serve(
        _ configured: Configured, _ source: ConfigurationSource, _ level: SharedLevel, _ logger: Logger
    ) async throws {
        let report = Speaking.manager.map { StatusReport($0) }
        let (daemon, collector, server) = Self.services(configured.settings, report, logger)
        let reload = Reload(
            daemon: daemon, collector: collector, source: source, report: report, level: level, first: configured,
            logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    // The first to start is the last to be told to stop: it outlives the daemon.
                    .init(service: SecondSignal(logger: logger)),
                    .init(service: reload),
                ] + (server.map { [.init(service: $0)] } ?? []) + [
                    .init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch let error as StartError {
            throw refused(error.description, error.exit, logger)
        } catch let error as SchemaMismatch {
            throw refused(error.description, error.databaseIsNewer ? .databaseIsNewer : .schemaMismatch, logger)
        }
    }

    /// The daemon, and what tells of it when asked to.
    private static func services(
        _ settings: DaemonSettings, _ report: StatusReport?, _ logger: Logger
    ) -> (daemon: Daemon, collector: Collector?, server: HealthServer?) {
        guard let endpoint = settings.health else {
            return (Daemon(configuration: settings.daemon, report: report, logger: logger), nil, nil)
        }
        let registry = Registry()
        let daemon = Daemon(
            configuration: settings.daemon, meters: ServiceMeters(registry), report: report, logger: logger)
        let collector = Collector(settings.daemon.settings("metrics"), logger: logger)
        let server = HealthServer(
            endpoint, vitals: daemon.vitals, registry: registry, collector: collector, logger: logger)
        return (daemon, collector, server)
    }

    private func refused(_ reason: String, _ exit: DaemonExit, _ logger: Logger) -> ExitCode {
        logger.critical("\(reason)")
        _ = Speaking.manager?.say([.status("ended: \(reason)")])
        return ExitCode(exit.rawValue)
    }
}
