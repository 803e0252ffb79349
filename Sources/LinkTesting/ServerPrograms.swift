package import Glibc

/// PostgreSQL's own programs, and the user that may run them.
package enum ServerPrograms {
    /// Where the server's programs are: the folder that `ASSETLINK_TEST_PROGRAMS` names, or else the newest of Debian's.
    package static var folder: String {
        if let named = getenv("ASSETLINK_TEST_PROGRAMS") { return String(cString: named) }
        return ["18", "17", "16", "15"].map { "/usr/lib/postgresql/\($0)/bin" }
            .first { access("\($0)/initdb", X_OK) == 0 } ?? "/usr/bin"
    }

    /// Who runs the server when this process is root, as PostgreSQL refuses to; `nil` = this process's own user.
    package static func user() throws -> (uid: uid_t, gid: gid_t)? {
        guard getuid() == 0 else { return nil }
        guard let user = getpwnam("postgres") ?? getpwnam("nobody") else {
            throw ChildProcess.Failure(description: "no user to run PostgreSQL as")
        }
        return (user.pointee.pw_uid, user.pointee.pw_gid)
    }

    /// The words that run a program as that user.
    package static func asServerUser(_ command: [String]) throws -> [String] {
        guard let user = try user() else { return command }
        return ["/usr/bin/setpriv", "--reuid=\(user.uid)", "--regid=\(user.gid)", "--clear-groups"] + command
    }

    /// A new folder under `/tmp` that belongs to that user and to nobody else.
    package static func makeFolder(_ name: String) throws -> String {
        var template = Array("/tmp/\(name)-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw ChildProcess.Failure(description: "no temporary directory")
        }
        let folder = String(cString: made)
        if let user = try user() { chown(folder, user.uid, user.gid) }
        return folder
    }
}
