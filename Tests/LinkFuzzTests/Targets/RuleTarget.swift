import LinkCore
import LinkTesting
import Postgres

@testable import LinkStore

extension FuzzTargets {
    /// Rules as rows of `ci_class` hold them, sound or not: what `check_rule` lets in is loaded, and the statements
    /// made of it are taken by the server; what it would not let in is at most an error that names the class.
    static let rules = FuzzTarget(
        "rules",
        mutator: JSONMutator(
            names: [
                "entries", "required", "related", "priority", "type", "attributes", "list", "types", "exact_count",
                "allow_null", "dependent", "ci", "asset", "when", "among", "class", "manufacturer", "asset_class",
                "ci_class",
            ],
            values: [
                "none", "regular", "lookup", "hybrid", "dependent", "serials", "mac_addresses", "serial_number", "uuid",
                "position", "attributes.rack", "attributes.a=b", "attributes.it's", "attributes.'\u{301}; --", "system",
            ]),
        needsDatabase: true
    ) { database in
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        // One class and no other row: a rule set is read in no time. Nothing checks what is written.
        try await connection.script(
            """
            DELETE FROM assetlink.placeholder;
            DELETE FROM assetlink.lifecycle_state;
            DELETE FROM assetlink.manufacturer_alias;
            ALTER TABLE assetlink.ci_class DROP CONSTRAINT ci_class_rule;
            UPDATE assetlink.ci_class SET rule = NULL;
            """)
        let sources = try await connection.query(SourceInfo.statement).map { try SourceInfo($0) }
        return { bytes in
            try await connection.script("BEGIN")
            do {
                let fate = try await fate(of: String(decoding: bytes, as: UTF8.self), connection, sources)
                try await connection.script("ROLLBACK")
                return fate
            } catch {
                try await connection.script("ROLLBACK")
                throw error
            }
        }
    }

    private static func fate(
        of rule: String, _ connection: PostgresConnection, _ sources: [SourceInfo]
    ) async throws -> String {
        do throws(PostgresError) {
            _ = try await connection.query(
                "UPDATE assetlink.ci_class SET rule = $1::text::jsonb WHERE class = 'hardware'", [.text(rule)])
        } catch {
            return "no JSON \(error.sqlState ?? "")"
        }
        let refusal = try await refusal(of: rule, connection)
        do {
            let compiled = CompiledRuleSet(try await RuleSetLoader.load(connection))
            guard refusal == nil else { return "loaded, though \(refusal ?? "")" }
            let reader = SourceReader(rules: compiled)
            for source in sources { _ = try await connection.query(reader.read(source, keys: ["1"])) }
            return "loaded, \(reader.members.isEmpty ? "plain" : "with members")"
        } catch StoreError.corrupt(let words) {
            try FuzzFinding.unless(refusal != nil, "check_rule lets it in, and it cannot be loaded: \(words)")
            try FuzzFinding.unless(words.contains("class hardware"), "an error that does not name the class: \(words)")
            return "corrupt"
        } catch let error as PostgresError {
            try FuzzFinding.unless(refusal != nil, "check_rule lets it in, and it cannot be used: \(error)")
            try FuzzFinding.unless(error.code == .server, "\(error)")
            return "refused by the server: \(error.sqlState ?? "")"
        }
    }

    /// What `check_rule` says against it; nil where it lets it in.
    private static func refusal(of rule: String, _ connection: PostgresConnection) async throws -> String? {
        try await connection.script("SAVEPOINT tried")
        do throws(PostgresError) {
            _ = try await connection.query("SELECT assetlink.check_rule($1::text::jsonb)", [.text(rule)])
            return nil
        } catch {
            try await connection.script("ROLLBACK TO tried")
            try FuzzFinding.unless(
                ["23514", "22", "54"].contains { error.sqlState?.hasPrefix($0) == true },
                "check_rule fails instead of refusing: \(error)")
            return error.message.split(separator: " ").prefix(4).joined(separator: " ")
        }
    }
}
