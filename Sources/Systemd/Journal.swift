import Glibc
package import Logging

/// The journal, in its native protocol: an entry is fields, not a line.
package struct Journal: Sendable {
    /// Longer values are cut: an entry is one datagram, which the kernel limits.
    static let longestValue = 16_384

    private let socket: DatagramSocket
    /// Fields that every entry has.
    private let identifier: String

    /// - Parameters:
    ///   - identifier: the program, as `journalctl -t` knows it.
    ///   - path: where the journal listens.
    package init?(identifier: String, path: String = "/run/systemd/journal/socket") {
        guard let socket = DatagramSocket(path) else { return nil }
        self.socket = socket
        self.identifier = identifier
    }

    /// Whether a descriptor leads to the journal, as the service manager says in `JOURNAL_STREAM`.
    package static func isBehind(_ descriptor: CInt, _ environment: (String) -> String?) -> Bool {
        guard let parts = environment("JOURNAL_STREAM")?.split(separator: ":"), parts.count == 2 else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return parts[0] == "\(status.st_dev)" && parts[1] == "\(status.st_ino)"
    }

    /// Sends an entry.
    ///
    /// - Returns: whether it was taken.
    package func send(_ fields: [(name: String, value: String)]) -> Bool {
        var bytes: [UInt8] = []
        for (name, value) in [("SYSLOG_IDENTIFIER", identifier)] + fields {
            guard let name = Self.fieldName(name) else { continue }
            Self.append(name, value, to: &bytes)
        }
        return socket.send(bytes) == 0
    }

    /// Upper case, digits and underscores, a letter first, at most 64: what the journal takes; `nil` if nothing is left.
    static func fieldName(_ name: String) -> String? {
        let letters = name.uppercased().unicodeScalars.map { scalar -> Character in
            scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
                ? Character(scalar) : "_"
        }
        let rest = letters.drop { !$0.isLetter }.prefix(64)
        return rest.isEmpty ? nil : String(rest)
    }

    /// A value of several lines has its length before it, so that nothing in it can pass for another field.
    private static func append(_ name: String, _ value: String, to bytes: inout [UInt8]) {
        let value = Array(value.utf8.prefix(longestValue))
        bytes += name.utf8
        if value.contains(UInt8(ascii: "\n")) {
            bytes.append(UInt8(ascii: "\n"))
            withUnsafeBytes(of: UInt64(value.count).littleEndian) { bytes += $0 }
        } else {
            bytes.append(UInt8(ascii: "="))
        }
        bytes += value
        bytes.append(UInt8(ascii: "\n"))
    }
}

extension Logger.Level {
    /// syslog's number for it, as the journal has it.
    package var priority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
