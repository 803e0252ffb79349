import Glibc

/// A Unix datagram socket of the test's own, in place of the service manager's or the journal's.
package final class DatagramListener: Sendable {
    /// As `NOTIFY_SOCKET` would name it.
    package let name: String
    private let descriptor: CInt

    /// - Parameter isAbstract: a name without a file.
    package init(isAbstract: Bool) throws {
        let unique = "/tmp/assetlink-test-\(getpid())-\(UInt32.random(in: .min ... .max))"
        name = isAbstract ? "@" + unique : unique
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: bytes)
            if isAbstract { path[0] = 0 }
        }
        let head = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        let length = socklen_t(head + bytes.count + (isAbstract ? 0 : 1))
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        guard descriptor >= 0, isBound else {
            throw ChildProcess.Failure(description: "\(name) could not be listened to: \(errno)")
        }
    }

    deinit {
        close(descriptor)
        if name.hasPrefix("/") { unlink(name) }
    }

    /// The next datagram, as bytes; fails after a minute.
    package func nextBytes() throws -> [UInt8] {
        var wait = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var bytes = [UInt8](repeating: 0, count: 262_144)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw ChildProcess.Failure(description: "nothing was said to \(name) within a minute") }
        return Array(bytes.prefix(count))
    }

    /// The next datagram as text.
    package func next() throws -> String { String(decoding: try nextBytes(), as: UTF8.self) }

    /// Everything that has been said, without waiting.
    package func heard() -> [String] {
        var all: [String] = []
        var bytes = [UInt8](repeating: 0, count: 262_144)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, CInt(MSG_DONTWAIT))
            guard count >= 0 else { return all }
            all.append(String(decoding: bytes.prefix(count), as: UTF8.self))
        }
    }
}
