import Postgres

extension Explanation {
    /// Tells it to a person.
    func show(_ session: Session) throws {
        let say = session.tell
        for sentence in try summary { say(sentence) }
        say(Sentences.rule(ci))
        try history.showWaits(session)
        if let time = ci.lastDiscovered { say("Last discovered \(time).") }
        if !entries.isEmpty {
            say("")
            session.show(
                Table(
                    [
                        .number("ENTRY"), .text("TYPE"), .text("READS", narrowest: 8), .text("VALUE", narrowest: 10),
                        .text("READ AS", narrowest: 10), .text("RESULT", narrowest: 12),
                    ],
                    entries.map { entry in
                        [
                            String(entry.priority), entry.type, entry.reads, entry.raw,
                            entry.raw != nil && entry.canonical == entry.raw ? "the same" : entry.canonical,
                            entry.result,
                        ]
                    }))
        }
        for sentence in Sentences.suppressions(entries) { say(sentence) }
        for entry in entries where entry.sharing > 1 && entry.suppressedBy == nil {
            say("\(entry.reads) \"\(entry.raw ?? "")\" is shared by \(entry.sharing) CIs.")
        }
        try history.showConflicts(session)
        for row in suggestions {
            say("Near match: asset \(try row.text(1)), \(try row.text(2)).")
            session.console.say("    \(try row.text(3).harmless)")
        }
        try history.show(session)
        say("")
        for (index, remedy) in try remedy.enumerated() {
            say(index == 0 ? "What to do: \(remedy)" : "Also: \(remedy)")
        }
    }
}
