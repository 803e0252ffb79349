import Glibc
import LinkTesting

/// The real `assetlinkd`, as built beside this program, in a process of its own.
package struct DaemonProcess: Sendable {
    let pid: pid_t
    /// What it logs, at level debug: one line a batch.
    let log: String

    /// Starts it.
    init(database: String) throws {
        let program = try Self.sibling("assetlinkd")
        var template = Array("/tmp/assetlink-bench-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw BenchError("no temporary file for the daemon's log") }
        log = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, descriptor, 2)
        // Measures end more links at once than anybody should: the breaker must not hold them.
        let words = [program, "--log-level", "debug", "--breaker-percent", "1000000", "--database", database]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var child = pid_t()
        let status = posix_spawn(&child, program, &actions, nil, &arguments, environ)
        close(descriptor)
        guard status == 0 else { throw BenchError("\(program) could not be started") }
        pid = child
    }

    /// A program in the folder of this one.
    static func sibling(_ name: String) throws -> String {
        let program = BuiltProgram.place(of: name)
        guard access(program, X_OK) == 0 else {
            throw BenchError("\(program) is not there; run: swift build -c release --product \(name)")
        }
        return program
    }

    /// Asks it to stop and waits until it has.
    func stop() throws {
        kill(pid, SIGTERM)
        var status: CInt = 0
        guard waitpid(pid, &status, 0) == pid, status == 0 else {
            throw BenchError("the daemon ended with status \(status); its log: \(log)")
        }
        unlink(log)
    }
}
