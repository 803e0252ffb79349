import Crypto

/// One file of `sql/migrations`: its number, its name, its text and its statements.
package struct MigrationFile: Sendable, Equatable {
    /// The leading digits of the file's name.
    package let number: Int
    /// The file's name, `0001_roles_and_schemas.sql`.
    package let name: String
    /// What it holds.
    package let sql: String
    /// SHA-256 of its bytes, in lower-case hexadecimal; the ledger keeps it.
    package let sha256: String
    /// Its statements, in order.
    package let statements: [MigrationStatement]
    /// The oldest version whose programs go on working when this file is applied: what a line `-- works from: 0052` says.
    ///
    /// `nil`: only programs that know this file.
    package let worksFrom: Int?

    /// Takes a file apart; refuses a name or a content that cannot be a migration.
    package init(name: String, sql: String) throws(MigrationError) {
        let digits = name.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits), number > 0, digits.count >= 4, name.dropFirst(digits.count).hasPrefix("_")
        else {
            throw MigrationError(
                .files, "\(name) is not the name of a migration.", hint: "Name it like 0042_what_it_does.sql.")
        }
        self.number = number
        self.name = name
        self.sql = sql
        sha256 = Self.hexadecimal(SHA256.hash(data: Array(sql.utf8)))
        do {
            statements = try splitStatements(sql)
        } catch {
            throw MigrationError(
                .files, "\(name), line \(error.line): \(error.message).",
                hint: "The file is as released? Install it again.")
        }
        if let statement = statements.first(where: \.controlsTransaction) {
            throw MigrationError(
                .files, "\(name), line \(statement.line): a migration must not begin or end a transaction.",
                hint: "Remove the statement: each file runs in one transaction of its own.")
        }
        worksFrom = try Self.worksFrom(name, number, sql)
        guard !statements.isEmpty else {
            throw MigrationError(
                .files, "\(name) has no statement.", hint: "The file is as released? Install it again.")
        }
    }

    private static func worksFrom(_ name: String, _ number: Int, _ sql: String) throws(MigrationError) -> Int? {
        let mark = "-- works from: "
        guard let line = sql.split(separator: "\n").first(where: { $0.hasPrefix(mark) }) else { return nil }
        guard let version = Int(line.dropFirst(mark.count)), version > 0, version < number else {
            throw MigrationError(
                .files, "\(name): \"\(line)\" does not name an earlier version.",
                hint: "Write it like: \(mark)\(fourDigits(max(1, number - 1)))")
        }
        return version
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

extension Migrator {
    /// Reads the migrations of a folder, in order; other files are left alone.
    package static func load(directory: String) throws(MigrationError) -> [MigrationFile] {
        let names: [String]
        do {
            names = try listFolder(directory).filter { $0.hasSuffix(".sql") }.sorted()
        } catch {
            throw MigrationError(
                .files, "The folder of migrations \(directory) could not be read: \(error.message).",
                hint: "Name the folder with --sql-dir.")
        }
        guard !names.isEmpty else {
            throw MigrationError(
                .files, "There are no migrations in \(directory).", hint: "Name the folder with --sql-dir.")
        }
        var files: [MigrationFile] = []
        for name in names {
            let sql: String
            do {
                sql = try TextFile.read(directory + "/" + name)
            } catch {
                throw MigrationError(
                    .files, "\(directory)/\(name) could not be read: \(error.message).",
                    hint: "Check its permissions, or install it again.")
            }
            files.append(try MigrationFile(name: name, sql: sql))
        }
        files.sort { $0.number < $1.number }
        for (one, next) in zip(files, files.dropFirst()) where one.number == next.number {
            throw MigrationError(
                .files, "\(one.name) and \(next.name) have the same number.",
                hint: "Give one of them the next free number.")
        }
        return files
    }

    /// Reads the script of the roles, which lies beside the folder of migrations.
    static func loadRoles(beside directory: String) throws(MigrationError) -> [MigrationStatement] {
        let path = directory + "/../roles.sql"
        do {
            return try splitStatements(try TextFile.read(path))
        } catch let error as TextFile.Unreadable {
            throw MigrationError(
                .files, "\(path), which makes the roles, could not be read: \(error.message).",
                hint: "It lies beside the folder of migrations; install it again.")
        } catch {
            throw MigrationError(
                .files, "\(path) is not whole.", hint: "The file is as released? Install it again.")
        }
    }

    /// Refuses a set of files that is not the one this program was built for.
    package static func requireComplete(_ files: [MigrationFile], upTo version: Int = Schema.expectedVersion)
        throws(MigrationError)
    {
        let present = Set(files.map(\.number))
        if let missing = (1...version).first(where: { !present.contains($0) }) {
            throw MigrationError(
                .files,
                "Migration \(fourDigits(missing)) is missing: this program needs 0001 to \(fourDigits(version)).",
                hint: "Point --sql-dir at the sql/migrations of the same release.")
        }
        if let last = files.last, last.number > version {
            throw MigrationError(
                .files,
                "\(last.name) belongs to a newer release: this program knows migrations up to \(fourDigits(version)).",
                hint: "Use the assetlinkctl of that release.")
        }
    }
}
