/// A lock on a relation, by PostgreSQL's names, weakest first.
package enum TableLock: String, Sendable, CaseIterable, Comparable {
    case rowExclusive = "ROW EXCLUSIVE"
    case shareUpdateExclusive = "SHARE UPDATE EXCLUSIVE"
    case share = "SHARE"
    case shareRowExclusive = "SHARE ROW EXCLUSIVE"
    case exclusive = "EXCLUSIVE"
    case accessExclusive = "ACCESS EXCLUSIVE"

    /// Who waits while it is held.
    package var stops: String {
        switch self {
        case .rowExclusive, .shareUpdateExclusive: "nobody"
        case .share, .shareRowExclusive, .exclusive: "writers"
        case .accessExclusive: "readers and writers"
        }
    }

    /// The weaker one.
    package static func < (one: TableLock, other: TableLock) -> Bool {
        one.rank < other.rank
    }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What a statement of a migration does to a relation that may be there already.
package struct StatementEffect: Sendable, Hashable {
    /// How much of the relation is touched while the lock is held.
    package enum Work: Int, Sendable, Comparable {
        /// Only what PostgreSQL notes about it.
        case catalogue
        /// Every row is read.
        case reads
        /// Every row is written.
        case rewrites

        /// The lesser one.
        package static func < (one: Work, other: Work) -> Bool { one.rawValue < other.rawValue }
    }

    /// Its name with its schema.
    package let relation: String
    /// The strongest lock that it takes.
    package let lock: TableLock
    /// What is done under it.
    package let work: Work
}

/// What the text of a statement tells of its effects.
package struct StatementForecast: Sendable, Equatable {
    /// Relations that may be there already, with what happens to them.
    package var effects: [StatementEffect] = []
    /// Relations that it makes: whatever happens to them stops nobody.
    package var made: Set<String> = []
    /// It runs a program (`DO`, a call of one of our functions), whose locks only the run shows.
    package var runsProgram = false
}

extension MigrationStatement {
    /// Reads the statement's text; names are those with a schema, as every migration writes them.
    package func forecast() -> StatementForecast {
        var reader = StatementReader(sql)
        return reader.read()
    }
}

/// A reader of the few forms that migrations are written in.
private struct StatementReader {
    private let words: [String]
    private var at = 0
    private var forecast = StatementForecast()

    init(_ sql: String) { words = SQLWords.of(sql) }

    mutating func read() -> StatementForecast {
        switch take().uppercased() {
        case "ALTER": alter()
        case "CREATE": create()
        case "DROP": drop()
        case "COMMENT": comment()
        case "TRUNCATE":
            skip("TABLE", "ONLY")
            for name in names() { note(name, .accessExclusive, .rewrites) }
        case "LOCK":
            skip("TABLE", "ONLY")
            let locked = names()
            skip("IN")
            let mode = words[at...].prefix { $0.uppercased() != "MODE" }.joined(separator: " ").uppercased()
            for name in locked { note(name, TableLock(rawValue: mode) ?? .accessExclusive, .catalogue) }
        case "INSERT", "UPDATE", "DELETE", "WITH", "SELECT": change()
        case "DO", "CALL": forecast.runsProgram = true
        default: break
        }
        return forecast
    }

    private mutating func alter() {
        let kind = take().uppercased()
        guard ["TABLE", "VIEW", "SEQUENCE"].contains(kind) else { return }
        skip("IF", "EXISTS", "ONLY")
        let name = take()
        guard kind == "TABLE" else { return note(name, .accessExclusive, .catalogue) }
        var actions: [[String]] = [[]]
        var depth = 0
        for word in words[at...] {
            if word == "(" { depth += 1 }
            if word == ")" { depth -= 1 }
            if word == ",", depth == 0 { actions.append([]) } else { actions[actions.count - 1].append(word) }
        }
        for action in actions { alter(name, action.map { $0.uppercased() }, action) }
    }

    private mutating func alter(_ name: String, _ action: [String], _ raw: [String]) {
        func has(_ words: String...) -> Bool {
            action.indices.contains { action[$0...].starts(with: words) }
        }
        if let reference = action.firstIndex(of: "REFERENCES"), raw.indices.contains(reference + 1) {
            note(raw[reference + 1], .shareRowExclusive, .catalogue)
        }
        switch action.first ?? "" {
        case "ENABLE", "DISABLE": note(name, .shareRowExclusive, .catalogue)
        case "VALIDATE": note(name, .shareUpdateExclusive, .reads)
        case "SET" where action.dropFirst().first == "(", "RESET" where action.dropFirst().first == "(":
            note(name, .shareUpdateExclusive, .catalogue)
        case "ALTER" where has("SET", "STATISTICS"), "CLUSTER":
            note(name, .shareUpdateExclusive, .catalogue)
        case "ALTER" where has("TYPE"): note(name, .accessExclusive, .rewrites)
        case "ALTER" where has("SET", "NOT", "NULL"): note(name, .accessExclusive, .reads)
        case "ADD" where has("FOREIGN", "KEY"):
            note(name, .shareRowExclusive, has("NOT", "VALID") ? .catalogue : .reads)
        case "ADD" where has("GENERATED"): note(name, .accessExclusive, .rewrites)
        case "ADD" where defaultIsComputed(action): note(name, .accessExclusive, .rewrites)
        case "ADD" where has("CHECK") || has("UNIQUE") || has("PRIMARY", "KEY"):
            note(name, .accessExclusive, has("NOT", "VALID") ? .catalogue : .reads)
        default: note(name, .accessExclusive, .catalogue)
        }
    }

    /// A default that is a call may be another one for each row.
    private func defaultIsComputed(_ action: [String]) -> Bool {
        guard let start = action.firstIndex(of: "DEFAULT") else { return false }
        return action[(start + 1)...].prefix(3).contains("(")
    }

    private mutating func create() {
        var isReplaced = false
        while ["OR", "REPLACE", "UNIQUE", "CONSTRAINT", "UNLOGGED", "RECURSIVE", "MATERIALIZED"].contains(peek()) {
            if peek() == "REPLACE" { isReplaced = true }
            at += 1
        }
        switch take().uppercased() {
        case "TABLE":
            skip("IF", "NOT", "EXISTS")
            forecast.made.insert(take())
            for (place, word) in words.enumerated()
            where word.uppercased() == "REFERENCES" && words.indices.contains(place + 1) {
                note(words[place + 1], .shareRowExclusive, .catalogue)
            }
        case "SEQUENCE":
            skip("IF", "NOT", "EXISTS")
            forecast.made.insert(take())
        case "VIEW":
            let name = take()
            if isReplaced { note(name, .accessExclusive, .catalogue) } else { forecast.made.insert(name) }
        case "INDEX":
            if let table = following("ON") { note(table, .share, .reads) }
        case "TRIGGER":
            if let table = following("ON") { note(table, .shareRowExclusive, .catalogue) }
        case "RULE":
            if let table = following("TO") { note(table, .accessExclusive, .catalogue) }
        default: break
        }
    }

    private mutating func drop() {
        switch take().uppercased() {
        // With an index its table is locked, which only the database can name.
        case "TABLE", "VIEW", "SEQUENCE", "INDEX":
            skip("IF", "EXISTS")
            for name in names() { note(name, .accessExclusive, .catalogue) }
        case "TRIGGER", "RULE":
            if let table = following("ON") { note(table, .accessExclusive, .catalogue) }
        default: break
        }
    }

    private mutating func comment() {
        skip("ON")
        switch take().uppercased() {
        case "TABLE", "VIEW", "SEQUENCE": note(take(), .shareUpdateExclusive, .catalogue)
        case "COLUMN":
            let column = take()
            guard let dot = column.lastIndex(of: ".") else { return }
            note(String(column[..<dot]), .shareUpdateExclusive, .catalogue)
        case "TRIGGER", "CONSTRAINT", "RULE":
            if let table = following("ON") { note(table, .shareUpdateExclusive, .catalogue) }
        default: break
        }
    }

    /// A change of rows; also in the common table expressions of a query.
    private mutating func change() {
        let upper = words.map { $0.uppercased() }
        for (place, word) in upper.enumerated() where words.indices.contains(place + 2) {
            switch (word, upper[place + 1]) {
            case ("INSERT", "INTO"), ("DELETE", "FROM"): note(words[place + 2], .rowExclusive, .catalogue)
            case ("UPDATE", _) where place == 0 || upper[place - 1] == "(":
                note(words[place + 1], .rowExclusive, .catalogue)
            default: break
            }
            // A call of ours: `assetlink.name(`.
            if words[place + 1] == "(", word.hasPrefix("ASSETLINK"), place == 0 || upper[place - 1] != "INTO" {
                forecast.runsProgram = true
            }
        }
    }

    private mutating func note(_ name: String, _ lock: TableLock, _ work: StatementEffect.Work) {
        guard name.contains(".") else { return }
        forecast.effects.append(StatementEffect(relation: name, lock: lock, work: work))
    }

    private func peek() -> String { at < words.count ? words[at].uppercased() : "" }

    private mutating func take() -> String {
        guard at < words.count else { return "" }
        at += 1
        return words[at - 1]
    }

    private mutating func skip(_ skipped: String...) {
        while skipped.contains(peek()) { at += 1 }
    }

    /// The name after a word.
    private func following(_ word: String) -> String? {
        guard let place = words[at...].firstIndex(where: { $0.uppercased() == word }) else { return nil }
        let name = words[(place + 1)...].first { $0.uppercased() != "ONLY" }
        return name
    }

    /// Names with commas between.
    private mutating func names() -> [String] {
        var names = [take()]
        while peek() == "," {
            at += 1
            names.append(take())
        }
        return names
    }
}
