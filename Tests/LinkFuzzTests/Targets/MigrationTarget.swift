import LinkTesting

@testable import LinkStore

extension FuzzTargets {
    /// Files of SQL: cut where statements end, without loss, in time that grows with their length.
    static let migration = FuzzTarget(
        "migration",
        mutator: ByteMutator(tokens: [
            ";", "'", "\"", "$$", "$a$", "/*", "*/", "--", "\n", "E'", "\\'", "(", ")", "CREATE FUNCTION f() ",
            "BEGIN ATOMIC ",
            "END", "CASE ", "COMMIT", "$1",
        ])
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let statements: [MigrationStatement]
        do throws(UnfinishedSQL) {
            statements = try splitStatements(text)
        } catch {
            try FuzzFinding.unless((1...lines(text)).contains(error.line), "an error in line \(error.line)")
            return error.message
        }
        var rest = text.unicodeScalars[...]
        for statement in statements {
            try FuzzFinding.unless((1...lines(text)).contains(statement.line), "a statement in line \(statement.line)")
            let sql = Array(statement.sql.unicodeScalars)
            try FuzzFinding.unless(!sql.isEmpty, "a statement of nothing")
            // Each stands in the text, behind the one before.
            while !rest.starts(with: sql) {
                guard rest.popFirst() != nil else { throw FuzzFinding("a statement that is not in the file") }
            }
            rest = rest.dropFirst(sql.count)
            let again = try splitStatements(statement.sql)
            try FuzzFinding.unless(again.count == 1, "a statement that is \(again.count) when it is cut again")
        }
        do throws(MigrationError) {
            _ = try MigrationFile(name: "0001_\(text.prefix(3)).sql", sql: text)
            return "\(min(statements.count, 4)) statements"
        } catch {
            return "refused"
        }
    }

    private static func lines(_ text: String) -> Int { 1 + text.unicodeScalars.count { $0 == "\n" } }
}
