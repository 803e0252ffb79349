import HummingbirdCore
package import LinkService
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Serves `/livez`, `/readyz` and `/metrics` on loopback or a Unix socket, on one thread.
package final class HealthServer: Service {
    private let endpoint: Endpoint
    private let responder: HealthResponder
    private let logger: Logger
    private let bound = Mutex<Int?>(nil)

    /// - Parameters:
    ///   - vitals: of the daemon that is told of.
    ///   - collector: reads the database; `nil`: only the process is told of.
    package init(
        _ endpoint: Endpoint, vitals: Vitals, registry: Registry, collector: Collector?, logger: Logger
    ) {
        self.endpoint = endpoint
        responder = HealthResponder(page: MetricsPage(vitals: vitals, registry: registry, collector: collector))
        self.logger = logger
    }

    /// The port that it serves, once it does; `nil` before, and for a socket.
    package var port: Int? { bound.withLock { $0 } }

    /// Serves until shut down.
    ///
    /// - Throws: when the address cannot be taken.
    package func run() async throws {
        let address: BindAddress =
            switch endpoint {
            case .loopback(let host, let port): .hostname(host, port: port)
            case .unix(let path): .unixDomainSocket(path: path)
            }
        // One thread does: a few requests a minute.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var quiet = logger
        // A client that goes away is none of the daemon's business.
        quiet.logLevel = max(logger.logLevel, .warning)
        let server = try HTTPServerBuilder.http1(configuration: .init(idleTimeout: .seconds(60))).buildServer(
            configuration: ServerConfiguration(
                address: address, backlog: 16, availableConnectionsDelegate: MaximumAvailableConnections(16)),
            eventLoopGroup: group, logger: quiet,
            responder: { [responder] (request, writer: consuming ResponseWriter, _) in
                let response = await responder.respond(to: request)
                try await writer.write(response: response.head, body: response.body)
            },
            onServerRunning: { [self] channel in
                bound.withLock { $0 = channel.localAddress?.port }
                logger.info("serving health and metrics", metadata: ["address": "\(endpoint)"])
            })
        do {
            try await server.run()
        } catch {
            logger.critical(
                "health and metrics cannot be served", metadata: ["address": "\(endpoint)", "error": "\(error)"])
            try await group.shutdownGracefully()
            throw error
        }
        await responder.close()
        try await group.shutdownGracefully()
    }
}
