package import ArgumentParser
import Postgres

/// One conflict, with its records side by side.
package struct ConflictsShow: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the records of a conflict side by side, and which one to keep.",
        discussion: """
            Columns in which all records agree are left out.

            Example: assetlinkctl conflicts show 17

            JSON: schema assetlinkctl/conflict.v1, fields conflict (of assetlink.conflict), members (of \
            assetlink.conflict_detail) and remedy.
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @OptionGroup var list: LimitOptions
    @Argument(help: "The number of the conflict; assetlinkctl conflicts lists them.") var number: Int64

    /// What the parser makes.
    package init() {}

    /// Shows it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let conflict = try await session.query(
            """
            SELECT to_json(c)::text, c.kind, \(Expression.minute("c.opened_at")), \(Expression.minute("c.closed_at")),
                c.close_reason, q.remedy, \(Expression.keys("c.matched_on"))
            FROM assetlink.conflict c LEFT JOIN assetlink.conflict_queue q USING (conflict_id)
            WHERE c.conflict_id = $1
            """, [.int8(number)])
        guard let row = conflict.first else {
            throw Failure(
                .problems, "There is no conflict \(number).", hint: "assetlinkctl conflicts lists the open ones.")
        }
        let members = try await session.query(
            "SELECT to_json(m)::text, \(ConflictColumns.sql) FROM assetlink.conflict_detail($1) m LIMIT $2",
            [.int8(number), .int8(Int64(list.limit) + 1)])
        if session.json {
            session.answer(
                "conflict",
                [
                    ("conflict", .raw(try row.text(0))),
                    ("members", .array(try members.prefix(list.limit).map { .raw(try $0.text(0)) })),
                    ("more", .bool(members.count > list.limit)), ("remedy", .text(try row.textOrNil(5))),
                ])
            return .success
        }
        let end = try row.textOrNil(3).map { ", closed \($0) (\((try? row.text(4)) ?? ""))" } ?? ""
        let key = try row.textOrNil(6).map { ", on \($0)" } ?? ""
        session.tell("Conflict \(number): \(try row.text(1))\(key), opened \(try row.text(2))\(end).")
        try show(members, session)
        if let remedy = try row.textOrNil(5) { session.tell("What to do: \(remedy)") }
        return .success
    }

    private func show(_ members: Rows, _ session: Session) throws {
        let shown = try members.prefix(list.limit).map { row in
            try ConflictColumns.all.indices.map { try row.textOrNil($0 + 1) }
        }
        guard let first = shown.first else { return }
        let columns = ConflictColumns.all.indices.filter { index in
            ConflictColumns.all[index].always || shown.contains { $0[index] != first[index] }
        }
        session.show(
            Table(columns.map { ConflictColumns.all[$0].column }, shown.map { row in columns.map { row[$0] } }))
        if members.count > list.limit {
            session.console.remark("… and more: --limit shows them (now \(list.limit)).")
        }
        for row in members {
            guard let why = try row.textOrNil(ConflictColumns.all.count + 1) else { continue }
            let reference = "\(try row.text(ConflictColumns.all.count + 2))"
            session.tell(
                """
                Suggested: keep \(reference), because \(why): assetlinkctl conflicts resolve \(number) \
                --keep '\(reference)' --reason …
                """)
        }
    }
}

/// What is compared of the records in a conflict.
private enum ConflictColumns {
    static let all: [(column: Table.Column, sql: String, always: Bool)] = [
        (.fixed("SIDE"), "m.side", true), (.text("RECORD", narrowest: 10), "m.source || '/' || m.id", true),
        (.text("NAME", narrowest: 6), "m.name", false), (.text("CLASS", narrowest: 6), "m.class", false),
        (.text("SERIAL", narrowest: 6), "m.serial_number", false), (.text("UUID", narrowest: 8), "m.uuid", false),
        (.text("TAG", narrowest: 5), "m.asset_tag", false), (.text("MAKER", narrowest: 5), "m.manufacturer", false),
        (.text("MODEL", narrowest: 5), "m.model", false), (.text("LIFE CYCLE", narrowest: 6), "m.lifecycle", false),
        (.fixed("LAST SEEN"), Expression.minute("m.last_seen_at"), true),
        (.number("MATCHES"), "m.matches::text", false),
    ]

    static let sql =
        all.map(\.sql).joined(separator: ", ") + ", m.why, m.source || '/' || m.id"
}
