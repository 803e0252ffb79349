import Glibc
import Logging
import ServiceLifecycle
import UnixSignals

/// Ends the process at the second signal: the first one asks for a graceful end, which may wait for a long batch.
///
/// PostgreSQL rolls the batch back, and the lease runs out by itself.
struct SecondSignal: Service {
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        var count = 0
        for await signal in signals.cancelOnGracefulShutdown() {
            count += 1
            guard count > 1 else { continue }
            logger.warning("a second signal: ending at once")
            _exit(128 + signal.rawValue)
        }
    }
}
