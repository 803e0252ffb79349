import LinkTesting
import Synchronization

@testable import LinkCommands
@testable import Postgres

extension FuzzTargets {
    /// Connection strings as people mistype them: the lines are user, what stands before the secret in the password,
    /// what stands after it, host, port, database, more.
    ///
    /// Nothing that can be seen of a connection string says the secret, whatever became of it.
    static let conninfo = FuzzTarget(
        "conninfo",
        mutator: ByteMutator(tokens: [
            "@", "/", ":", "?", "#", "%", "%40", "=", "&", " ", "'", "\\", ",", "[", "]", "//", "host=", "sslmode=",
            "\n",
            "127.0.0.1", "/nowhere",
        ]), limit: 60
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let fields = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let field = { (index: Int) in fields.count > index ? fields[index] : "" }
        var fates: [String] = []
        for (form, string) in connectionStrings(field) {
            fates.append("\(form) \(try await secretStays(in: ConnectionSettings(string)))")
            let overrides = ["password": field(1) + secret + field(2)]
            _ = try await secretStays(in: ConnectionSettings("host=/nowhere", overrides: overrides))
        }
        return fates.joined(separator: ", ")
    }

    /// What must never be seen.
    static let secret = "zqSecretqz"

    /// The ways to write one connection; none where the password holds another keyword, and so is none.
    private static func connectionStrings(_ field: (Int) -> String) -> [(String, String)] {
        let password = field(1) + secret + field(2)
        if hasKeyword(field(1)) { return [] }
        let more = field(6).isEmpty ? "" : "?\(field(6))"
        let quoted = password.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
        let port = field(4).isEmpty ? "" : " port=\(field(4))"
        return [
            ("uri", "postgresql://\(field(0)):\(password)@\(field(3)):\(field(4))/\(field(5))\(more)"),
            ("short uri", "postgres://:\(password)@\(field(3))"),
            ("quoted", "host='\(field(3))'\(port) password='\(quoted)' dbname='\(field(5))' \(field(6))"),
            ("plain", "user=\(field(0)) password=\(password) host=\(field(3))\(port) \(field(6))"),
            ("scheme", "\(field(0))://\(field(0)):\(password)@\(field(3))/\(field(5))"),
        ]
    }

    /// Whether somebody who wrote this meant another setting to begin, not a password to go on.
    private static func hasKeyword(_ text: String) -> Bool {
        let keywords = [
            "host", "hostaddr", "port", "dbname", "user", "options", "application_name", "service", "sslmode",
            "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "passfile", "require_auth",
            "channel_binding", "connect_timeout", "client_encoding", "keepalives", "tcp_user_timeout", "replication",
            "gssencmode", "sslcompression", "requirepeer", "ssl_min_protocol_version", "ssl_max_protocol_version",
            "krbsrvname", "gsslib", "gssdelegation", "target_session_attrs", "load_balance_hosts", "requiressl", "ssl",
            "fallback_application_name", "keepalives_idle", "keepalives_interval", "keepalives_count", "tty",
            "authtype",
        ]
        return keywords.contains { text.contains("\($0)=") || text.contains("\($0) =") }
    }

    private static func secretStays(in settings: ConnectionSettings) async throws -> String {
        var dumped = ""
        dump(settings, to: &dumped)
        try isUnsaid("\(settings) \(String(reflecting: settings)) \(dumped)", "the settings")
        let conninfo: Conninfo
        do throws(PostgresError) {
            conninfo = try Conninfo(settings)
        } catch {
            try isUnsaid(error, "a refusal")
            return "refused"
        }
        dumped = ""
        dump(conninfo, to: &dumped)
        try isUnsaid("\(conninfo) \(String(reflecting: conninfo)) \(dumped)", "what was parsed")
        // Only what cannot leave the machine is tried.
        guard conninfo.hosts.allSatisfy({ $0.hasPrefix("/no") }) else { return "parsed" }
        do throws(PostgresError) {
            _ = try ServerHandle(connecting: conninfo, logger: quietLogger)
            return "connected"
        } catch {
            try isUnsaid(error, "a failure to connect")
            return "failed: \(error.message.prefix { $0.isLetter || $0 == " " }.prefix(20))"
        }
    }

    private static func isUnsaid(_ error: PostgresError, _ whose: String) throws {
        try FuzzFinding.unless(error.code == .connectionFailed, "an error of code \(error.code)")
        try isUnsaid("\(error) \(String(reflecting: error)) \(error.hint ?? "")", whose)
        let failure = Failure(error)
        try isUnsaid("\(failure.message) \(failure.hint ?? "")", "the command line")
    }

    private static func isUnsaid(_ text: String, _ whose: String) throws {
        try FuzzFinding.unless(!text.contains(secret), "\(whose) says the secret")
    }
}
