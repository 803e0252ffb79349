import LinkStore
import Logging
import Postgres
import Synchronization

/// Writes links back beside the batches, as long as this daemon leads: on a connection of its own, which is there only
/// while a source has write-back, so that triggers on tables of others delay no batch.
final class WriteBackRunner: Sendable {
    private struct State {
        /// The epoch under which this daemon leads; `nil`: it does not.
        var epoch: Int64?
        var connection: PostgresConnection?
    }

    private let configuration: DaemonConfiguration
    private let logger: Logger
    private let state = Mutex(State())
    private let wakeup = Wakeup()

    init(configuration: DaemonConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// This daemon leads.
    ///
    /// - Parameter isOn: some source has write-back: what a predecessor left undone is done at once.
    func lead(_ epoch: Int64, isOn: Bool) {
        state.withLock { $0.epoch = epoch }
        if isOn { wakeup.ring() }
    }

    /// There is something to write back, or write-back was switched on or off.
    func ring() { wakeup.ring() }

    /// This daemon leads no longer; a page under way is rolled back.
    func rest() async {
        let connection = state.withLock { state in
            state.epoch = nil
            return state.connection.take()
        }
        await connection?.close()
    }

    /// Works whenever there is something to do, until the task is cancelled.
    func run() async {
        var pause = Duration.seconds(3_600)
        while !Task.isCancelled {
            await wakeup.wait(pause)
            pause = .seconds(3_600)
            guard let epoch = state.withLock({ $0.epoch }), !Task.isCancelled else { continue }
            defer {
                // The ring that came with another epoch may have ended the wait of this one.
                if let now = state.withLock({ $0.epoch }), now != epoch { pause = .zero }
            }
            do {
                try await work(epoch)
            } catch StoreError.lostLease {
                // The loop finds out by itself, and says so.
            } catch {
                guard leads(epoch), !Task.isCancelled else { continue }
                logger.warning("writing links back failed; it is tried again", metadata: ["error": "\(error)"])
                pause = .seconds(1)
            }
        }
    }

    private func leads(_ epoch: Int64) -> Bool { state.withLock { $0.epoch == epoch } }

    /// Until no source has write-back, or this daemon no longer leads under that epoch.
    private func work(_ epoch: Int64) async throws {
        let connection = try await PostgresConnection.connect(configuration.settings("write-back"), logger: logger)
        let isCurrent = state.withLock { state in
            guard state.epoch == epoch else { return false }
            state.connection = connection
            return true
        }
        do {
            if isCurrent { try await work(epoch, connection) }
        } catch {
            await close(connection)
            throw error
        }
        await close(connection)
    }

    private func close(_ connection: PostgresConnection) async {
        state.withLock { state in
            if state.connection === connection { state.connection = nil }
        }
        await connection.close()
    }

    private func work(_ epoch: Int64, _ connection: PostgresConnection) async throws {
        var limits = WriteBackLimits()
        limits.sweepInterval = configuration.sweepInterval
        limits.fillPage = configuration.sweepPage
        let engine = WriteBackEngine(connection: connection, epoch: epoch, limits: limits, logger: logger)
        while leads(epoch), !Task.isCancelled {
            switch try await engine.run() {
            case .done: continue
            case .idle(let next):
                // A privilege that was given back, or a source attached again, rings nothing.
                await wakeup.wait(min(next ?? configuration.housekeepingInterval, configuration.housekeepingInterval))
            case .off: return
            }
        }
    }
}
