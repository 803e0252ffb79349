import CLibPQ
import Glibc

/// Connection keywords in the order libpq reads them, checked so that no error can quote a password.
struct Conninfo: Sendable {
    /// Keyword and value pairs; of equal keywords the last wins.
    let pairs: [(keyword: String, value: String)]
    /// Addresses, names and folders of sockets that are tried, as the string or the environment has them.
    let hosts: [String]
    /// Values that must not appear in any message.
    private let secrets: [String]

    /// Keywords whose values are secrets, of this libpq and of later ones.
    private static let secretKeywords = [
        "password", "sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret",
    ]

    /// Refuses a string that libpq could not parse, or would parse into the wrong fields.
    init(_ settings: ConnectionSettings) throws(PostgresError) {
        let parsed = try Self.parse(settings.conninfo).merging(settings.overrides) { _, new in new }
        guard !Self.isAmbiguous(settings.conninfo), !Self.isMisplaced(parsed) else { throw Self.malformed }
        let defaults = Self.defaults()
        // An address spares libpq to look up the name.
        hosts =
            ["hostaddr", "host"].lazy.map { (parsed[$0] ?? defaults[$0] ?? "").split(separator: ",") }
            .first { !$0.isEmpty }?.map(String.init) ?? []
        var pairs: [(keyword: String, value: String)] = []
        if parsed["connect_timeout"] == nil, defaults["connect_timeout"] == nil {
            // libpq knows whole seconds, and not less than two.
            let share = max(2, settings.connectTimeout.components.seconds / Int64(max(1, hosts.count)))
            pairs.append(("connect_timeout", String(share)))
        }
        pairs.append(("dbname", settings.conninfo))
        pairs += settings.overrides.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        pairs.append(("client_encoding", "UTF8"))
        guard !pairs.contains(where: { $0.keyword.utf8.contains(0) || $0.value.utf8.contains(0) }) else {
            throw Self.malformed
        }
        self.pairs = pairs
        let values = Self.secretKeywords.flatMap { [parsed[$0], defaults[$0]] }.compactMap { $0 }
        // The longest first: one may be part of another.
        self.secrets = values.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// Whether a connection string holds a secret itself; one that cannot be parsed may hold anything.
    static func holdsSecret(_ text: String) -> Bool {
        guard let parsed = try? parse(text) else { return true }
        return secretKeywords.contains { parsed[$0]?.isEmpty == false }
    }

    /// The text without any of the secrets.
    func redacting(_ text: String) -> String {
        // By scalars: as characters, a secret before a combining mark would not be found.
        var scalars = Array(text.unicodeScalars)
        for secret in secrets { scalars.replace(Array(secret.unicodeScalars), with: "***".unicodeScalars) }
        return String(String.UnicodeScalarView(scalars))
    }

    /// Whether a URI may hold an unescaped '@' or '/' in its password, which libpq would take for something else.
    ///
    /// Where a ':' may begin a password, only one '@' may follow, and no '/' before it.
    private static func isAmbiguous(_ text: String) -> Bool {
        guard isURI(text), let start = text.firstRange(of: "://")?.upperBound else { return false }
        let rest = text[start...]
        let authority = rest.prefix { $0 != "/" }
        guard authority.contains(":"), rest.contains("@") else { return false }
        return rest.count { $0 == "@" } > 1 || !authority.contains("@")
    }

    /// Whether a value that libpq may quote looks as if it held a password: a quote too many, a URI in a keyword.
    private static func isMisplaced(_ parsed: [String: String]) -> Bool {
        let hosts = (parsed["host"] ?? "").split(separator: ",")
        let ports = (parsed["port"] ?? "").split(separator: ",")
        return hosts.contains { $0.dropFirst().contains("@") } || parsed["dbname"]?.contains("@") == true
            || !ports.allSatisfy { $0.utf8.allSatisfy { (48...57).contains($0) } }
            || parsed.contains { keyword, value in
                !secretKeywords.contains(keyword)
                    && (value.contains("://") && value.contains("@")
                        || value.filter { !$0.isWhitespace }.lowercased().contains("password="))
            }
    }

    /// Says that the string is wrong without quoting any of it.
    private static var malformed: PostgresError {
        var error = PostgresError(.connectionFailed, "the connection string could not be parsed")
        error.hint = "In a URI percent-encode the password, and every @ but the one before the host; else quote it."
        return error
    }

    private static func isURI(_ text: String) -> Bool {
        text.hasPrefix("postgres://") || text.hasPrefix("postgresql://")
    }

    private static func parse(_ text: String) throws(PostgresError) -> [String: String] {
        // libpq takes a string without '=' and without the URI prefix as a database name, and a server that does
        // not know it would quote it: a mistyped URI must not get that far.
        guard isURI(text) || text.contains("=") else {
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

extension Conninfo: CustomStringConvertible, CustomReflectable {
    /// Says nothing of what it holds.
    var description: String { "Conninfo" }
    /// Hides the fields from `dump` and string interpolation.
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
