import Postgres

/// One line of a file of decisions.
struct DecisionLine {
    let number: Int
    let action: DecisionAction
    let ci: String
    let asset: String?
    let reason: String
    let until: String?

    private static let columns = ["action", "ci", "asset", "reason", "until"]

    /// Reads a file whose first line names the columns.
    ///
    /// - Throws: ``Failure`` naming the line, for everything that can be known without the database.
    static func read(_ text: String, defaultReason: String?) throws -> [DecisionLine] {
        let lines = try CSV.read(text)
        guard let header = lines.first else {
            throw Failure(
                .usage, "The file is empty.", hint: "Its first line names the columns: action,ci,asset,reason.")
        }
        let names = header.fields.map { $0.lowercased().filter { !$0.isWhitespace } }
        for name in names where !columns.contains(name) {
            throw Failure(
                .usage, "Line \(header.number): there is no column \(name).",
                hint: "Columns are \(columns.joined(separator: ", ")).")
        }
        for needed in ["action", "ci"] where !names.contains(needed) {
            throw Failure(.usage, "Line \(header.number): the column \(needed) is missing.")
        }
        if Set(names).count < names.count {
            throw Failure(.usage, "Line \(header.number): a column is named twice.")
        }
        return try lines.dropFirst().map { try DecisionLine($0, names, defaultReason) }
    }

    private init(_ line: CSV.Line, _ names: [String], _ defaultReason: String?) throws {
        guard line.fields.count == names.count else {
            throw Failure(
                .usage,
                "Line \(line.number) has \(counted(Int64(line.fields.count), "field")), the first line has \(names.count)."
            )
        }
        func value(_ name: String) -> String? {
            guard let index = names.firstIndex(of: name) else { return nil }
            return line.fields[index].allSatisfy(\.isWhitespace) ? nil : line.fields[index]
        }
        number = line.number
        let word = value("action") ?? ""
        guard let action = DecisionAction(rawValue: word.lowercased().filter { !$0.isWhitespace }) else {
            throw Failure(
                .usage, "Line \(line.number): there is no action \(word).",
                hint: "Actions are \(DecisionAction.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        guard let ci = value("ci") else { throw Failure(.usage, "Line \(line.number) names no CI.") }
        guard let reason = value("reason") ?? defaultReason else {
            throw Failure(.usage, "Line \(line.number) gives no reason.", hint: "Fill in the column, or give --reason.")
        }
        self.action = action
        self.ci = ci
        self.reason = reason
        asset = value("asset")
        until = value("until")
        if action.needsAsset, asset == nil {
            throw Failure(.usage, "Line \(line.number): \(action.rawValue) needs an asset.")
        }
        if !action.mayExpire, until != nil {
            throw Failure(.usage, "Line \(line.number): \(action.rawValue) takes no until.")
        }
    }

    /// The call that records it, as it stands in the database.
    func call(_ person: String?, _ session: Session) async throws -> Statement {
        let person: Parameter = person.map { .text($0) } ?? .null
        guard action.needsAsset, let asset else {
            return action.call(try await RecordReference.find(ci, .ci, session), reason: reason, person: person)
        }
        let pair = try await RecordReference.findPair(ci, asset, command: action.rawValue, session)
        return action.call(
            pair.ci, pair.asset, reason: reason, person: person, until: until.map { .text($0) } ?? .null)
    }
}
