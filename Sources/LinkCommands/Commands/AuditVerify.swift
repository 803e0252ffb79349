package import ArgumentParser
import LinkStore
import Postgres

/// Whether the audit is as it was written.
package struct AuditVerify: ConsoleCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Recompute the hash chain of the audit: was anything changed, removed, inserted or reordered?",
        discussion: """
            Reads page by page, computes every digest itself, and names the batch and the row of whatever is not as it \
            was written; ends with 1 then. That the newest rows were cut off, or that all was rewritten, shows only \
            against heads kept elsewhere (assetlinkctl audit head). "SELECT * FROM assetlink.audit_verify()" does the \
            same in SQL alone. Where the role may, it records that it was done.

            Example: assetlinkctl audit verify
            Example: journalctl -o cat -t assetlinkd --grep 'audit head' | assetlinkctl audit verify --heads -

            JSON: schema assetlinkctl/audit-verify.v1, fields ok, head (the newest batch), first_batch and last_batch \
            (what was verified), rows, heads (how many were compared), recorded, problem_count and problems (batch_id, \
            audit_id, problem; the first thousand).
            """)

    /// What every command takes.
    @OptionGroup package var common: CommonOptions
    @Option(name: .customLong("from"), help: ArgumentHelp("Begin with this batch.", valueName: "batch"))
    var first: Int64?
    @Option(help: ArgumentHelp("Only what was written since then, as in --since of audit.", valueName: "time"))
    var since: String?
    @Option(help: ArgumentHelp("Only what the audit says of one CI.", valueName: "source/id, id or name"))
    var ci: String?
    @Option(help: ArgumentHelp("Compare with this head, kept elsewhere; may be given again.", valueName: "head"))
    var head: [String] = []
    @Option(
        help: ArgumentHelp(
            "Compare with every head in this file, as the journal has them; - reads input.", valueName: "file"))
    var heads: String?
    @Option(
        help: ArgumentHelp(
            "Verify a part that was exported, by itself and against the record of it.", valueName: "file"))
    var file: String?

    /// What the parser makes.
    package init() {}

    /// What the parser cannot check.
    package func validate() throws {
        guard [first != nil, since != nil, ci != nil, file != nil].count(where: { $0 }) < 2 else {
            throw ValidationError("--from, --since, --ci and --file exclude each other")
        }
        for text in head where AuditHead(text) == nil {
            throw ValidationError("\(text) is no head; BATCH:DIGEST:ROOT is one, as audit head prints it")
        }
    }

    /// Verifies it.
    package func execute(_ session: Session) async throws -> CommandExit {
        let reader = AuditReader(session.connection)
        let started = try await session.query("SELECT clock_timestamp()").first?.timestamptz(0) ?? 0
        let kept = try head.compactMap { AuditHead($0) } + headsOfFile()
        var findings: AuditFindings
        do {
            findings = try await verify(reader, session)
            for head in kept { try await reader.verify(head, into: &findings) }
        } catch StoreError.auditDetached {
            throw Failure(.tryAgain, "A part of the audit was detached meanwhile.", hint: "Try again.")
        } catch let problem as AuditPart.Problem {
            throw Failure(.problems, "\(file ?? "The file") is no part of the audit: \(problem).")
        }
        let isRecorded = ci == nil && file == nil ? try await record(findings, started, session) : false
        answer(findings, newest: try await reader.newest(), kept.count, isRecorded, session)
        return findings.count == 0 ? .success : .problems
    }

    private func verify(_ reader: AuditReader, _ session: Session) async throws -> AuditFindings {
        if let ci {
            let reference = try await RecordReference.findEver(ci, .ci, session)
            return try await reader.verifyCI(reference.source, reference.id)
        }
        var first = first
        if let since {
            let batch = try await reader.firstBatch(since: Since(text: since).sql("$1"), since)
            guard let batch else { return AuditFindings() }
            first = batch
        }
        let total = try await session.query(
            "SELECT coalesce(sum(audit_rows), 0)::bigint FROM assetlink.audit_batch WHERE batch_id >= $1",
            [.int8(first ?? 0)]
        ).first?.int8(0)
        let progress = Progress("rows", of: file == nil ? total : nil, session.console)
        defer { progress.end() }
        if let file {
            do {
                return try await reader.verify(file: try LineReader(path: file)) { progress.advance(by: Int64($0)) }
            } catch let error as LineReader.Failure {
                throw Failure(.usage, "\(error).")
            }
        }
        return try await reader.verify(from: first) { progress.advance(by: Int64($0)) }
    }

    private func headsOfFile() throws -> [AuditHead] {
        guard let heads else { return [] }
        do {
            let found = try LineReader(path: heads).flatMap { AuditHead.all(in: String(decoding: $0, as: UTF8.self)) }
            guard !found.isEmpty else { throw Failure(.usage, "There is no head in \(heads).") }
            return found
        } catch let error as LineReader.Failure {
            throw Failure(.usage, "\(error).")
        }
    }

    /// That it was verified is on record for monitoring, where the role may write that.
    private func record(_ findings: AuditFindings, _ started: Int64, _ session: Session) async throws -> Bool {
        let mayWrite = try await session.query(
            """
            SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN false
                WHEN NOT has_schema_privilege('assetlink_internal', 'USAGE') THEN false
                ELSE has_table_privilege('assetlink_internal.audit_check', 'INSERT') END
            """
        ).first?.bool(0)
        guard mayWrite == true else { return false }
        _ = try await session.query(
            """
            INSERT INTO assetlink_internal.audit_check (first_batch, last_batch, audit_rows, problems, started_at)
            VALUES ($1, $2, $3, $4, $5)
            """,
            [
                findings.batches.map { .int8($0.lowerBound) } ?? .null,
                findings.batches.map { .int8($0.upperBound) } ?? .null, .int8(findings.rows),
                .int4(Int32(clamping: findings.count)), .timestamptz(started),
            ])
        return true
    }

    private func answer(
        _ findings: AuditFindings, newest: Int64?, _ heads: Int, _ isRecorded: Bool, _ session: Session
    ) {
        if session.json {
            let problems = findings.problems.map { problem in
                JSON.object([
                    ("batch_id", .integer(problem.batchID)),
                    ("audit_id", problem.auditID.map { .integer($0) } ?? .null), ("problem", .string(problem.problem)),
                ])
            }
            return session.answer(
                "audit-verify",
                [
                    ("ok", .bool(findings.count == 0)), ("head", newest.map { .integer($0) } ?? .null),
                    ("first_batch", findings.batches.map { .integer($0.lowerBound) } ?? .null),
                    ("last_batch", findings.batches.map { .integer($0.upperBound) } ?? .null),
                    ("rows", .integer(findings.rows)), ("heads", .integer(Int64(heads))),
                    ("recorded", .bool(isRecorded)), ("problem_count", .integer(Int64(findings.count))),
                    ("problems", .array(problems)),
                ])
        }
        guard findings.count == 0 else {
            session.show(
                Table(
                    [.number("BATCH"), .number("ROW"), .text("PROBLEM")],
                    findings.problems.map { [String($0.batchID), $0.auditID.map { String($0) }, $0.problem] }))
            let rest = findings.count - findings.problems.count
            if rest > 0 { session.tell("And \(rest) more.") }
            return
        }
        guard let batches = findings.batches else {
            return session.console.say(
                newest == nil ? "The audit is whole: it is empty." : "There is nothing to verify.")
        }
        let extent =
            batches.lowerBound == 1
            ? "up to batch \(batches.upperBound)" : "from batch \(batches.lowerBound) to \(batches.upperBound)"
        let compared =
            heads == 0 ? "" : heads == 1 ? ", and as the head that was kept has it" : ", and as \(heads) heads have it"
        session.console.say("The audit is whole \(extent)\(compared): \(findings.rows) rows.")
    }
}
