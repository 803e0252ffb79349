import Glibc
import LinkTesting
import Synchronization

/// One connection through the proxy: two descriptors, a thread for each direction.
final class ProxiedConnection: Sendable {
    private let id: Int
    private let client: CInt
    private let server: CInt
    private let proxy: FaultProxy
    private let state = Mutex(State())

    private struct State {
        var name = ""
        var isOver = false
        /// The COMMIT was delivered: what the server says is dropped, and the connection ends with its answer.
        var isSwallowing = false
        var directions = 2
        /// Nothing comes through any more.
        var isDead = false
    }

    init(id: Int, client: CInt, server: CInt, proxy: FaultProxy) {
        self.id = id
        self.client = client
        self.server = server
        self.proxy = proxy
    }

    /// Its `application_name`; empty until the client has said it.
    var name: String { state.withLock { $0.name } }

    /// Starts its threads.
    func start() {
        onThread { [self] in
            pumpClient()
            finish()
        }
        onThread { [self] in
            pumpServer()
            finish()
        }
    }

    /// Ends both sides; the client is told by RST, or by FIN.
    func end(isReset: Bool) {
        state.withLock { state in
            guard !state.isOver else { return }
            state.isOver = true
            if isReset {
                // Connecting a stream socket to no family sends RST and leaves the descriptor to be closed by its threads.
                var nowhere = sockaddr()
                nowhere.sa_family = sa_family_t(AF_UNSPEC)
                Glibc.connect(client, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
            }
            shutdown(client, Int32(SHUT_RDWR))
            shutdown(server, Int32(SHUT_RDWR))
        }
    }

    private var isOver: Bool { state.withLock { $0.isOver } }

    /// From now on nothing comes through, and no end either.
    func deaden() { state.withLock { $0.isDead = true } }

    private var isHole: Bool { state.withLock { $0.isDead } || proxy.weather(for: name).isBlackHole }

    private func finish() {
        // The end of one side does not come through either.
        while isHole, !isOver { usleep(10_000) }
        end(isReset: false)
        let isLast = state.withLock { state in
            state.directions -= 1
            return state.directions == 0
        }
        guard isLast else { return }
        close(client)
        close(server)
        proxy.forget(id)
    }

    // MARK: The two directions

    private func pumpClient() {
        var messages = ClientMessages()
        while let piece = receive(client) {
            let found = messages.take(piece)
            if let name = found.name { state.withLock { $0.name = name } }
            if let offset = found.commit {
                switch proxy.trap(for: name) {
                case .loseCommit where proxy.spring(for: name):
                    _ = deliver(Array(piece[..<offset]), to: server)
                    return end(isReset: true)
                case .loseCommitReply where proxy.spring(for: name):
                    state.withLock { $0.isSwallowing = true }
                default: break
                }
            }
            guard deliver(piece, to: server) else { return }
        }
    }

    private func pumpServer() {
        var count = 0
        var swallowed: [UInt8] = []
        var messages = ServerMessages()
        while let received = receive(server) {
            let piece = messages.take(
                received, droppingNotifications: proxy.weather(for: name).dropsNotifications)
            if state.withLock({ $0.isSwallowing }) {
                swallowed += piece
                // The tag of the answer; the statement's text stands in no answer.
                if swallowed.contains(bytes: Array("COMMIT\0".utf8)) { return end(isReset: true) }
                continue
            }
            count += piece.count
            if case .resetAfter(let limit) = proxy.trap(for: name), count >= limit, proxy.spring(for: name) {
                _ = deliver(Array(piece.dropLast(count - limit)), to: client)
                return end(isReset: true)
            }
            guard deliver(piece, to: client) else { return }
        }
    }

    private func receive(_ descriptor: CInt) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 32_768)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count > 0 { return Array(chunk.prefix(count)) }
            if count < 0, errno == EINTR { continue }
            return nil
        }
    }

    /// Delivers bytes as the weather is; false when the connection is over.
    private func deliver(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let weather = proxy.weather(for: name)
            if isHole { return !isOver }
            let piece = Array(rest.prefix(weather.slice ?? rest.count))
            if weather.delay > .zero {
                let parts = weather.delay.components
                usleep(UInt32(parts.seconds * 1_000_000 + parts.attoseconds / 1_000_000_000_000))
            }
            var sent = 0
            while sent < piece.count {
                let count = piece.withUnsafeBytes {
                    send(
                        descriptor, $0.baseAddress?.advanced(by: sent), piece.count - sent, Int32(MSG_NOSIGNAL)
                    )
                }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                sent += count
            }
            rest = rest.dropFirst(piece.count)
        }
        return true
    }
}

extension [UInt8] {
    /// Whether some bytes stand in it.
    fileprivate func contains(bytes wanted: [UInt8]) -> Bool {
        guard count >= wanted.count else { return false }
        return indices.dropLast(wanted.count - 1).contains { self[$0...].starts(with: wanted) }
    }
}
