import Glibc
import LinkTesting

@testable import Postgres

/// A server on loopback that says what it is told to, whatever it is asked, to everybody who connects.
final class HostileServer: Sendable {
    /// Where it listens, on 127.0.0.1.
    let port: UInt16

    /// Between two pieces it waits for the client to say something.
    static let wait = Array("<wait>".utf8)

    /// The pieces of a conversation; a last one of `<hold>` keeps the connection open and silent.
    static func segments(of bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while let range = rest.firstRange(of: wait) {
            pieces.append(Array(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return pieces + [Array(rest)]
    }

    /// Listens until nobody has come for a while; each client gets all pieces.
    init(_ segments: [[UInt8]]) throws {
        let listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isBound else { throw FuzzFinding("no port on loopback") }
        port = UInt16(bigEndian: address.sin_port)
        let isStarted = startThread("hostile-server") {
            // The first client talks; those that come later only cancel.
            var isFirst = true
            while Self.isReadable(listener, milliseconds: isFirst ? 5000 : 500) {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { break }
                if isFirst { Self.talk(client, segments) }
                close(client)
                isFirst = false
            }
            close(listener)
        }
        guard isStarted else { throw FuzzFinding("no thread") }
    }

    private static func talk(_ client: CInt, _ segments: [[UInt8]]) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for segment in segments {
            guard isReadable(client, milliseconds: 300), recv(client, &buffer, buffer.count, 0) > 0 else { return }
            var sent = 0
            while sent < segment.count {
                let count = send(client, Array(segment[sent...]), segment.count - sent, CInt(MSG_NOSIGNAL))
                guard count > 0 else { return }
                sent += count
            }
        }
        guard segments.last == Array("<hold>".utf8) else { return }
        // Silent until the client has had enough.
        while isReadable(client, milliseconds: 2000), recv(client, &buffer, buffer.count, 0) > 0 {}
    }

    private static func isReadable(_ descriptor: CInt, milliseconds: CInt) -> Bool {
        var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&poller, 1, milliseconds) > 0
    }
}

/// Changes a conversation message by message: types, lengths, order; now and then the bytes.
struct MessageMutator: FuzzMutator {
    private struct Message {
        var type: UInt8
        var payload: [UInt8]
        /// The length that is written; nil for the true one.
        var length: UInt32?
    }

    private let bytes = ByteMutator(tokens: ["<wait>", "<hold>", "\u{0}"])

    func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        if random.percent(15) { return bytes.mutate(input, with: other, &random) }
        var segments = HostileServer.segments(of: input).map(Self.messages)
        let others = HostileServer.segments(of: other).flatMap(Self.messages)
        for _ in 0...(random.percent(60) ? 0 : random.below(5)) {
            // The greeting mostly stays whole: most of the client lies behind it.
            let index = segments.count > 1 && random.percent(85) ? 1 + random.below(segments.count - 1) : 0
            change(&segments[index], others, &random)
            if random.percent(5) { segments.insert(random.pick(segments), at: random.below(segments.count + 1)) }
            if random.percent(3), segments.count > 1 { segments.remove(at: random.below(segments.count)) }
        }
        return Array(segments.map { $0.flatMap(Self.encoded) }.joined(separator: HostileServer.wait))
    }

    private func change(_ messages: inout [Message], _ others: [Message], _ random: inout SplitMix64) {
        let at = random.below(messages.count + 1)
        if at == messages.count || random.percent(25) {
            let types = Array("123ACDEGHIKNRSTVWZcdnstv".utf8)
            let new = Message(type: random.pick(types), payload: [])
            return messages.insert(others.isEmpty || random.percent(20) ? new : random.pick(others), at: at)
        }
        switch random.below(7) {
        case 0: messages.remove(at: at)
        case 1: messages[at].type = random.pick(Array("123ACDEGHIKNRSTVWZcdnst".utf8))
        case 2: messages[at].length = random.pick([0, 1, 3, 4, 5, 8, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 30_001])
        case 3: messages.swapAt(at, random.below(messages.count))
        case 4: messages.insert(messages[at], at: at)
        default: messages[at].payload = bytes.mutate(messages[at].payload, with: [], &random)
        }
    }

    /// What cannot be a message is one of type 0, without a header of its own.
    private static func messages(_ bytes: [UInt8]) -> [Message] {
        var result: [Message] = []
        var rest = bytes[...]
        while rest.count >= 5, let type = rest.first {
            let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard length >= 4, rest.count > length else { break }
            result.append(Message(type: type, payload: Array(rest.dropFirst(5).prefix(length - 4))))
            rest = rest.dropFirst(length + 1)
        }
        return rest.isEmpty ? result : result + [Message(type: 0, payload: Array(rest))]
    }

    private static func encoded(_ message: Message) -> [UInt8] {
        if message.type == 0 { return message.payload }
        let length = message.length ?? UInt32(message.payload.count + 4)
        return [message.type] + (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * $0)) }
            + message.payload
    }
}
