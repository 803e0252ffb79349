import Glibc
package import Logging
package import LinkStore
package import Postgres

/// Reads the figures of the database when somebody asks, on a connection of its own, and not again before they are old.
package actor Collector {
    /// What was read, and how it went.
    package struct Collection: Sendable {
        /// `nil` when the newest attempt failed: old figures are not shown as new.
        package var figures: StoreFigures?
        /// Of the newest attempt that succeeded.
        var duration = Duration.zero
        /// Seconds of the Unix epoch of the newest attempt that succeeded.
        var time: Double?
    }

    private var settings: ConnectionSettings
    private let interval: Duration
    private let restraint: Int
    private let logger: Logger
    private let clock = ContinuousClock()
    private var connection: PostgresConnection?
    private var collection = Collection()
    private var nextAt: ContinuousClock.Instant?
    private var reading: Task<Collection, Never>?

    /// - Parameters:
    ///   - interval: figures younger than this are given again.
    ///   - restraint: so are those younger than so many times what reading them took: at fifty it costs the server two
    ///     hundredths of a core at most, whatever it has and whoever asks.
    package init(_ settings: ConnectionSettings, interval: Duration = .seconds(10), restraint: Int = 50, logger: Logger)
    {
        self.settings = settings
        self.interval = interval
        self.restraint = restraint
        self.logger = logger
    }

    /// The figures; whoever asks while they are read waits for them.
    package func collect() async -> Collection {
        if let reading { return await reading.value }
        if let nextAt, clock.now < nextAt { return collection }
        let task = Task { await read() }
        reading = task
        let collection = await task.value
        reading = nil
        return collection
    }

    /// From now on the figures are those of another database, or another way to it.
    package func use(_ settings: ConnectionSettings) async {
        self.settings = settings
        nextAt = nil
        await close()
    }

    /// Gives the connection up.
    package func close() async {
        let connection = connection.take()
        await connection?.close()
    }

    private func read() async -> Collection {
        let start = clock.now
        do {
            let figures = try await StoreFigures.read(on: try await connected())
            let duration = clock.now - start
            collection = Collection(figures: figures, duration: duration, time: Self.wallClock)
            nextAt = clock.now + max(interval, duration * restraint)
        } catch {
            logger.info("the figures for metrics could not be read", metadata: ["error": "\(error)"])
            collection.figures = nil
            nextAt = clock.now + interval
            await close()
        }
        return collection
    }

    private func connected() async throws -> PostgresConnection {
        if let connection, !connection.isClosed { return connection }
        let fresh = try await PostgresConnection.connect(settings, logger: logger)
        do {
            // Nothing is written, and the server works for nobody who has gone.
            try await fresh.script(
                """
                SET search_path = pg_catalog, pg_temp; SET default_transaction_read_only = on;
                SET statement_timeout = '20s'; SET jit = off;
                """)
        } catch {
            await fresh.close()
            throw error
        }
        connection = fresh
        return fresh
    }

    /// Seconds of the Unix epoch.
    private static var wallClock: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000
    }
}
