import Glibc
package import Logging

/// Writes to the journal with every piece of metadata as a field; where the journal takes nothing, to standard error
/// with the priority before each line, which the journal's own reader of that understands.
package struct JournalHandler: LogHandler {
    private let journal: Journal?
    private let prefix: String
    private let messageID: @Sendable (String) -> String?
    private let fallback: @Sendable (String) -> Void

    package var metadata: Logger.Metadata = [:]
    package var logLevel = Logger.Level.info
    package var metadataProvider: Logger.MetadataProvider?

    /// - Parameters:
    ///   - journal: `nil` where there is none.
    ///   - prefix: before the names of metadata, in capitals.
    ///   - messageID: the number of a kind of message in the catalogue, by its text.
    ///   - fallback: takes lines that the journal does not.
    package init(
        _ journal: Journal?, prefix: String, messageID: @escaping @Sendable (String) -> String?,
        fallback: @escaping @Sendable (String) -> Void = Self.writeToStandardError
    ) {
        self.journal = journal
        self.prefix = prefix
        self.messageID = messageID
        self.fallback = fallback
    }

    /// One line in one write, so that the lines of several threads stay whole.
    package static let writeToStandardError: @Sendable (String) -> Void = { line in
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let message = "\(event.message)"
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { _, new in new }
            .merging(event.metadata ?? [:]) { _, new in new }
            .sorted { $0.key < $1.key }
        // People read the message alone: what belongs to it stands behind it.
        let text = ([message] + all.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
        if let journal {
            var fields = [
                ("MESSAGE", text), ("PRIORITY", "\(event.level.priority)"), ("CODE_FILE", event.file),
                ("CODE_LINE", "\(event.line)"), ("CODE_FUNC", event.function),
            ]
            if let id = messageID(message) { fields.append(("MESSAGE_ID", id)) }
            fields += all.map { ("\(prefix)_\($0.key)", "\($0.value)") }
            if journal.send(fields) { return }
        }
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            fallback("<\(event.level.priority)>\(line)")
        }
    }
}
