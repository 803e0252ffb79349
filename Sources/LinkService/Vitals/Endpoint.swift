/// Where health and metrics are served: on this machine only.
package enum Endpoint: Hashable, Sendable, CustomStringConvertible {
    /// A loopback address and a port; port 0 takes a free one.
    case loopback(host: String, port: Int)
    /// The path of a socket, which only this daemon's user may open.
    case unix(path: String)

    /// It is none, or would be open to the network.
    package struct Refusal: Error, Hashable, CustomStringConvertible {
        /// What is wrong and what is right.
        package let description: String
    }

    /// Reads `127.0.0.1:9187`, `[::1]:9187`, `localhost:9187`, `unix:/run/assetlinkd/health.sock` or an absolute path.
    package init(_ text: String) throws(Refusal) {
        if text.hasPrefix("unix:") || text.hasPrefix("/") {
            let path = String(text.hasPrefix("unix:") ? text.dropFirst(5) : text[...])
            // A socket's name takes 108 bytes, one of them at its end.
            guard path.hasPrefix("/"), path.utf8.count < 108, !path.utf8.contains(0) else {
                throw Refusal(
                    description: "a socket is an absolute path of at most 107 bytes: unix:/run/assetlinkd/health.sock")
            }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw Refusal(description: "\(text) is no address; say 127.0.0.1:9187, [::1]:9187 or unix:/path")
        }
        let host = text[..<colon]
        switch host {
        // Not resolved: a resolver may call any address localhost.
        case "localhost": self = .loopback(host: "127.0.0.1", port: Int(port))
        case "[::1]": self = .loopback(host: "::1", port: Int(port))
        default:
            let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
            guard parts.count == 4, parts[0] == 127, !parts.contains(nil) else {
                throw Refusal(
                    description: "\(host) is not a loopback address: what is served is open to whoever connects; "
                        + "put a proxy before it to serve a network")
            }
            self = .loopback(host: String(host), port: Int(port))
        }
    }

    /// As it is written.
    package var description: String {
        switch self {
        case .loopback(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
