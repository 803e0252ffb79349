import LinkStore

/// One of the things that must be so before the daemon is ready.
package struct ReadinessCheck: Hashable, Sendable {
    /// Its name, which never changes.
    package let name: String
    package let isPassed: Bool
    /// Why, in words; nothing in it is secret.
    package let detail: String
}

extension Vitals {
    /// Every check, in the order in which a daemon passes them when it starts.
    package var readiness: [ReadinessCheck] {
        let picture = now
        let stillness = stillness
        return [
            ReadinessCheck(name: "loop", isPassed: stillness == nil, detail: stillness ?? "it gets on"),
            connection(picture), primary(picture), schema(picture), notifications(picture), log(picture),
            ReadinessCheck(
                name: "running", isPassed: picture.role != .stopping && picture.role != .ended,
                detail: picture.role == .stopping || picture.role == .ended ? "it was asked to stop" : "it goes on"),
        ]
    }

    /// Whether every check is passed.
    package var isReady: Bool { readiness.allSatisfy(\.isPassed) }

    private func connection(_ picture: Picture) -> ReadinessCheck {
        guard picture.role == .connecting || picture.role == .ended else {
            return ReadinessCheck(name: "connection", isPassed: true, detail: "there is a session with the database")
        }
        let detail =
            switch picture.failure {
            case .server: "the server refused; the log has why"
            case .connection: "the server cannot be reached; the log has why"
            default: "connecting"
            }
        return ReadinessCheck(name: "connection", isPassed: false, detail: detail)
    }

    private func primary(_ picture: Picture) -> ReadinessCheck {
        let isWaiting = picture.role == .waitingForPrimary
        return ReadinessCheck(
            name: "primary", isPassed: !isWaiting && hasSession(picture),
            detail: isWaiting
                ? "the server is a standby or read-only"
                : hasSession(picture) ? "it can be written to" : "not known yet")
    }

    /// As checked when the session began, and looked at since: migrations come while a daemon stands by.
    private func schema(_ picture: Picture) -> ReadinessCheck {
        if hasSession(picture), let mismatch = picture.schemaMismatch {
            return ReadinessCheck(name: "schema", isPassed: false, detail: mismatch.message)
        }
        return ReadinessCheck(
            name: "schema", isPassed: hasSession(picture),
            detail: hasSession(picture) ? "version, privileges and lineage are right" : "not checked yet")
    }

    private func notifications(_ picture: Picture) -> ReadinessCheck {
        let isListening =
            switch picture.role {
            case .standingBy, .leading, .stopping: true
            case .connecting, .waitingForPrimary, .entering, .ended: false
            }
        return ReadinessCheck(
            name: "notifications", isPassed: isListening,
            detail: isListening ? picture.mode.map { "\($0)" } ?? "listening" : "not listening yet")
    }

    private func log(_ picture: Picture) -> ReadinessCheck {
        let (isPassed, detail) =
            switch picture.role {
            case .leading(let hasLooked): (hasLooked, hasLooked ? "it was looked at" : "not looked at yet")
            case .standingBy: (true, "another daemon leads")
            case .stopping: (true, "stopping")
            case .connecting, .waitingForPrimary, .entering, .ended: (false, "not looked at yet")
            }
        return ReadinessCheck(name: "log", isPassed: isPassed, detail: detail)
    }

    private func hasSession(_ picture: Picture) -> Bool {
        switch picture.role {
        case .entering, .standingBy, .leading, .stopping: true
        case .connecting, .waitingForPrimary, .ended: false
        }
    }
}
