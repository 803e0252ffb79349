import LinkConfiguration
import LinkHealth
import LinkService
import LinkStore
import Logging
import Postgres
import ServiceLifecycle
import UnixSignals

/// Reads the settings again at SIGHUP: all of them take effect, or none.
struct Reload: Service {
    let daemon: Daemon
    /// Reads the figures of the database, on a connection of its own.
    let collector: Collector?
    let source: ConfigurationSource
    let report: StatusReport?
    let level: SharedLevel
    let first: Configured
    let logger: Logger

    func run() async throws {
        var present = first
        let signals = await UnixSignalsSequence(trapping: .sighup)
        for await _ in signals.cancelOnGracefulShutdown() {
            report?.reloading()
            do {
                let next = try await checked(present)
                level.set(next.settings.logLevel)
                daemon.reload(next.settings.daemon)
                await collector?.use(next.settings.daemon.settings("metrics"))
                daemon.vitals.noteConfiguration(isTaken: true)
                present = next
                logger.notice("the configuration was read again and taken")
            } catch {
                logger.error(
                    "the configuration was not taken; everything is as it was", metadata: ["error": "\(error)"])
                daemon.vitals.noteConfiguration(isTaken: false)
                report?.reloadRefused()
            }
        }
    }

    /// The settings as they are now, if all of them can be taken.
    private func checked(_ present: Configured) async throws -> Configured {
        let next = try source.read()
        let restart = next.needingRestart(after: present)
        guard restart.isEmpty else {
            throw Configured.Problems(
                list: restart.map { "\($0) takes effect at the next start only: restart, or put it back" })
        }
        let (old, new) = (present.settings.daemon, next.settings.daemon)
        if old.database != new.database || old.password != new.password {
            // Another database, or another way to it: it must be there and fit before this one is given up.
            let connection = try await PostgresConnection.connect(new.settings("check"), logger: logger)
            do {
                try await Schema.require(on: connection)
            } catch {
                await connection.close()
                throw error
            }
            await connection.close()
        }
        return next
    }
}
