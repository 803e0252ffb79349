import Glibc
import LinkTesting

/// What a server answered.
struct Answer: Sendable {
    let status: Int
    let headers: String
    let body: String

    /// The value of a sample, as it is written.
    func sample(_ name: String) -> String? {
        body.split(separator: "\n").first { $0.hasPrefix("\(name) ") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    /// All samples whose name begins so, without comments.
    func samples(_ prefix: String) -> [String] {
        body.split(separator: "\n").filter { $0.hasPrefix(prefix) }.map { String($0) }
    }
}

/// Asks a server once and waits for all of its answer.
///
/// - Parameter place: a port on loopback, or the path of a socket.
func ask(_ place: String, _ path: String, method: String = "GET") throws -> Answer {
    let descriptor = try connected(place)
    defer { close(descriptor) }
    var wait = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    let request = Array("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
    guard write(descriptor, request, request.count) == request.count else { throw Unanswered(place: place) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        guard count > 0 else { break }
        bytes += chunk.prefix(count)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n"), let status = text.split(separator: " ").dropFirst().first,
        let number = Int(status)
    else { throw Unanswered(place: place) }
    return Answer(status: number, headers: String(text[..<end.lowerBound]), body: String(text[end.upperBound...]))
}

/// Nobody answered there.
struct Unanswered: Error {
    let place: String
}

private func connected(_ place: String) throws -> CInt {
    let isSocket = place.hasPrefix("/")
    let descriptor = socket(isSocket ? AF_UNIX : AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var isConnected = false
    if isSocket {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: place.utf8) }
        isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    } else if let port = UInt16(place) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
    guard isConnected else {
        close(descriptor)
        throw Unanswered(place: place)
    }
    return descriptor
}
