import Glibc
package import Postgres

/// The tests of `sql/tests`, in the database's own words: pgTAP, run by psql, within a transaction that is rolled back.
package enum PgTAP {
    /// Why a file's tests did not pass.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Whether the server has the extension; Debian's is `postgresql-15-pgtap`.
    package static func isThere(_ connection: PostgresConnection) async throws -> Bool {
        try await !connection.query("SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pgtap'").isEmpty
    }

    /// What a test says that is left out without it: it must not look as one that passed.
    package static let absence = "skipped: the server has no pgTAP (Debian: postgresql-15-pgtap)"

    /// Runs a file of tests; returns what failed, with pgTAP's explanation.
    ///
    /// - Parameters:
    ///   - folder: where the tests are: `sql/tests`.
    ///   - broken: a statement that is run before them: what they must find.
    /// - Throws: ``Failure`` when the file could not be run to its end, or ran other tests than it planned.
    package static func failures(
        of file: String, in folder: String, on conninfo: String, broken: String? = nil
    ) async throws -> [String] {
        var command = ["\(ServerPrograms.folder)/psql", "--no-psqlrc", "--dbname", conninfo]
        if let broken { command += ["--set", "broken=\(broken)"] }
        let output = try await ChildProcess.run(command + ["--file", "\(folder)/\(file).sql"])
        let lines = output.split(separator: "\n")
        let planned = lines.compactMap { $0.hasPrefix("1..") ? Int($0.dropFirst(3)) : nil }
        let told = lines.filter { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
        guard planned == [told.count], !told.isEmpty else {
            throw Failure(description: "\(file).sql planned \(planned) tests and ran \(told.count):\n\(output)")
        }
        var failures: [String] = []
        for line in lines {
            if line.hasPrefix("not ok ") {
                failures.append(String(line))
            } else if line.hasPrefix("# "), let last = failures.popLast() {
                failures.append(last + "\n" + line)
            }
        }
        return failures
    }
}
