import Glibc
import LinkService
import Logging
import Systemd

/// How the daemon speaks to who started it.
enum Speaking {
    /// A variable of the process's environment.
    static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// What takes the log: the journal's own fields where standard error leads to it, lines on standard error otherwise.
    static func handler(_ label: String) -> any LogHandler {
        guard Journal.isBehind(STDERR_FILENO, environment) else {
            return StreamLogHandler.standardError(label: label)
        }
        return JournalHandler(
            Journal(identifier: "assetlinkd"), prefix: "ASSETLINK", messageID: { MessageCatalogue.id(of: $0) })
    }

    /// What was asked for, to standard output.
    static func answer(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// A line to whoever started the program, before there is a log.
    static func tell(_ line: String) {
        JournalHandler.writeToStandardError(Journal.isBehind(STDERR_FILENO, environment) ? "<2>\(line)" : line)
    }

    /// The service manager, where one waits to hear.
    static let manager = ServiceManager(environment)
}
