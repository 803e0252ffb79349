extension Eventually {
    /// Asks until the answer is yes.
    ///
    /// - Throws: ``TooLate`` with the question when it is not so within the limit.
    package static func `true`(
        _ question: String, within limit: Duration = .seconds(60), _ ask: () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            if try await ask() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TooLate(question: question)
    }

    /// Tries until it does not fail.
    ///
    /// - Throws: the last failure when it still fails at the limit.
    package static func get<Value: Sendable>(
        within limit: Duration = .seconds(60), _ attempt: () async throws -> Value
    ) async throws -> Value {
        let end = ContinuousClock.now + limit
        while true {
            do { return try await attempt() } catch {
                if ContinuousClock.now > end { throw error }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
