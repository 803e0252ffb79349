extension PostgresConnection {
    /// Listens on channels while the body runs.
    ///
    /// The server listens when the body starts: read the table there, then wait for notifications. At most
    /// `bufferLimit` events wait for the consumer; beyond that they become one `.resync`. The connection can be used
    /// for other commands meanwhile; when it is lost, the sequence throws.
    package func listen<Value>(
        on channels: [String], bufferLimit: Int = 4096,
        _ body: (Notifications) async throws -> Value
    ) async throws -> Value {
        let buffer = NotificationBuffer(Set(channels), limit: bufferLimit)
        try await subscribe(buffer)
        do {
            try await script(channels.map { "LISTEN \(Self.quoted($0))" }.joined(separator: ";"))
            let value = try await body(Notifications(buffer: buffer))
            await unsubscribe(buffer)
            return value
        } catch {
            await unsubscribe(buffer)
            throw error
        }
    }

    /// Before LISTEN, so that nothing is missed.
    private func subscribe(_ buffer: NotificationBuffer) async throws(PostgresError) {
        for channel in buffer.channels where channel.utf8.count > 63 || channel.utf8.contains(0) || channel.isEmpty {
            throw PostgresError(.misuse, "a channel has 1 to 63 bytes")
        }
        let isOpen = await withCheckedContinuation { continuation in
            core.loop.submit { [core] in continuation.resume(returning: core.add(buffer)) }
        }
        guard isOpen else { throw .closed }
    }

    /// Must also work in a cancelled task, hence the task of its own.
    private func unsubscribe(_ buffer: NotificationBuffer) async {
        let orphans = await withCheckedContinuation { continuation in
            core.loop.submit { [core] in continuation.resume(returning: core.remove(buffer)) }
        }
        guard !isClosed, !orphans.isEmpty else { return }
        let script = orphans.map { "UNLISTEN \(Self.quoted($0))" }.joined(separator: ";")
        // A failure means that the connection is lost, and with it the LISTEN.
        await Task { try? await self.script(script) }.value
    }

    /// An identifier as the server writes it.
    private static func quoted(_ name: String) -> String {
        // By bytes: a quote before a combining mark is no character of its own.
        let quote = UInt8(ascii: "\"")
        return "\"\(String(decoding: name.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }, as: UTF8.self))\""
    }
}

extension ConnectionCore {
    /// Delivers to the buffer from now on; false when closed.
    func add(_ buffer: NotificationBuffer) -> Bool {
        loop.assertOnLoop()
        guard server != nil else { return false }
        subscriptions.append(buffer)
        return true
    }

    /// Delivers no more, and says on which channels nobody listens any longer.
    func remove(_ buffer: NotificationBuffer) -> [String] {
        loop.assertOnLoop()
        subscriptions.removeAll { $0 === buffer }
        buffer.finish(nil)
        return buffer.channels.subtracting(subscriptions.flatMap(\.channels)).sorted()
    }
}
