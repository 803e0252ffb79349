import Configuration
import Glibc
import LinkService
import LinkStore
import Postgres

/// The settings in force, and where each came from: flags win over the environment, that over the file.
package struct Configured: Sendable, Undisclosed {
    /// Where a value came from.
    package enum Origin: Hashable, Sendable, CustomStringConvertible {
        case initial
        case file(line: Int)
        case environment(String)
        case flag(String)

        package var description: String {
            switch self {
            case .initial: "default"
            case .file(let line): "line \(line) of the file"
            case .environment(let variable): variable
            case .flag(let flag): flag
            }
        }
    }

    /// Everything that is wrong, so that it is mended at once; quotes no value.
    package struct Problems: Error, Hashable, CustomStringConvertible {
        package let list: [String]

        package init(list: [String]) { self.list = list }

        package var description: String { list.joined(separator: "\n") }
    }

    package private(set) var settings = DaemonSettings()
    package private(set) var origins: [String: Origin] = [:]

    /// - Parameters:
    ///   - file: the text of the configuration file; `nil`: there is none.
    ///   - environment: every variable.
    ///   - flags: what flags said, by keys of settings.
    package init(file: String?, environment: [String: String], flags: [String: String]) throws(Problems) {
        var problems: [String] = []
        var entries: [String: ConfigurationFile.Entry] = [:]
        do throws(ConfigurationFile.Problem) {
            if let file { entries = try ConfigurationFile(file).entries }
        } catch {
            problems.append("\(error)")
        }
        let known = Set(Setting.all.map(\.key))
        for (key, entry) in entries.sorted(by: { $0.value.line < $1.value.line }) where !known.contains(key) {
            problems.append("line \(entry.line): \(key) is no setting; assetlinkd --print-example shows all")
        }
        let readers = Self.readers(entries, environment, flags)
        for setting in Setting.all {
            guard let (text, origin) = Self.find(setting, in: readers, entries) else { continue }
            origins[setting.key] = origin
            guard let value = setting.read(text) else {
                problems.append("\(setting.key) (\(origin)) is not taken; it is: \(setting.range)")
                continue
            }
            setting.apply(&settings, value)
        }
        checkConnection(&problems)
        takePassword(environment, &problems)
        guard problems.isEmpty else { throw Problems(list: problems) }
    }

    /// A string that cannot be parsed would fail for ever; a password in an argument shows in every list of processes.
    private func checkConnection(_ problems: inout [String]) {
        let connection = ConnectionSettings(settings.daemon.database)
        let origin = origins["database.connection"] ?? .initial
        do {
            try connection.check()
            guard case .flag(let flag) = origin, connection.holdsSecret else { return }
            problems.append(
                "\(flag) holds a password, which every user of this machine can read there; use database.password_file, "
                    + "systemd's credential pg-password, PGPASSFILE or PGPASSWORD")
        } catch {
            problems.append("database.connection (\(origin)): \(error)")
        }
    }

    /// The password from its file or systemd's credential.
    private mutating func takePassword(_ environment: [String: String], _ problems: inout [String]) {
        let credential = environment["CREDENTIALS_DIRECTORY"].map { "\($0)/pg-password" }
        let path: String
        if !settings.passwordFile.isEmpty {
            path = settings.passwordFile
        } else if let credential, access(credential, F_OK) == 0 {
            path = credential
        } else {
            return
        }
        let password: String
        do {
            password = try TextFile.firstLine(path)
        } catch {
            problems.append("database.password_file: \(path) cannot be read: \(error.message)")
            return
        }
        guard !password.isEmpty, !password.utf8.contains(0) else {
            problems.append("database.password_file: the first line of \(path) is no password")
            return
        }
        settings.daemon.password = password
    }

    /// In the order in which they win.
    private static func readers(
        _ entries: [String: ConfigurationFile.Entry], _ environment: [String: String], _ flags: [String: String]
    ) -> [(kind: Int, reader: ConfigReader)] {
        func inMemory(_ name: String, _ values: [String: String]) -> ConfigReader {
            ConfigReader(
                provider: InMemoryProvider(
                    name: name,
                    values: Dictionary(
                        uniqueKeysWithValues: values.map {
                            (AbsoluteConfigKey(ConfigKey($0.key)), ConfigValue(.string($0.value), isSecret: true))
                        })))
        }
        let variables = EnvironmentVariablesProvider(environmentVariables: environment, secretsSpecifier: .all)
            .prefixKeys(with: "assetlinkd")
        return [
            (0, inMemory("flags", flags)), (1, ConfigReader(provider: variables)),
            (2, inMemory("file", entries.mapValues(\.text))),
        ]
    }

    private static func find(
        _ setting: Setting, in readers: [(kind: Int, reader: ConfigReader)],
        _ entries: [String: ConfigurationFile.Entry]
    ) -> (String, Origin)? {
        for (kind, reader) in readers {
            guard let text = reader.string(forKey: ConfigKey(setting.key), isSecret: true) else { continue }
            switch kind {
            case 0: return (text, .flag(setting.flag ?? setting.key))
            case 1: return (text, .environment(setting.variable))
            default: return (text, .file(line: entries[setting.key]?.line ?? 0))
            }
        }
        return nil
    }

    /// The settings that differ and take effect at the next start only.
    package func needingRestart(after old: Configured) -> [String] {
        Setting.all.filter { $0.needsRestart && $0.show(settings) != $0.show(old.settings) }.map(\.key)
    }
}
