/// One statement of a migration and where it begins.
package struct MigrationStatement: Sendable, Equatable {
    /// Its text, without the semicolon.
    package let sql: String
    /// The line of the file on which it begins, counted from 1.
    package let line: Int

    /// Whether it would end the transaction its file runs in.
    var controlsTransaction: Bool {
        let word = sql.prefix { $0.isLetter }.uppercased()
        return ["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE", "SAVEPOINT", "RELEASE"].contains(
            word)
    }

    /// The line of the file at a position that the server counts in characters from 1.
    func line(at position: Int?) -> Int {
        guard let position, position > 1 else { return line }
        return line + sql.unicodeScalars.prefix(position - 1).count { $0 == "\n" }
    }
}

/// A text that is not whole.
struct UnfinishedSQL: Error {
    let line: Int
    let message: String
}

/// Cuts a file at the semicolons between its statements, as psql does.
func splitStatements(_ sql: String) throws(UnfinishedSQL) -> [MigrationStatement] {
    var splitter = StatementSplitter(sql)
    var statements: [MigrationStatement] = []
    while let statement = try splitter.next() { statements.append(statement) }
    return statements
}
