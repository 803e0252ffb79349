import Glibc
import LinkTesting

/// A file system of a size of its own, in memory, that can be filled; only root can make one.
struct SmallDisk: Sendable {
    /// Where it is mounted.
    let folder: String

    private var ballast: String { "\(folder)/ballast" }

    /// Mounts one for the server's user.
    static func make(in place: String, megabytes: Int) async throws -> SmallDisk {
        let disk = SmallDisk(folder: "\(place)/tmpfs")
        try await Room.run(["/bin/mkdir", disk.folder])
        let user = try ServerPrograms.user()
        let owner = user.map { ",uid=\($0.uid),gid=\($0.gid)" } ?? ""
        try await ChildProcess.run([
            "/bin/mount", "-t", "tmpfs", "-o", "size=\(megabytes)m,mode=700\(owner)", "tmpfs", disk.folder,
        ])
        return disk
    }

    /// Fills it but for so many bytes.
    func fill(leaving rest: Int) async throws {
        try await Room.run([
            "/bin/sh", "-c",
            """
            cd '\(folder)' && free=$(($(stat -f -c '%a * %S' .) - \(rest)))
            [ "$free" -le 0 ] || head -c "$free" /dev/zero >>ballast || true
            """,
        ])
    }

    /// Takes away what fills it.
    func empty() async throws { try await Room.run(["/bin/rm", "-f", ballast]) }

    /// Unmounts it.
    func remove() async throws { try await ChildProcess.run(["/bin/umount", folder]) }
}
