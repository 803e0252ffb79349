package import Glibc
import Synchronization

/// A program in a process of its own, with what it wrote; it ends with this process however that ends.
package final class ChildProcess: Sendable {
    /// It could not be started, or did not end as asked.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) { self.description = description }
    }

    /// How a process ended.
    package enum Ending: Hashable, Sendable {
        case exited(CInt)
        case signalled(CInt)
    }

    private struct State {
        var output: [UInt8] = []
        var ending: Ending?
    }

    package let pid: pid_t
    private let name: String
    private let state: Shared

    /// What the process's thread writes and others read.
    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private init(pid: pid_t, name: String, state: Shared) {
        self.pid = pid
        self.name = name
        self.state = state
    }

    /// Starts a program with what it writes to both of its outputs kept.
    ///
    /// - Parameters:
    ///   - environment: set beside this process's own.
    ///   - columns: of a terminal that it writes to; without them it writes to a pipe.
    package static func start(
        _ command: [String], environment: [String: String] = [:], columns: UInt16? = nil
    ) async throws -> ChildProcess {
        // The kernel kills the child when the thread that started it ends, and that thread lives as long as the child.
        let words = ["/usr/bin/setpriv", "--pdeathsig=KILL"] + command
        let shared = Shared()
        let pid = await withCheckedContinuation { continuation in
            onThread { tend(words, environment, columns, shared) { continuation.resume(returning: $0) } }
        }
        guard let pid else { throw Failure(description: "\(command[0]) could not be started") }
        return ChildProcess(pid: pid, name: command.first ?? "", state: shared)
    }

    /// Runs a program to its end; returns what it wrote.
    ///
    /// - Throws: ``Failure`` with what it wrote when it does not end with status 0 in time.
    @discardableResult
    package static func run(
        _ command: [String], environment: [String: String] = [:], within limit: Duration = .seconds(120)
    ) async throws -> String {
        let child = try await start(command, environment: environment)
        let ending: Ending
        do { ending = try await child.ended(within: limit) } catch {
            child.signal(SIGKILL)
            throw error
        }
        guard ending == .exited(0) else {
            throw Failure(description: "\(command.joined(separator: " ")): \(ending)\n\(child.output)")
        }
        return child.output
    }

    /// What it wrote so far.
    package var output: String { state.state.withLock { String(decoding: $0.output, as: UTF8.self) } }

    /// How it ended; `nil` while it lives.
    package var ending: Ending? { state.state.withLock { $0.ending } }

    /// Sends a signal; does nothing when it has ended.
    package func signal(_ number: CInt) {
        // Under the lock that its end is noted in: its number cannot have been given to another process.
        state.state.withLock { if $0.ending == nil { kill(pid, number) } }
    }

    /// Waits until it has ended.
    @discardableResult
    package func ended(within limit: Duration = .seconds(60)) async throws -> Ending {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if let ending { return ending }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw Failure(description: "\(name) did not end in time; it wrote:\n\(output.suffix(4_000))")
    }

    /// Waits until it has written a text.
    package func hasWritten(_ text: String, within limit: Duration = .seconds(60)) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if output.contains(text) { return }
            if let ending, !output.contains(text) {
                throw Failure(description: "\(name) ended (\(ending)) without \"\(text)\":\n\(output.suffix(4_000))")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw Failure(description: "\(name) did not write \"\(text)\" in time:\n\(output.suffix(4_000))")
    }

    /// Waits until it stands still, by a SIGSTOP of its own or of somebody else.
    package func stands(within limit: Duration = .seconds(60)) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if try status("State") == "T" { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw Failure(description: "\(name) did not stop where it stood in time:\n\(output.suffix(4_000))")
    }

    /// The most memory that it has had so far, in kB; fails where it has ended.
    package func peakMemory() throws -> Int {
        guard let peak = Int(try status("VmHWM")) else { throw Failure(description: "\(name) has ended") }
        return peak
    }

    /// The first word of what the kernel says of it under a name.
    private func status(_ field: String) throws -> Substring {
        guard let file = fopen("/proc/\(pid)/status", "r") else { throw Failure(description: "\(name) has ended") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(field):") }
        guard let word = line?.split(whereSeparator: \.isWhitespace).dropFirst().first else {
            throw Failure(description: "\(name) has ended")
        }
        return word
    }

    // MARK: Its thread

    private static func tend(
        _ command: [String], _ environment: [String: String], _ columns: UInt16?, _ shared: Shared,
        _ started: (pid_t?) -> Void
    ) {
        guard let output = columns.map({ terminal(columns: $0) }) ?? pipe() else { return started(nil) }
        for descriptor in output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        defer { close(output[0]) }
        let pid = spawn(command, environment, output[1])
        close(output[1])
        started(pid)
        guard let pid else { return }
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(output[0], &chunk, chunk.count)
            guard count > 0 else { break }
            shared.state.withLock { $0.output += chunk.prefix(count) }
        }
        // Waits without taking its end, which is then taken under the lock that signals are sent under.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        shared.state.withLock { state in
            var status: CInt = 0
            waitpid(pid, &status, 0)
            let number = status & 0x7f
            state.ending = number == 0 ? .exited(status >> 8 & 0xff) : .signalled(number)
        }
    }

    /// Both ends of a pipe: where it is read, and where it is written.
    private static func pipe() -> [CInt]? {
        var ends: [CInt] = [0, 0]
        return Glibc.pipe(&ends) == 0 ? ends : nil
    }

    /// Both ends of a terminal, in the same order.
    private static func terminal(columns: UInt16) -> [CInt]? {
        // What posix_openpt and its kin do, which Glibc's module has not: TIOCSPTLCK unlocks, TIOCGPTN tells the number.
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        guard master >= 0 else { return nil }
        var locked: CInt = 0
        var number: CUnsignedInt = 0
        guard ioctl(master, 0x4004_5431, &locked) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            close(master)
            return nil
        }
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard slave >= 0 else {
            close(master)
            return nil
        }
        var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(slave, UInt(TIOCSWINSZ), &size)
        return [master, slave]
    }

    private static func spawn(_ command: [String], _ environment: [String: String], _ output: CInt) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // A thread of the runtime may have blocked signals; the program is to hear all of them.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = command.map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var variables = inherited(without: environment).map { strdup($0) }
        variables += environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { variables.forEach { free($0) } }
        var pid = pid_t()
        return posix_spawn(&pid, command[0], &actions, &attributes, &words, &variables) == 0 ? pid : nil
    }

    private static func inherited(without replaced: [String: String]) -> [String] {
        var list: [String] = []
        var place = environ
        while let variable = place.pointee {
            let text = String(cString: variable)
            if replaced[String(text.prefix { $0 != "=" })] == nil { list.append(text) }
            place += 1
        }
        return list
    }
}
