import Logging
import Synchronization

/// A level that may change while the program runs.
final class SharedLevel: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) { self.level = Mutex(level) }

    var value: Logger.Level { level.withLock { $0 } }
    func set(_ level: Logger.Level) { self.level.withLock { $0 = level } }
}

/// A handler whose level is everybody's.
struct AdjustableHandler: LogHandler {
    private var inner: any LogHandler
    private let level: SharedLevel

    init(_ inner: any LogHandler, _ level: SharedLevel) {
        self.inner = inner
        self.level = level
        self.inner.logLevel = .trace
    }

    /// One for all: what one logger is set to is nobody's.
    var logLevel: Logger.Level {
        get { level.value }
        set {}
    }
    var metadata: Logger.Metadata {
        get { inner.metadata }
        set { inner.metadata = newValue }
    }
    var metadataProvider: Logger.MetadataProvider? {
        get { inner.metadataProvider }
        set { inner.metadataProvider = newValue }
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { inner[metadataKey: key] }
        set { inner[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { inner.log(event: event) }
}
