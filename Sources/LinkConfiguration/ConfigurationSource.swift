import Glibc
import LinkService
import LinkStore

/// Where the settings of a process come from; read as often as asked.
package struct ConfigurationSource: Sendable, Undisclosed {
    /// The path of the file; `nil`: none.
    package var file: String?
    /// What flags said, by keys of settings.
    package var flags: [String: String]

    package init(file: String?, flags: [String: String]) {
        self.file = file
        self.flags = flags
    }

    /// Reads file and environment as they are now.
    package func read() throws(Configured.Problems) -> Configured {
        var text: String?
        if let file { text = try Self.text(of: file) }
        return try Configured(file: text, environment: Self.environment, flags: flags)
    }

    private static func text(of path: String) throws(Configured.Problems) -> String {
        do {
            return try TextFile.read(path, limit: 1_000_000)
        } catch {
            throw Configured.Problems(list: ["\(path) cannot be read: \(error.message)"])
        }
    }

    private static var environment: [String: String] {
        var values: [String: String] = [:]
        var place = environ
        while let variable = place.pointee {
            let parts = String(cString: variable).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
            place += 1
        }
        return values
    }
}
