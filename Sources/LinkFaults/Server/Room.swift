import LinkTesting
import Synchronization

/// The folder of this process under which everything of the scenarios is; cleared up with the process.
package enum Room {
    private static let number = Mutex(0)

    private static let top = Task<String, any Error> {
        let folder = try ServerPrograms.makeFolder("assetlink-faults")
        let user = try ServerPrograms.asServerUser([])
        let word = try await Supervisor.start(
            ["/bin/sh", "-c", supervisor, "supervisor", folder, ServerPrograms.folder] + user)
        guard word.hasPrefix("ready") else { throw ChildProcess.Failure(description: word) }
        return folder
    }

    /// Crashes every server under the folder and takes its file systems away when this process ends.
    private static let supervisor = """
        trap '' INT TERM HUP
        dir=$1 bin=$2
        shift 2
        cd "$dir"
        echo ready
        exec >/dev/null 2>&1
        read -r _
        for pid in "$dir"/*/data/postmaster.pid "$dir"/*/*/data/postmaster.pid; do
            [ -e "$pid" ] && "$@" "$bin/pg_ctl" -D "${pid%/postmaster.pid}" -m immediate stop
        done
        for place in "$dir"/*/tmpfs; do umount -l "$place"; done
        cd / && rm -rf "$dir"
        """

    /// A new empty folder of the server's user.
    package static func folder() async throws -> String {
        let top = try await top.value
        let name = number.withLock { number in
            number += 1
            return "\(top)/\(number)"
        }
        try await run(["/bin/mkdir", "-m", "700", name])
        return name
    }

    /// The words that run one of the server's programs, to be run by ``run(_:)``.
    package static func program(_ name: String) -> [String] { ["\(ServerPrograms.folder)/\(name)"] }

    /// Runs a program as the server's user; returns what it wrote.
    @discardableResult
    package static func run(_ command: [String]) async throws -> String {
        try await ChildProcess.run(ServerPrograms.asServerUser(command))
    }
}
