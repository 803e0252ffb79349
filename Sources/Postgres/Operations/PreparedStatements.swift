/// What is prepared on one connection; lives on the loop only.
final class PreparedStatements {
    /// The name of a statement on the server.
    typealias Name = String

    /// Texts come from the program, so the limit is a guard against texts that are made up at run time.
    private static let limit = 512

    private var names: [EncodedStatement.Key: Name] = [:]
    private var made = 0

    /// The name of what is already prepared.
    subscript(_ key: EncodedStatement.Key) -> Name? { names[key] }

    /// A name never used before; nil when the connection has enough of them, those under way included.
    func makeName(underWay: Int) -> Name? {
        guard names.count + underWay < Self.limit else { return nil }
        made += 1
        return "s\(made)"
    }

    /// The server has accepted the Parse; it stays even when the transaction is rolled back.
    func insert(_ key: EncodedStatement.Key, _ name: Name) { names[key] = name }

    /// The statement is of no use any more.
    func forget(_ key: EncodedStatement.Key) { names[key] = nil }
}
