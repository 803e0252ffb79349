import CLibPQ
import Logging

/// Receives what the server says besides results.
final class NoticeSink {
    private let logger: Logger
    /// The last words of a server that ends an idle connection.
    private(set) var fatal: PostgresError?

    /// Receives for one connection.
    init(_ logger: Logger) { self.logger = logger }

    /// Logs a notice; its text may quote data, hence the low level.
    func receive(_ notice: PostgresError) {
        if notice.severity == "FATAL" || notice.severity == "PANIC" { fatal = notice }
        logger.debug(
            "PostgreSQL notice",
            metadata: [
                "pg_severity": "\(notice.severity ?? "")", "pg_sqlstate": "\(notice.sqlState ?? "")",
                "pg_message": "\(notice.message)",
            ])
    }

    /// The C callback; its argument is a sink the handle keeps alive longer than the PGconn.
    static let receiver: PQnoticeReceiver = { argument, result in
        guard let argument = unsafe argument, let result = unsafe result else { return }
        let sink = unsafe Unmanaged<NoticeSink>.fromOpaque(argument).takeUnretainedValue()
        sink.receive(unsafe PostgresError(reading: result))
    }
}
