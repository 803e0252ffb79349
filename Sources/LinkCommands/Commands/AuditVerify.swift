package import ArgumentParser
import Postgres

/// Whether the audit is as it was written.
package struct AuditVerify: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute the hash chain of the audit: was anything changed, removed or reordered?",
        discussion: """
            Ends with 1 when something was. That the newest rows were cut off shows only against a head kept elsewhere.

            Example: assetlinkctl audit verify --json

            JSON: schema assetlinkctl/audit-verify.v1, fields ok, head (the newest batch) and problems (batch_id, \
            problem).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(name: .customLong("from"), help: ArgumentHelp("Begin with this batch.", valueName: "batch"))
    var first: Int64 = 1

    /// What the parser makes.
    package init() {}

    /// Verifies it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let rows = try await session.query(
            "SELECT to_json(v)::text, v.batch_id, v.problem FROM assetlink.audit_verify($1) v ORDER BY v.batch_id",
            [.int8(first)])
        let head = try await session.query("SELECT last_batch FROM assetlink.daemon_status").first?.int8OrNil(0)
        if session.json {
            session.answer(
                "audit-verify",
                [
                    ("ok", .bool(rows.isEmpty)), ("head", head.map { .integer($0) } ?? .null),
                    ("problems", .array(try rows.map { .raw(try $0.text(0)) })),
                ])
        } else if rows.isEmpty {
            session.console.say("The audit is whole\(head.map { " up to batch \($0)" } ?? ": it is empty").")
        } else {
            session.show(
                Table(
                    [.number("BATCH"), .text("PROBLEM")],
                    try rows.map { [String(try $0.int8(1)), try $0.textOrNil(2)] }))
        }
        return rows.isEmpty ? .success : .problems
    }
}
