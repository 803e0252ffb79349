package import Glibc

/// The service manager that started this process: systemd, spoken to in its own few words (sd_notify(3)), without its
/// library.
package struct ServiceManager: Sendable {
    private let socket: DatagramSocket
    /// How often the manager wants to hear that the process gets on; `nil`: it does not.
    package let watchdog: Duration?

    /// - Parameters:
    ///   - environment: gives a variable of the process's environment; `NOTIFY_SOCKET`, `WATCHDOG_USEC` and
    ///     `WATCHDOG_PID` are read.
    ///   - pid: this process.
    /// - Returns: `nil` when nobody wants to hear anything.
    package init?(_ environment: (String) -> String?, pid: pid_t = getpid()) {
        guard let socket = environment("NOTIFY_SOCKET").flatMap({ DatagramSocket($0) }) else { return nil }
        self.socket = socket
        let isOurs = environment("WATCHDOG_PID").map { $0 == "\(pid)" } ?? true
        let microseconds = environment("WATCHDOG_USEC").flatMap { Int64($0) } ?? 0
        watchdog = isOurs && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// One thing to say.
    package enum Word: Hashable, Sendable {
        case ready, stopping, watchdog
        /// Configuration is being read again; said with the time, before ``ready``.
        case reloading
        /// One line for people.
        case status(String)
        /// The time-out of what is under way begins anew with this.
        case extendTimeout(Duration)
    }

    /// Says some things at once.
    ///
    /// - Returns: whether they were heard.
    package func say(_ words: [Word]) -> Bool {
        socket.send(Array(words.map(Self.line).joined(separator: "\n").utf8)) == 0
    }

    private static func line(_ word: Word) -> String {
        switch word {
        case .ready: "READY=1"
        case .stopping: "STOPPING=1"
        case .watchdog: "WATCHDOG=1"
        case .reloading: "RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)"
        case .status(let text):
            "STATUS=" + String(text.map { $0.isNewline ? " " : $0 })
        case .extendTimeout(let time):
            "EXTEND_TIMEOUT_USEC=\(time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000)"
        }
    }

    private static var monotonicMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
