import Glibc

/// Sends datagrams to a Unix socket of somebody else's, by path or by abstract name; never waits.
package struct DatagramSocket: Sendable {
    private let address: sockaddr_un
    private let length: socklen_t

    /// - Parameter name: an absolute path, or `@` and an abstract name; `nil` for anything else.
    package init?(_ name: String) {
        let bytes = Array(name.utf8)
        var address = sockaddr_un()
        // One byte stays for the end of a path.
        guard let first = bytes.first, bytes.count > 1, bytes.count < MemoryLayout.size(ofValue: address.sun_path),
            !bytes.contains(0)
        else { return nil }
        let isAbstract = first == UInt8(ascii: "@")
        guard isAbstract || first == UInt8(ascii: "/") else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { path in
            path.copyBytes(from: bytes)
            if isAbstract { path[0] = 0 }
        }
        let head = MemoryLayout.offset(of: \sockaddr_un.sun_path) ?? MemoryLayout<sa_family_t>.size
        // An abstract name ends where its length says.
        length = socklen_t(head + bytes.count + (isAbstract ? 0 : 1))
        self.address = address
    }

    /// Sends one datagram.
    ///
    /// - Returns: 0, or what stood in the way as `errno`: nobody is there, it takes no more just now, it is too large.
    package func send(_ bytes: [UInt8]) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        var address = address
        let count = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT), $0, length)
            }
        }
        return count == bytes.count ? 0 : errno
    }
}
