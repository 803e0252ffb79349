import Glibc
import LinkTesting
import Logging
import Synchronization
import Systemd
import Testing

@Suite struct JournalTests {
    /// The fields of an entry, read as the journal reads them.
    private func fields(_ bytes: [UInt8]) throws -> [String: String] {
        var fields: [String: String] = [:]
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = rest[..<end]
            rest = rest[(end + 1)...]
            if let mark = line.firstIndex(of: UInt8(ascii: "=")) {
                fields[String(decoding: line[..<mark], as: UTF8.self)] = String(
                    decoding: line[(mark + 1)...], as: UTF8.self)
                continue
            }
            let count = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let value = rest.dropFirst(8).prefix(count)
            fields[String(decoding: line, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
            rest = rest.dropFirst(8 + count + 1)
        }
        #expect(rest.isEmpty)
        return fields
    }

    private func logger(_ path: String?, _ fallback: @escaping @Sendable (String) -> Void = { _ in }) -> Logger {
        var logger = Logger(label: "test") { _ in
            JournalHandler(
                path.flatMap { Journal(identifier: "assetlinkd", path: $0) }, prefix: "ASSETLINK",
                messageID: { $0 == "ready" ? "00112233445566778899aabbccddeeff" : nil }, fallback: fallback)
        }
        logger.logLevel = .debug
        return logger
    }

    @Test func metadataAreFields() throws {
        let listener = try DatagramListener(isAbstract: false)
        logger(listener.name).warning("ready", metadata: ["batch": "17", "sql-state": "40001"])
        let entry = try fields(try listener.nextBytes())
        #expect(entry["MESSAGE"] == "ready batch=17 sql-state=40001")
        #expect(entry["PRIORITY"] == "4")
        #expect(entry["SYSLOG_IDENTIFIER"] == "assetlinkd")
        #expect(entry["ASSETLINK_BATCH"] == "17")
        #expect(entry["ASSETLINK_SQL_STATE"] == "40001")
        #expect(entry["MESSAGE_ID"] == "00112233445566778899aabbccddeeff")
        #expect(entry["CODE_LINE"].flatMap { Int($0) } != nil)
    }

    /// A value cannot pass for another field.
    @Test func severalLinesAreOneValue() throws {
        let listener = try DatagramListener(isAbstract: false)
        let hostile = "first\nPRIORITY=0\n_UID=0\nlast"
        logger(listener.name).info("\(hostile)", metadata: ["error": "\(hostile)"])
        let entry = try fields(try listener.nextBytes())
        #expect(entry["MESSAGE"] == "\(hostile) error=\(hostile)")
        #expect(entry["ASSETLINK_ERROR"] == hostile)
        #expect(entry["PRIORITY"] == "6")
        #expect(entry["_UID"] == nil)
    }

    @Test func longValuesAreCut() throws {
        let listener = try DatagramListener(isAbstract: false)
        logger(listener.name).error("\(String(repeating: "x", count: 1_000_000))")
        let entry = try fields(try listener.nextBytes())
        #expect(entry["MESSAGE"]?.utf8.count == 16_384)
    }

    @Test func whatTheJournalDoesNotTakeGoesToStandardError() {
        let lines = Mutex<[String]>([])
        for path in ["/nonexistent/journal", nil] {
            logger(path) { line in lines.withLock { $0.append(line) } }
                .error("two\nlines", metadata: ["a": "b"])
        }
        #expect(lines.withLock { $0 } == ["<3>two", "<3>lines a=b", "<3>two", "<3>lines a=b"])
    }

    @Test func onlyTheNamedStreamIsTheJournal() {
        var status = stat()
        fstat(STDERR_FILENO, &status)
        let stream = "\(status.st_dev):\(status.st_ino)"
        #expect(Journal.isBehind(STDERR_FILENO) { ["JOURNAL_STREAM": stream][$0] })
        #expect(!Journal.isBehind(STDERR_FILENO) { ["JOURNAL_STREAM": "1:\(status.st_ino)"][$0] })
        #expect(!Journal.isBehind(STDERR_FILENO) { ["JOURNAL_STREAM": "nonsense"][$0] })
        #expect(!Journal.isBehind(STDERR_FILENO) { _ in nil })
        #expect(!Journal.isBehind(-1) { ["JOURNAL_STREAM": stream][$0] })
    }
}
