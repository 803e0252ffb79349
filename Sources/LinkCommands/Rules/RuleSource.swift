import LinkCore
import LinkRules
import Postgres

/// Where rules come from: a file, or a version that the database keeps.
enum RuleSource {
    /// A file as it was read; `-` is the standard input.
    static func file(_ path: String) throws -> RuleFile {
        var bytes: [UInt8] = []
        for line in try LineReader(path: path) { bytes += line + [UInt8(ascii: "\n")] }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.problems, "The file \(path) is no UTF-8 text.")
        }
        return RuleFile.read(yaml: text)
    }

    /// The same, refused when anything is wrong with its form.
    static func soundFile(_ path: String) throws -> RuleFile {
        let file = try file(path)
        if let first = file.problems.first(where: { $0.severity == .error }) {
            let place = first.place.map { "\(path):\($0): " } ?? "\(path): "
            throw Failure(
                .problems, place + first.message + ".",
                hint: file.problems.count > 1
                    ? "assetlinkctl rules lint shows this and \(file.problems.count - 1) more." : first.remedy)
        }
        return file
    }

    /// A version, or the one in force.
    static func version(_ number: Int64?, _ session: Session) async throws -> RuleSet {
        let rows = try await session.query(
            """
            SELECT r.version, r.document::text FROM assetlink.rule_set r
            WHERE CASE WHEN $1::bigint IS NULL THEN r.in_force ELSE r.version = $1 END
            """, [number.map { .int8($0) } ?? .null])
        guard let row = rows.first else {
            throw Failure(
                .problems, "There is no version \(number ?? 0) of the rules.",
                hint: "assetlinkctl rules history lists them.")
        }
        guard let document = try row.textOrNil(1) else {
            throw Failure(
                .problems, "Version \(try row.int8(0)) of the rules is from before documents were kept.",
                hint: "assetlinkctl rules history lists them.")
        }
        let file = RuleFile.read(json: document)
        if let problem = file.problems.first(where: { $0.severity == .error }) {
            throw Failure(
                .failed, "Version \(try row.int8(0)) of the rules cannot be read: \(problem.message).",
                hint: "Program and database do not fit. Run: assetlinkctl migrate --dry-run")
        }
        var ruleSet = file.ruleSet
        ruleSet.version = try row.int8(0)
        return ruleSet
    }
}
