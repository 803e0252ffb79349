import LinkTesting
import Postgres

extension Catalogue {
    /// What people do to our rows.
    static let hands: [Scenario] = [
        .shared(
            "links-locked", faults: [28],
            expected:
                "only records whose link rows are locked wait, and not for long after; people are never the victim"
        ) { arena in
            let load = arena.load()
            try await arena.makeShop(20)
            try await arena.alarmAtOnce()
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(20)
            let person = try await arena.connect()
            try await person.script(
                """
                BEGIN; SELECT * FROM assetlink_internal.link WHERE ci_id = '7' AND ci_source_id = (
                    SELECT source_id FROM assetlink_internal.source WHERE name = 'floor') FOR UPDATE
                """)
            try await arena.run("UPDATE shop.asset SET state = 'retired' WHERE id <= 10")
            try await arena.eventuallyLinked(11)
            try await arena.eventuallyAlarm("locked_links", "pid %")
            try await arena.eventually(
                "SELECT count(*) = 1 FROM assetlink.dead_letter WHERE error_code = 'locked' AND replayed_at IS NULL")
            try await load.during { try await load.progress(20) }
            try await arena.expectLinked(7, "while its link is locked")
            try await person.script("COMMIT")
            try await arena.eventuallyLinked(10)
            try await arena.eventually("SELECT count(*) = 0 FROM assetlink.dead_letter WHERE replayed_at IS NULL")
            // Their own updates of rows of ours, in the order that deadlocks, for moments.
            try await load.during {
                for round in 0..<arena.stage.either(15, 1_500) {
                    try await person.script(
                        """
                        BEGIN;
                        UPDATE assetlink_internal.link SET linked_by = linked_by WHERE link_id % 3 = \(round % 3);
                        UPDATE assetlink_internal.ci_decision SET since = since WHERE ci_ref % 2 = \(round % 2);
                        UPDATE assetlink_internal.asset SET first_seen_at = first_seen_at; COMMIT
                        """)
                }
            }
            try await arena.settle(load)
            arena.stage.note("\(load.tally)")
            try await daemon.stop()
            await person.close()
        },
        .shared(
            "edited-by-hand", faults: [29],
            expected:
                "links and decisions edited by hand are put back, and the audit says so; itself it refuses edits"
        ) { arena in
            let stage = arena.stage
            let load = arena.load()
            try await arena.makeShop(12)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(12)
            for edit in edits {
                try await load.during {
                    try await arena.run(edit)
                    // Half of them are met by a batch before the sweep comes by.
                    try await arena.run("UPDATE shop.ci SET serial = lower(serial) WHERE id % 2 = 0")
                    try await load.progress(5)
                }
            }
            let repaired =
                "SELECT count(DISTINCT ci_id) FROM assetlink.audit WHERE action = 'repair' AND ci_source = 'floor'"
            try await arena.eventually("SELECT (\(repaired)) = \(edits.count)")
            try await arena.eventuallyLinked(12)
            try await arena.settle(load)
            for edit in ["UPDATE % SET batch_id = 1", "DELETE FROM %", "TRUNCATE %"] {
                do {
                    try await arena.run(edit.replacing("%", with: "assetlink_internal.audit"))
                    stage.expect(false, "the audit let itself be edited: \(edit)")
                } catch let error as PostgresError {
                    stage.expect(error.sqlState == "23001", "\(edit): \(error)")
                }
            }
            stage.note("\(try await arena.number(repaired)) CIs put back, \(load.tally)")
            try await daemon.stop()
        },
        .shared(
            "log-not-ours", faults: [23],
            expected:
                "writers are refused with our name and the remedy; an alarm says what to give back"
        ) { arena in
            let stage = arena.stage
            try await arena.makeShop(3)
            let daemon = try await arena.start()
            try await arena.eventuallyLinked(3)
            try await arena.run("ALTER TABLE assetlink_internal.change_log_0 OWNER TO postgres")
            try await arena.eventuallyAlarm(
                "capture_refused", "function assetlink_internal.capture_%", severity: "error")
            do {
                try await arena.run("UPDATE shop.asset SET state = 'retired' WHERE id = 1")
                stage.expect(false, "a writer was let through whose change nobody hears of")
            } catch let error as PostgresError {
                stage.expect(
                    error.message.hasPrefix("assetlink cannot log this change of shop.asset")
                        && error.hint?.contains("assetlinkctl status") == true, "\(error)")
            }
            try await arena.run("ALTER TABLE assetlink_internal.change_log_0 OWNER TO assetlink_owner")
            try await arena.eventuallyNoAlarm("capture_refused")
            try await arena.run("UPDATE shop.asset SET state = 'retired' WHERE id = 1")
            try await arena.eventually(1, "orphaned", "asset_decommissioned")
            try await arena.settle()
            try await daemon.stop()
        },
    ]

    private static func link(_ ci: Int) -> String {
        "(SELECT link_id FROM assetlink.link WHERE ci_source = 'floor' AND ci_id = '\(ci)' AND status = 'active')"
    }

    private static func ref(_ ci: Int) -> String {
        """
        (SELECT c.ci_ref FROM assetlink_internal.ci AS c JOIN assetlink_internal.source AS s USING (source_id)
        WHERE s.name = 'floor' AND c.key = '\(ci)')
        """
    }

    /// Each of a CI of its own.
    private static let edits = [
        """
        DELETE FROM assetlink_internal.link_period WHERE link_id = \(link(1));
        DELETE FROM assetlink_internal.link WHERE link_id = \(link(1))
        """,
        """
        UPDATE assetlink_internal.link SET status = 'closed', closed_at = now(), close_reason = 'resolved'
        WHERE link_id = \(link(2))
        """,
        """
        UPDATE assetlink_internal.link AS l SET asset_ref = o.asset_ref, asset_id = o.asset_id
        FROM assetlink_internal.link AS o WHERE l.link_id = \(link(3)) AND o.link_id = \(link(5))
        """,
        "DELETE FROM assetlink_internal.ci_decision WHERE ci_ref = \(ref(4))",
        """
        UPDATE assetlink_internal.ci_decision SET state = 'orphaned', reason = 'no_identifier', claim_asset = NULL
        WHERE ci_ref = \(ref(6))
        """,
    ]
}
