import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// A change of rules beside a daemon at work.
    @Suite struct ActivationTests {
        @Test func rulesThatEndTooMuchAreHeld() async throws {
            let bench = try await Bench()
            var configuration = bench.configuration()
            configuration.limits.breakerMinimum = 20
            configuration.limits.bulk = 15
            try await bench.withDaemon(configuration) {
                try await bench.makePairs(1...120)
                try await bench.quiet()
                try await bench.run(
                    """
                    SELECT assetlink.activate_rule_set(jsonb_build_object('classes', jsonb_set(
                        r.document -> 'classes', '{hardware,rule}',
                        '{"entries": [{"priority": 10, "attributes": ["asset_tag"]}]}')), 'tags only')
                    FROM assetlink.rule_set AS r WHERE r.in_force
                    """)
                try await bench.eventually("SELECT activation_phase = 'held' FROM assetlink.daemon_status")
                try await bench.eventually(
                    "SELECT count(*) BETWEEN 100 AND 120 FROM assetlink.link WHERE status = 'active'")
                // Changes go on beside it.
                try await bench.run(
                    """
                    INSERT INTO itam.asset (asset_id, asset_tag) VALUES (900, 'T900');
                    INSERT INTO cmdb.ci (ci_id, ci_class, asset_tag) VALUES (900, 'server', 'T900');
                    """)
                try await bench.eventually("SELECT state = 'linked' FROM assetlink.ci_state WHERE ci_id = '900'")
                try await bench.run("SELECT assetlink.drop_activation('no')")
                try await bench.quiet()
                #expect(
                    try await bench.text("SELECT count(*) FROM assetlink.link WHERE status = 'active'") == "121")
            }
        }
    }
}
