import Glibc

/// A process that outlives this one by a moment, to clear up: its standard input is a pipe that this process holds open
/// and never writes to, so it ends with this process however that ends.
package enum Supervisor {
    /// Starts it; returns all that it wrote until it closed its standard output.
    package static func start(_ command: [String]) async throws -> String {
        let answer = try spawn(command)
        // Blocks for seconds.
        return await blocking { readAll(answer) }
    }

    /// Starts a program; returns the descriptor of its standard output.
    private static func spawn(_ command: [String]) throws -> CInt {
        var input: [CInt] = [0, 0]
        var output: [CInt] = [0, 0]
        guard pipe(&input) == 0, pipe(&output) == 0 else { throw ChildProcess.Failure(description: "no pipe") }
        for descriptor in input + output { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        var arguments = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var pid = pid_t()
        let status = posix_spawn(&pid, command[0], &actions, nil, &arguments, environ)
        // The write end of the input stays open until this process ends.
        close(input[0])
        close(output[1])
        guard status == 0 else { throw ChildProcess.Failure(description: "\(command[0]) could not be started") }
        return output[0]
    }

    private static func readAll(_ descriptor: CInt) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count > 0 else { break }
            bytes += chunk.prefix(count)
        }
        close(descriptor)
        return String(decoding: bytes, as: UTF8.self)
    }
}
