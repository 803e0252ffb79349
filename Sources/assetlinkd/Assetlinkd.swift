import ArgumentParser
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

    @Option(help: "Where the database is: anything libpq takes. Default: the PG* environment, as psql has it.")
    var database = ""

    @Flag(help: "Poll every 50 ms and never ring: where transactions that write to attached tables are PREPAREd.")
    var noDoorbell = false

    @Option(help: "What is logged: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    @OptionGroup var tuning: Tuning

    @OptionGroup var health: HealthOptions

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError(
                "\(logLevel) is no log level; one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { Speaking.handler($0) }
        var logger = Logger(label: "assetlinkd")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .info
        var configuration = DaemonConfiguration(database: database)
        configuration.usesDoorbell = !noDoorbell
        tuning.apply(to: &configuration)
        let (daemon, beside) = try health.services(configuration, logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    // The first to start is the last to be told to stop: it outlives the daemon.
                    .init(service: SecondSignal(logger: logger))
                ] + beside.map { .init(service: $0) } + [
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

    private func refused(_ reason: String, _ exit: DaemonExit, _ logger: Logger) -> ExitCode {
        logger.critical("\(reason)")
        _ = Speaking.manager?.say([.status("ended: \(reason)")])
        return ExitCode(exit.rawValue)
    }
}
