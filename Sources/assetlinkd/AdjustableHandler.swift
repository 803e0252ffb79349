import Logging
import Synchronization

/// A level that may change while the program runs.
final class SharedLevel: Sendable {
    private let level: Mutex<Logger.Level>

    init(_ level: Logger.Level) { self.level = Mutex(level) }

    var value: Logger.Level { level.withLock { $0 } }
    func set(_ level: Logger.Level) { self.level.withLock { $0 = level } }
}

/// A handler whose level is everybody's, unless one logger is to say less.
struct AdjustableHandler: LogHandler {
    private var inner: any LogHandler
    private let level: SharedLevel
    private var own = Logger.Level.trace

    init(_ inner: any LogHandler, _ level: SharedLevel) {
        self.inner = inner
        self.level = level
        self.inner.logLevel = .trace
    }

    /// One for all; a logger that is set to a level of its own says no more than that.
    var logLevel: Logger.Level {
        get { max(level.value, own) }
        set { own = newValue }
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
