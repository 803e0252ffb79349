import LinkCore

/// A script as text: one step a line, what belongs to the same transaction behind a `+` on lines of its own.
extension Script {
    package var text: String {
        var lines = ["limits live=\(live) bulk=\(bulk) holders=\(holders)"]
        if !tables.isEmpty { lines.append("tables " + tables.sorted().joined(separator: " ")) }
        if !removing.isEmpty { lines.append("removing " + removing.sorted().joined(separator: " ")) }
        for step in steps { lines += step.lines }
        return lines.joined(separator: "\n") + "\n"
    }

    /// - Throws: ``UnreadableScript`` with the line that is at fault; empty lines and those that begin with # are none.
    package init(text: String) throws {
        self.init()
        for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = raw.drop { $0 == " " }
            if line.isEmpty || line.hasPrefix("#") { continue }
            do { try read(line) } catch { throw UnreadableScript(line: number + 1, text: String(line)) }
        }
    }

    private mutating func read(_ line: Substring) throws {
        let (word, rest) = line.cut()
        switch word {
        case "limits":
            for pair in rest.split(separator: " ") {
                let parts = pair.split(separator: "=")
                guard parts.count == 2, let value = Int(parts[1]) else { throw Unreadable() }
                switch parts[0] {
                case "live": live = value
                case "bulk": bulk = value
                case "holders": holders = value
                default: throw Unreadable()
                }
            }
        case "tables": tables = Set(rest.split(separator: " ").map(String.init))
        case "removing": removing = Set(rest.split(separator: " ").map(String.init))
        case "+":
            let change = try WorldChange(text: rest)
            switch steps.popLast() {
            case .write(let changes): steps.append(.write(changes + [change]))
            case .during(let changes): steps.append(.during(changes + [change]))
            case .unseen(let changes): steps.append(.unseen(changes + [change]))
            default: throw Unreadable()
            }
        default: steps.append(try Step(word, rest))
        }
    }
}

/// A line of a script that says nothing known.
package struct UnreadableScript: Error, CustomStringConvertible {
    package let line: Int
    package let text: String
    package var description: String { "line \(line) of the script says nothing known: \(text)" }
}

/// Somewhere within a line.
struct Unreadable: Error {}

extension Substring {
    /// The first word and what comes behind the space.
    func cut() -> (word: String, rest: Substring) {
        guard let space = firstIndex(of: " ") else { return (String(self), self[endIndex...]) }
        return (String(self[..<space]), self[index(after: space)...])
    }
}

extension Step {
    fileprivate init(_ word: String, _ rest: Substring) throws {
        func number() throws -> Int {
            guard let number = Int(rest) else { throw Unreadable() }
            return number
        }
        switch word {
        case "write": self = .write([try WorldChange(text: rest)])
        case "during": self = .during([try WorldChange(text: rest)])
        case "unseen": self = .unseen([try WorldChange(text: rest)])
        case "hold":
            let (session, change) = rest.cut()
            guard let session = Int(session) else { throw Unreadable() }
            self = .hold(session, try WorldChange(text: change))
        case "commit": self = .commit(try number())
        case "rollback": self = .rollback(try number())
        case "prepare": self = .prepare(try number())
        case "batches": self = .batches(try number())
        case "stumble": self = .stumble(try number())
        case "kill": self = .kill(try number())
        case "lose": self = .lose(try number())
        case "restart": self = .restart
        case "rotate": self = .rotate
        case "check": self = .check
        default: throw Unreadable()
        }
    }

    /// One line, and one more for each further change of its transaction.
    var lines: [String] {
        switch self {
        case .write(let changes): transaction("write", changes)
        case .during(let changes): transaction("during", changes)
        case .unseen(let changes): transaction("unseen", changes)
        case .hold(let session, let change): ["hold \(session) \(change.text)"]
        case .commit(let session): ["commit \(session)"]
        case .rollback(let session): ["rollback \(session)"]
        case .prepare(let session): ["prepare \(session)"]
        case .batches(let count): ["batches \(count)"]
        case .stumble(let flush): ["stumble \(flush)"]
        case .kill(let flush): ["kill \(flush)"]
        case .lose(let flush): ["lose \(flush)"]
        case .restart: ["restart"]
        case .rotate: ["rotate"]
        case .check: ["check"]
        }
    }

    private func transaction(_ word: String, _ changes: [WorldChange]) -> [String] {
        changes.enumerated().map { ($0 == 0 ? word : "    +") + " " + $1.text }
    }
}
