import Postgres

extension Explanation {
    /// Tells it to a person.
    func show(_ session: Session) throws {
        let say = session.tell
        for sentence in try summary { say(sentence) }
        say(Sentences.rule(ci))
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
        for row in conflicts {
            say(
                "Conflict \(try row.int8(1)), \(try row.text(2)), with \(try row.textOrNil(3) ?? "nobody else")."
                    .harmless)
        }
        for row in suggestions {
            say("Near match: asset \(try row.text(1)), \(try row.text(2)).")
        }
        try showDecisions(session)
        try showHistory(session)
        say("")
        for (index, remedy) in try remedy.enumerated() {
            say(index == 0 ? "What to do: \(remedy)" : "Also: \(remedy)")
        }
    }

    private func showDecisions(_ session: Session) throws {
        for row in decisions {
            let end = try row.textOrNil(8).map { ", until \($0)" } ?? ""
            session.tell(
                """
                Decision \(try row.int8(1)): \(try row.text(2)) \(try row.textOrNil(3) ?? "?") \
                by \(try row.text(5)) on \(try row.text(7))\(end), \
                \(try row.text(4).replacing("_", with: " ")): \(try row.text(6))
                """)
        }
    }

    private func showHistory(_ session: Session) throws {
        if !links.isEmpty {
            session.console.say("")
            session.show(
                Table(
                    [
                        .number("LINK"), .text("ASSET", narrowest: 10), .fixed("STATUS"), .text("METHOD"),
                        .fixed("LINKED AT"), .text("BY"), .text("UNTIL", narrowest: 10),
                        .text("BECAUSE", narrowest: 10),
                    ],
                    try links.prefix(Self.shown).map { row in
                        [String(try row.int8(1))] + (try (2...8).map { try row.textOrNil($0) })
                    }))
        }
        if !audit.isEmpty {
            session.console.say("")
            session.show(
                Table(
                    [
                        .fixed("AT"), .text("ACTION", narrowest: 10), .text("ASSET", narrowest: 10),
                        .text("CHANGE", narrowest: 8), .text("REASON", narrowest: 10), .text("WHO"),
                    ],
                    try audit.prefix(Self.shown).map { row in try (1...6).map { try row.textOrNil($0) } }))
        }
        if max(links.count, audit.count) > Self.shown {
            session.console.remark("… and more: assetlinkctl audit --ci \(ci.label)")
        }
    }
}
