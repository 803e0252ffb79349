import Glibc
import LinkTesting
import Synchronization

/// A TCP proxy between libpq and a server's Unix socket that can do to a connection what networks do.
///
/// Two threads for each connection, one a direction. Plain text only: it reads the protocol to know which connection is
/// which and when a COMMIT passes.
package final class FaultProxy: Sendable {
    /// What every byte is subject to, on present and future connections.
    package struct Weather: Sendable {
        /// Taken and never delivered, without an end: no FIN, no RST, and the kernel still answers.
        package var isBlackHole = false
        /// Added to each piece, in each direction.
        package var delay: Duration = .zero
        /// The most bytes delivered in one piece.
        package var slice: Int?
        /// What the server notifies of does not come through; everything else does.
        package var dropsNotifications = false
        /// Only connections whose `application_name` contains this; all when `nil`.
        package var only: String?

        package init(
            isBlackHole: Bool = false, delay: Duration = .zero, slice: Int? = nil, dropsNotifications: Bool = false,
            only: String? = nil
        ) {
            self.isBlackHole = isBlackHole
            self.delay = delay
            self.slice = slice
            self.dropsNotifications = dropsNotifications
            self.only = only
        }

        func applies(to name: String) -> Bool { only.map { name.contains($0) } ?? true }
    }

    /// What is done once, to the first connection that comes to it.
    package enum Trap: Sendable {
        /// A COMMIT is delivered, its answer is not, and the connection is reset.
        case loseCommitReply
        /// A COMMIT and what follows it is not delivered, and the connection is reset.
        case loseCommit
        /// Reset after so many bytes from the server.
        case resetAfter(bytes: Int)
    }

    /// Where it listens on loopback.
    package let port: Int
    private let listener: CInt
    private let target: Mutex<String>
    private let weather = Mutex(Weather())
    private let traps = Mutex<(set: [(trap: Trap, only: String)], sprung: Int)>(([], 0))
    private let pairs = Mutex<[Int: ProxiedConnection]>([:])
    private let number = Atomic(0)

    /// Listens on a free port of loopback.
    ///
    /// - Parameter socket: the server's Unix socket.
    package init(to socket: String) throws {
        target = Mutex(socket)
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && listen(descriptor, 64) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard descriptor >= 0, isListening else { throw ChildProcess.Failure(description: "the proxy cannot listen") }
        listener = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        onThread { [self] in accept() }
    }

    deinit { Glibc.close(listener) }

    /// A keyword string that leads through it.
    package func conninfo(user: String, database: String) -> String {
        """
        host=127.0.0.1 port=\(port) user=\(user) dbname=\(database) sslmode=disable gssencmode=disable \
        connect_timeout=5
        """
    }

    /// Sets what every byte is subject to.
    package func set(_ weather: Weather) { self.weather.withLock { $0 = weather } }

    /// From now on new connections go to another server.
    package func lead(to socket: String) { target.withLock { $0 = socket } }

    /// Sets a trap for a connection whose `application_name` contains a text.
    package func set(_ trap: Trap, only: String = "") { traps.withLock { $0.set.append((trap, only)) } }

    /// How many traps did what they were set for.
    package var sprung: Int { traps.withLock { $0.sprung } }

    /// From now on nothing comes through present connections of which the name contains a text, without an end; new ones
    /// are as the weather is.
    package func deaden(only: String) {
        for pair in pairs.withLock({ Array($0.values) }) where pair.name.contains(only) { pair.deaden() }
    }

    /// Ends every present connection of which the name contains a text; by RST, or else by FIN.
    package func cut(only: String = "", isReset: Bool = true) {
        for pair in pairs.withLock({ Array($0.values) }) where pair.name.contains(only) { pair.end(isReset: isReset) }
    }

    /// Stops listening and ends every connection.
    package func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        cut()
    }

    // MARK: For connections

    func weather(for name: String) -> Weather {
        let weather = weather.withLock { $0 }
        return weather.applies(to: name) ? weather : Weather()
    }

    /// The first trap set for a connection of that name.
    func trap(for name: String) -> Trap? { traps.withLock { $0.set.first { name.contains($0.only) }?.trap } }

    /// Takes that trap away, as it is sprung; false when another connection was quicker.
    func spring(for name: String) -> Bool {
        traps.withLock { traps in
            guard let index = traps.set.firstIndex(where: { name.contains($0.only) }) else { return false }
            traps.set.remove(at: index)
            traps.sprung += 1
            return true
        }
    }

    func forget(_ id: Int) { _ = pairs.withLock { $0.removeValue(forKey: id) } }

    // MARK: Accepting

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client < 0 {
                if errno == EINTR { continue }
                return
            }
            let server = connect(target.withLock { $0 })
            guard server >= 0 else {
                Glibc.close(client)
                continue
            }
            let id = number.add(1, ordering: .relaxed).newValue
            let pair = ProxiedConnection(id: id, client: client, server: server, proxy: self)
            pairs.withLock { $0[id] = pair }
            pair.start()
        }
    }

    private func connect(_ path: String) -> CInt {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        if isConnected { return descriptor }
        Glibc.close(descriptor)
        return -1
    }
}
