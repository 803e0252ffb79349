import CLibPQ
import Glibc

/// Connection keywords in the order libpq reads them, checked so that no error can quote a password.
struct Conninfo: Sendable {
    /// Keyword and value pairs; of equal keywords the last wins.
    let pairs: [(keyword: String, value: String)]
    /// Values that must not appear in any message.
    private let secrets: [String]

    /// Refuses a string that libpq could not parse, or would parse into the wrong fields.
    init(_ settings: ConnectionSettings) throws(PostgresError) {
        let parsed = try Self.parse(settings.conninfo).merging(settings.overrides) { _, new in new }
        // A password with an unescaped '@' or '/' moves into the host, the port or the database name, and libpq
        // would quote it from there.
        let hosts = (parsed["host"] ?? "").split(separator: ",")
        let ports = (parsed["port"] ?? "").split(separator: ",")
        guard !hosts.contains(where: { $0.dropFirst().contains("@") }), parsed["dbname"]?.contains("@") != true,
            ports.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } })
        else { throw Self.malformed }
        let defaults = Self.defaults()
        var pairs: [(keyword: String, value: String)] = []
        if parsed["connect_timeout"] == nil, defaults["connect_timeout"] == nil {
            let count = ["host", "hostaddr"].map { (parsed[$0] ?? defaults[$0] ?? "").split(separator: ",").count }
            // libpq knows whole seconds, and not less than two.
            let share = max(2, settings.connectTimeout.components.seconds / Int64(max(1, count.max() ?? 1)))
            pairs.append(("connect_timeout", String(share)))
        }
        pairs.append(("dbname", settings.conninfo))
        pairs += settings.overrides.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        pairs.append(("client_encoding", "UTF8"))
        guard !pairs.contains(where: { $0.keyword.utf8.contains(0) || $0.value.utf8.contains(0) }) else {
            throw Self.malformed
        }
        self.pairs = pairs
        self.secrets = ["password", "sslpassword"].flatMap { [parsed[$0], defaults[$0]] }.compactMap { $0 }
    }

    /// The text without any of the secrets.
    func redacting(_ text: String) -> String {
        secrets.filter { !$0.isEmpty }.reduce(text) { $0.replacing($1, with: "***") }
    }

    /// Says that the string is wrong without quoting any of it.
    private static var malformed: PostgresError {
        var error = PostgresError(.connectionFailed, "the connection string could not be parsed")
        error.hint = "In a URI percent-encode the characters of the password; in a keyword string quote it."
        return error
    }

    private static func parse(_ text: String) throws(PostgresError) -> [String: String] {
        // libpq takes a string without '=' and without the URI prefix as a database name, and a server that does
        // not know it would quote it: a mistyped URI must not get that far.
        let isURI = text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
        guard isURI || text.contains("=") else {
            if text.contains(where: { ":/@".contains($0) }) { throw malformed }
            return text.isEmpty ? [:] : ["dbname": text]
        }
        guard let options = unsafe PQconninfoParse(text, nil) else { throw malformed }
        return unsafe collect(options)
    }

    /// What the environment and its service file say.
    private static func defaults() -> [String: String] {
        guard let options = unsafe PQconndefaults() else { return [:] }
        return unsafe collect(options)
    }

    /// Copies the values that are set, and frees the array.
    private static func collect(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        // Safe: libpq ends the array with a nil keyword, and the strings live until PQconninfoFree.
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                unsafe values[String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return values
    }
}
