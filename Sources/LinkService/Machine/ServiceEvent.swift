/// What happens to the loop.
package enum ServiceEvent: Sendable {
    case started
    /// The call under way is over.
    case answered(ServiceReply)
    /// The question on the connection that listens is answered; `nil`: it failed.
    case watched(WatchReply?)
    /// The connection that listens was lost.
    case listenerLost(ServiceFailure)
    /// A notification came, or LISTEN took effect: there may be something to do.
    case rang
    /// The time of ``ServiceMachine/alarm`` has come.
    case alarm
    /// Finish what is under way, give up the lease, end.
    case stop
    /// Finish what is under way and end; lease and connections stay, for who begins anew under the same name.
    case handOver
}

/// What the loop wants done; nothing here waits.
package enum ServiceAction: Sendable {
    case call(ServiceCall)
    case watch(WatchCall)
    /// Close every connection; a call under way fails.
    case abandon
    /// What reads everything and may take its time, on a connection of its own.
    case count(refreshesStatistics: Bool, takesSnapshot: Bool, publishesHead: Bool)
    case say(ServiceNote)
    /// It is over: `nil` when it was asked to stop.
    case end(ServiceFailure?)
}

/// What is worth a line in the log.
package enum ServiceNote: Sendable {
    case ready(WakeMode)
    case leading(epoch: Int64)
    /// Said once, until this daemon has led.
    case standingBy
    case lostLease
    case released
    case mode(WakeMode)
    /// A sleep was ended by time, changes were waiting, and nobody rang.
    case missedWakeup
    case failed(ServiceFailure)
    /// Said once, until the server can be written to.
    case waitingForPrimary(ServiceFailure)
    case stopped
}
