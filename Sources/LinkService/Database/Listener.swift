import CoreMetrics
import LinkStore
import Logging
import Postgres

/// The connection that only listens: it wakes the loop and hands on raw events; it never runs a transaction block.
struct Listener {
    static let channels = ["assetlink_wake", "itam_asset", "cmdb_ci"]

    let connection: PostgresConnection
    let mailbox: Mailbox
    let inbox: Inbox
    let meters: ServiceMeters
    let logger: Logger

    /// Listens until the connection is lost or the task is cancelled.
    ///
    /// - Parameter probe: a channel of this session's own, to find out whether notifications arrive at all.
    func run(probe: String, arrived: Wakeup) async throws {
        try await connection.listen(on: Self.channels + [probe]) { notifications in
            // LISTEN is in effect: whatever came before is in the log.
            mailbox.post(.rang)
            arrived.ring()
            for try await event in notifications {
                switch event {
                case .notification(let channel, let payload, _):
                    meters.notifications.increment()
                    if channel == probe {
                        arrived.stop()
                    } else if channel != "assetlink_wake" {
                        inbox.add(Inbox.Event(channel: channel, payload: payload))
                    }
                case .resync:
                    logger.error(
                        "notifications came faster than they were taken; raw events among them are lost: send them again"
                    )
                }
                mailbox.post(.rang)
            }
        }
    }
}
