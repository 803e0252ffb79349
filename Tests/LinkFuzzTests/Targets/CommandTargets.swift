import ArgumentParser
import LinkTesting
import Postgres
import Synchronization

@testable import LinkCommands

extension FuzzTargets {
    /// Command lines, a word a line: an answer or an error in words, and an exit code that means it.
    ///
    /// What would work on its own for long is only parsed; everything else runs against a server that is not there.
    static let arguments = FuzzTarget(
        "arguments",
        mutator: ByteMutator(tokens: [
            "\n--", "\n-", "--limit\n", "--json", "--reason\n", "--wait\n", "--since\n", "--", "=", "fleet\n",
            "audit\n", "nan",
            "1e999", "-1", "9223372036854775807", "99999999999999999999", "--help", "--retire-after\n", "--machines\n",
        ])
    ) { bytes in
        let words = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        // A connection string from the fuzzer could lead anywhere.
        if words.contains(where: { $0.hasPrefix("-d") || $0.hasPrefix("--d") }) { return "elsewhere" }
        let said = Mutex<[String]>([])
        let console = Console(
            say: { line in said.withLock { $0.append(line) } }, remark: { line in said.withLock { $0.append(line) } })
        let parsed = try? Assetlinkctl.parseAsRoot(words)
        guard parsed == nil || parsed is any ConsoleCommand else { return "parsed: \(words.first ?? "")" }
        let code = await Assetlinkctl.run(parsed == nil ? words : words + ["-d", "host=/nowhere"], on: console)
        try FuzzFinding.unless([0, 3, 64].contains(code), "exit code \(code)")
        try FuzzFinding.unless(code == 0 || said.withLock { !$0.isEmpty }, "not a word about exit code \(code)")
        return "\(code): \(said.withLock { $0.first ?? "" }.prefix(16))"
    }

    /// Files of decisions: read, or an error that names the line; written and read again they are the same.
    static let decisions = FuzzTarget(
        "decisions",
        mutator: ByteMutator(tokens: [
            ",", "\"", "\"\"", "\r\n", "\n", "\u{FEFF}", "action", "ci", "asset", "reason", "until", "pin", "unpin",
            "requeue",
        ])
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        do {
            let lines = try CSV.read(text)
            let written = lines.map { CSV.line($0.fields) }.joined(separator: "\n")
            let again = try CSV.read(written)
            try FuzzFinding.unless(
                again.count == lines.count
                    && zip(again, lines).allSatisfy { again, line in
                        again.fields.elementsEqual(line.fields) { $0.utf8.elementsEqual($1.utf8) }
                    }, "written and read again they are other lines")
            let decisions = try DecisionLine.read(text, defaultReason: nil)
            return "\(min(decisions.count, 3)) decisions"
        } catch let failure as Failure {
            try FuzzFinding.unless(
                failure.exit == .usage && (failure.message.contains("Line ") || failure.message.contains("empty")),
                "an error that names no line: \(failure.message)")
            return String(failure.message.split(separator: ":").last?.prefix(16) ?? "")
        }
    }

    /// What people write for a CI: `source/id`, an id, or a name.
    static let reference = FuzzTarget(
        "reference", mutator: ByteMutator(tokens: ["cmdb", "cmdb_events", "/", "%", "_", "'", "srv-1", "a/b"]),
        needsDatabase: true
    ) { database in
        let runner = try await EngineRunner(database)
        for (id, name) in [("1", "srv-1"), ("a/b", "srv-2"), ("2", "SRV-3"), ("3", "srv-3"), ("srv-1", "x")] {
            _ = try await runner.connection.query(
                "SELECT assetlink.publish_ci(jsonb_build_object('ci_id', $1::text, 'name', $2::text, 'ci_class', 'server'))",
                [.text(id), .text(name)])
        }
        try await runner.drain()
        let session = Session(
            connection: runner.connection, console: Console(say: { _ in }, remark: { _ in }), json: false)
        return { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                let found = try await RecordReference.find(text, .ci, session)
                let again = try await RecordReference.find(found.words, .ci, session)
                try FuzzFinding.unless(again == found, "source/id finds another CI")
                return "found \(found.id)"
            } catch let failure as Failure {
                try FuzzFinding.unless(failure.exit == .problems, "\(failure.message)")
                try FuzzFinding.unless(failure.hint != nil, "a failure that says nothing to do")
                return String(failure.hint?.prefix(12) ?? "")
            } catch let error as PostgresError {
                // The server takes no zero character.
                try FuzzFinding.unless(error.sqlState == "22021" && text.utf8.contains(0), "\(error)")
                return "22021"
            }
        }
    }
}
