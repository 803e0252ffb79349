import Glibc

/// What the daemon logged of one batch.
package struct BatchLine: Sendable {
    /// Log rows and bulk records taken in.
    package var changes: Int
    package var auditRows: Int
    package var roundTrips: Int
    package var statements: Int
}

extension DaemonProcess {
    /// The batches that it logged since a place in its log, and the place where the log ends now.
    func batches(since place: Int = 0) throws -> (lines: [BatchLine], end: Int) {
        guard let file = fopen(log, "r") else { throw BenchError("the daemon's log is gone: \(log)") }
        defer { fclose(file) }
        fseek(file, place, SEEK_SET)
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { break }
            text += chunk.prefix(count)
        }
        let whole = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let lines = String(decoding: text.prefix(whole), as: UTF8.self).split(separator: "\n")
        return (lines.compactMap { BatchLine($0) }, place + whole)
    }
}

extension DaemonProcess {
    /// The batches of that many changes since a place in its log; a batch is logged a moment after its commit.
    func batches(of changes: Int, since place: Int) async throws -> [BatchLine] {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(10)
        while true {
            let lines = try batches(since: place).lines.filter { $0.changes == changes }
            if !lines.isEmpty || clock.now > end { return lines }
            try await Task.sleep(for: .milliseconds(5))
        }
    }
}

extension BatchLine {
    /// Reads the metadata of a line `… changes=5 … round_trips=9 … batch`; nil for any other line.
    init?(_ line: Substring) {
        guard line.hasSuffix(" batch") else { return nil }
        var figures: [Substring: Int] = [:]
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2, let number = Int(parts[1]) { figures[parts[0]] = number }
        }
        guard let changes = figures["changes"], let auditRows = figures["audit_rows"],
            let roundTrips = figures["round_trips"], let statements = figures["statements"]
        else { return nil }
        self.init(changes: changes, auditRows: auditRows, roundTrips: roundTrips, statements: statements)
    }
}
