import LinkStore
import LinkTesting
import Postgres
import Testing

/// Engine.md point 22: a version of the rules comes into force keys first, and nobody is decided by half of it.
@Suite struct EngineActivationTests {
    /// Machines that serial number and uuid link alike.
    private static func machines(_ count: Int) -> String {
        """
        INSERT INTO itam.asset (asset_id, serial_number, uuid)
        SELECT n, 'S' || n, md5('u' || n)::uuid FROM generate_series(1, \(count)) AS n;
        INSERT INTO cmdb.ci (ci_id, ci_class, name, serial_number, uuid)
        SELECT n, 'server', 'srv-' || n, 's' || n, md5('u' || n)::uuid FROM generate_series(1, \(count)) AS n;
        """
    }

    private static func rule(_ entries: String) -> String {
        "UPDATE assetlink.ci_class SET rule = '{\"entries\": [\(entries)]}' WHERE class = 'hardware';"
    }
    private static let byUUID = rule(#"{"priority": 10, "type": "regular", "attributes": ["uuid"]}"#)
    private static let byList = rule(#"{"priority": 10, "type": "lookup", "list": "serials"}"#)
    private static let byTag = rule(#"{"priority": 10, "type": "regular", "attributes": ["asset_tag"]}"#)
    private static let byNothing = rule(#"{"priority": 7, "type": "regular", "attributes": ["position"]}"#)
    private static let bySerial = rule(#"{"priority": 20, "type": "regular", "attributes": ["serial_number"]}"#)

    /// Keys that no rule had before.
    private static let byBoth = rule(#"{"priority": 10, "type": "regular", "attributes": ["serial_number", "uuid"]}"#)

    private static func bench(_ name: String = #function) async throws -> EngineBench {
        try await EngineBench(name, file: #fileID) { limits in
            limits.bulk = 7
            limits.breakerMinimum = 10_000
        }
    }

    /// `keys`, `decisions`, or nothing.
    private static func phase(_ bench: EngineBench) async throws -> String {
        try await bench.value("SELECT coalesce(activation_phase, '') FROM assetlink.daemon_status") ?? "?"
    }

    @Test func aLiveChangeNeverOrphansWhatBothRulesLink() async throws {
        let bench = try await Self.bench()
        try await bench.run(Self.machines(40))
        try await bench.drain()
        #expect(try await bench.value("SELECT count(*) FROM assetlink.ci_state WHERE state = 'linked'") == "40")
        let last = try await bench.value("SELECT max(audit_id) FROM assetlink_internal.audit") ?? ""
        try await bench.run(Self.byUUID)
        var phases: [String] = []
        var round = 0
        while true {
            // Some before their keys are made, some after, on either side; the last ones leave the serial number.
            round += 1
            try await bench.run(
                """
                UPDATE cmdb.ci SET name = name || '\(round)' WHERE ci_id % 5 = \(round % 5);
                UPDATE itam.asset SET manufacturer = 'M\(round)' WHERE asset_id % 4 = \(round % 4);
                """)
            guard case .done(let report) = try await bench.engine.run() else { break }
            let phase = try await Self.phase(bench)
            if phases.last != phase { phases.append(phase) }
            try await bench.check("batch \(report.batchID), \(phase)")
            #expect(try await bench.value("SELECT count(*) FROM assetlink.ci_state WHERE state = 'linked'") == "40")
            if report.ranges.isEmpty { break }
        }
        try await bench.drain()
        #expect(phases == ["keys", "decisions", ""])
        let ended = try await bench.rows(
            """
            SELECT action || ' of ' || ci_id || ' to ' || to_state FROM assetlink_internal.audit
            WHERE audit_id > \(last) AND (to_state IN ('stale', 'closed') OR action IN ('ci_state', 'conflict'))
            """)
        #expect(ended.isEmpty, "\(ended)")
        // Each link says once that other evidence holds it now.
        #expect(
            try await bench.value(
                """
                SELECT count(*) || ' ' || count(DISTINCT ci_id) || ' ' || min(reason) FROM assetlink_internal.audit
                WHERE audit_id > \(last) AND action = 'link'
                """) == "40 40 evidence")
        try await bench.compare()
    }

    /// Claims by old rules and by new are never weighed against each other: every CI changes once, or not at all.
    @Test(arguments: [UInt64](1...4)) func everyCIChangesAtMostOnce(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let bench = try await Self.bench("activation_once_\(seed)")
        for n in 1...40 {
            func some(_ letter: String) -> String {
                random.below(4) == 0 ? "NULL" : "'\(letter)\(random.below(25))'"
            }
            let uuid = "md5('u\(random.below(25))')::uuid"
            try await bench.run(
                """
                INSERT INTO itam.asset (asset_id, serial_number, uuid, asset_tag)
                VALUES (\(n), \(some("S")), md5('u\(random.below(30))')::uuid, \(some("T")));
                INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, uuid, asset_tag)
                VALUES (\(n), '\(random.below(3) == 0 ? "switch" : "server")', \(some("S")), \(uuid), \(some("T")));
                """)
        }
        try await bench.drain()
        let entries = [
            #"{"priority": 5, "type": "regular", "attributes": ["asset_tag"]}"#,
            #"{"priority": 15, "type": "regular", "attributes": ["serial_number"]}"#,
            #"{"priority": 35, "type": "regular", "attributes": ["uuid"]}"#,
        ]
        for edit in [Self.rule(entries.joined(separator: ", ")), Self.byUUID, Self.bySerial, Self.byTag] {
            let last = try await bench.value("SELECT max(audit_id) FROM assetlink_internal.audit") ?? ""
            try await bench.run(edit)
            try await bench.drain()
            try await bench.check("seed \(seed)")
            try await bench.compare("seed \(seed)")
            let often = try await bench.rows(
                """
                SELECT action || ' of ' || ci_id || ': ' || string_agg(concat_ws(' ', from_state, '>', to_state, reason),
                    ', ' ORDER BY audit_id)
                FROM assetlink_internal.audit
                WHERE audit_id > \(last) AND action = 'ci_state' GROUP BY action, ci_id HAVING count(*) > 1
                """)
            #expect(often.isEmpty, "seed \(seed): \(often)")
        }
    }

    /// What a version does not read otherwise keeps its keys and its decisions.
    @Test func onlyTouchedClassesAreReadAgain() async throws {
        let bench = try await EngineBench { $0.breakerMinimum = 10_000 }
        try await bench.run(Self.machines(30))
        try await bench.run(
            """
            UPDATE cmdb.ci SET ci_class = CASE WHEN ci_id <= 6 THEN 'switch' WHEN ci_id <= 8 THEN 'toaster' ELSE 'server' END;
            UPDATE cmdb.ci SET serial_number = 'SAME' WHERE ci_id IN (5, 6, 29, 30);
            UPDATE itam.asset SET serial_number = 'SAME' WHERE asset_id = 30
            """)
        try await bench.drain()
        let serial = #"{"priority": 10, "type": "regular", "attributes": ["serial_number"]}"#
        let edit = "UPDATE assetlink.ci_class SET"
        for (change, records) in [
            // Of two phases with six CIs each; a key that no rule had is made of all assets first.
            ("\(edit) rule = '{\"entries\": [\(serial)]}' WHERE class = 'network_gear'", 12),
            (
                "\(edit) rule = '{\"entries\": [{\"priority\": 3, \"attributes\": [\"model\"]}]}' WHERE class = 'switch'",
                42
            ),
            // Keys that nobody asks for any more are taken away without a look at their assets.
            ("\(edit) rule = NULL WHERE class = 'switch'", 12),
            ("\(edit) aged_after_days = 7 WHERE class = 'server'", 0),
            ("\(edit) suspect_limits = '{\"serial\": 1}' WHERE class = 'network_gear'", 12),
            ("\(edit) suspect_limits = NULL WHERE class = 'network_gear'", 12),
            // Unknown until now: of class ci, as only those two are.
            ("INSERT INTO assetlink.ci_class VALUES ('toaster', 'server')", 4),
            ("\(edit) parent = 'network_gear' WHERE class = 'toaster'", 4),
            ("DELETE FROM assetlink.ci_class WHERE class = 'toaster'", 4),
            ("UPDATE assetlink.suspect_limit SET holders = 3", 90), ("DELETE FROM assetlink.suspect_limit", 90),
        ] {
            try await bench.run(change)
            let reports = try await bench.drain()
            let range = reports.flatMap(\.ranges).first { $0.kind == .reevaluate }
            // The bench's batches take it in whole: what is left of it says how much it was.
            #expect(range?.total ?? 0 == records, "\(change)")
            try await bench.check(change)
            try await bench.compare(change)
        }
    }

    /// A record whose keys or decision cannot be stored waits as a dead letter, as it was; the rest goes on.
    @Test func aRecordThatFailsIsSetAside() async throws {
        let bench = try await Self.bench()
        try await bench.run(Self.machines(30))
        try await bench.drain()
        try await bench.run(Self.bySerial)
        try await bench.drain()
        try await bench.run(
            """
            ALTER TABLE assetlink_internal.asset_key ADD CONSTRAINT poison CHECK (key NOT LIKE '%"S13"%') NOT VALID;
            ALTER TABLE assetlink_internal.ci_key ADD CONSTRAINT poison CHECK (key NOT LIKE '%"S17"%') NOT VALID;
            DO $$ BEGIN EXECUTE format(
                'ALTER TABLE assetlink_internal.ci_decision ADD CONSTRAINT poison CHECK (ci_ref <> %s OR entry_priority <> 10)',
                (SELECT ci_ref FROM assetlink_internal.ci WHERE key = '21')); END $$;
            \(Self.byBoth)
            """)
        for _ in 0..<200 {
            guard case .done = try await bench.engine.runGuarded() else { break }
        }
        #expect(try await Self.phase(bench) == "")
        let letters = "SELECT feed || ' ' || key || ' ' || error_code FROM assetlink_internal.dead_letter ORDER BY key"
        #expect(try await bench.rows(letters) == ["itam 13 poison", "cmdb 17 poison", "cmdb 21 poison"])
        let states = try await bench.rows(
            """
            SELECT concat_ws(' ', state, entry_priority, count(*)) FROM assetlink.ci_state
            GROUP BY state, entry_priority ORDER BY 1
            """)
        #expect(states == ["linked 10 28", "linked 20 1", "orphaned 1"])
        #expect(try await bench.state(21) == "linked to 21", "as it was")
        try await bench.run(
            """
            ALTER TABLE assetlink_internal.asset_key DROP CONSTRAINT poison;
            ALTER TABLE assetlink_internal.ci_key DROP CONSTRAINT poison;
            ALTER TABLE assetlink_internal.ci_decision DROP CONSTRAINT poison;
            SELECT assetlink_internal.log_change('record', d.source_id, d.key, 'retry')
            FROM assetlink_internal.dead_letter AS d WHERE d.key <> '21';
            SELECT assetlink.replay_dead_letter(d.id, 'the constraint is gone')
            FROM assetlink_internal.dead_letter AS d WHERE d.key = '21'
            """)
        try await bench.drain()
        #expect(try await bench.value("SELECT count(*) FROM assetlink.dead_letter WHERE replayed_at IS NULL") == "0")
        try await bench.check()
        try await bench.compare()
    }

    /// Taken over, begun again by another version, and rolled back, wherever it has got to.
    @Test(arguments: [UInt64](1...3)) func anotherVersionBeginsItAgain(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let bench = try await Self.bench("activation_again_\(seed)")
        try await bench.run(Self.machines(40))
        try await bench.run(
            "UPDATE itam.asset SET asset_tag = 'T' || asset_id / 2; UPDATE cmdb.ci SET asset_tag = 'T' || ci_id")
        try await bench.drain()
        var epoch: Int64 = 1
        var runner = bench.runner
        let before = try await bench.value("SELECT max(version) FROM assetlink.rule_set") ?? ""
        for step in 0..<12 {
            switch random.below(5) {
            case 0: try await bench.run(Self.byUUID)
            case 1: try await bench.run(Self.bySerial)
            case 2: try await bench.run(Self.byTag)
            case 3:
                epoch += 1
                runner = try await EngineRunner(bench.conninfo, epoch: epoch, limits: Self.limits)
            default: try await bench.run("UPDATE cmdb.ci SET name = name || '+' WHERE ci_id % 9 = \(step % 9)")
            }
            for _ in 0..<random.below(12) { _ = try await runner.engine.run() }
            try await bench.check("seed \(seed), step \(step)")
        }
        try await runner.drain()
        try await bench.compare("seed \(seed)")
        try await bench.run(Self.byNothing)
        for _ in 0..<3 { _ = try await runner.engine.run() }
        #expect(try await Self.phase(bench) == "keys")
        try await bench.run("SELECT assetlink.rollback_rule_set(\(before), 'it was better')")
        #expect(try await Self.phase(bench) == "waiting")
        try await runner.drain()
        try await bench.check("rolled back")
        try await bench.compare("rolled back")
        #expect(try await bench.value("SELECT count(*) FROM assetlink.ci_state WHERE state = 'linked'") == "40")
    }

    private static let limits: BatchLimits = {
        var limits = BatchLimits()
        limits.bulk = 7
        limits.breakerMinimum = 10_000
        return limits
    }()
}
