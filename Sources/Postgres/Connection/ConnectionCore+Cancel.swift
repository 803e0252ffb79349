extension ConnectionCore {
    /// How soon the request is sent again: one that comes before the command is ignored by the server.
    private static var retryDelay: Duration { .milliseconds(100) }

    /// Ends a command early: a waiting one at once, a running one through the server.
    func interrupt(_ ticket: Ticket, _ reason: PostgresError) {
        loop.assertOnLoop()
        if let index = queue.firstIndex(where: { $0.ticket === ticket }) {
            var entry = queue.remove(at: index)
            withdraw(&entry)
            entry.operation.failure = reason
            entry.operation.resolve()
        } else if let entry = current, entry.ticket === ticket, entry.interruption == nil {
            guard entry.operation.interrupt(reason) else { return }
            current?.interruption = reason
            startGrace()
            requestCancel(ticket)
            drive()
        }
    }

    /// Gives the connection up unless the current command ends soon.
    func startGrace() {
        guard current?.grace == nil else { return }
        current?.grace = loop.schedule(after: gracePeriod) { [weak self] in
            self?.shutDown(PostgresError(.connectionLost, "the server did not end the command in time"))
        }
    }

    /// Sends a request from a thread of its own: it opens a connection and waits for it.
    private func requestCancel(_ ticket: Ticket) {
        guard current?.ticket === ticket, let request = server?.cancelRequest() else { return }
        cancelRequests += 1
        let isStarted = startThread("postgres-cancel") { [self] in
            request.send()
            loop.submit { self.cancelRequestSent(ticket) }
        }
        if !isStarted { cancelRequestSent(ticket) }
    }

    /// Lets the next command start, or repeats the request as long as its command runs.
    private func cancelRequestSent(_ ticket: Ticket) {
        loop.assertOnLoop()
        cancelRequests -= 1
        if current?.ticket === ticket {
            _ = loop.schedule(after: Self.retryDelay) { [weak self] in self?.requestCancel(ticket) }
        }
        drive()
    }
}
