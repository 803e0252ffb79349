import LinkService
import LinkStore
import LinkTesting
import Postgres
import Testing

extension DaemonTests {
    /// Ids of links in the sources' own tables, by a daemon.
    @Suite struct WriteBackServiceTests {
        private static let columns =
            "ALTER TABLE cmdb.ci ADD COLUMN asset text; ALTER TABLE itam.asset ADD COLUMN ci text;"
        private static let on = """
            SELECT assetlink.set_write_back('cmdb', 'asset', 'test');
            SELECT assetlink.set_write_back('itam', 'ci', 'test');
            """
        /// Every row holds its active link.
        private static let isWritten = """
            SELECT NOT EXISTS (
                SELECT FROM cmdb.ci AS c WHERE c.asset IS DISTINCT FROM (
                    SELECT l.asset_id FROM assetlink.link AS l
                    WHERE l.ci_source = 'cmdb' AND l.ci_id = c.ci_id::text AND l.status = 'active'))
                AND NOT EXISTS (
                    SELECT FROM itam.asset AS a WHERE a.ci IS DISTINCT FROM (
                        SELECT min(l.ci_id COLLATE "C") FROM assetlink.link AS l
                        WHERE l.asset_source = 'itam' AND l.asset_id = a.asset_id::text AND l.status = 'active'))
            """

        /// Nothing but the batch's effect wakes it, and what it writes wakes nobody.
        @Test func theEffectWakesItAndItWakesNobody() async throws {
            let bench = try await Bench()
            try await bench.run(Self.columns)
            try await bench.withDaemon(bench.bellOnly()) {
                try await bench.run(Self.on)
                try await bench.makePairs(1...50)
                try await bench.eventually("SELECT count(asset) = 50 FROM cmdb.ci")
                try await bench.eventually(Self.isWritten)
                try await bench.asleep()
                let batches = try await bench.text("SELECT max(batch_id) FROM assetlink_internal.batch")
                try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id <= 20")
                try await bench.eventually("SELECT count(asset) = 30 FROM cmdb.ci")
                try await bench.eventually(Self.isWritten)
                try await bench.asleep()
                // One batch for the change; none for what was written back.
                #expect(
                    try await bench.text("SELECT max(batch_id) - \(batches ?? "0") FROM assetlink_internal.batch")
                        == "1")
                #expect(
                    try await bench.text("SELECT count(*) FROM assetlink_internal.write_back_todo") == "0")
            }
            #expect(bench.complaints.all.isEmpty, "\(bench.complaints.all)")
        }

        /// The connection is there only while a source has write-back.
        @Test func onAndOffWhileItRuns() async throws {
            let bench = try await Bench()
            try await bench.run(Self.columns)
            let connected =
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'assetlinkd write-back')"
            try await bench.makePairs(1...10)
            try await bench.withDaemon {
                #expect(try await bench.text(connected) == "false")
                try await bench.run(Self.on)
                try await bench.eventually(Self.isWritten)
                try await bench.eventually(connected)
                try await bench.eventually("SELECT bool_and(state = 'ok') FROM assetlink.write_back")
                try await bench.run(
                    """
                    SELECT assetlink.unset_write_back('cmdb', 'test');
                    SELECT assetlink.unset_write_back('itam', 'test');
                    """)
                try await bench.eventually("SELECT NOT (\(connected))")
                try await bench.run("UPDATE itam.asset SET state = 'retired'")
                try await bench.quiet()
                #expect(try await bench.text("SELECT count(asset) FROM cmdb.ci") == "10")
            }
        }

        /// What a leader left undone when it ended its successor does, though nothing happens any more.
        @Test func theSuccessorDoesWhatWasLeftUndone() async throws {
            let bench = try await Bench()
            try await bench.run(Self.columns)
            try await bench.run(Self.on)
            let writer = try await bench.session()
            let first = bench.start()
            try await bench.makePairs(1...10)
            try await bench.eventually("SELECT count(asset) = 10 FROM cmdb.ci")
            try await writer.script("BEGIN; SELECT * FROM cmdb.ci FOR UPDATE")
            try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id <= 5")
            try await bench.eventually(
                "SELECT count(*) = 5 FROM assetlink.write_back_failure WHERE error_code = 'locked'")
            // As after a crash: nothing is given up.
            first.task.cancel()
            _ = await first.task.result
            try await writer.script("COMMIT")
            await writer.close()
            try await bench.withDaemon {
                try await bench.eventually(Self.isWritten)
                #expect(try await bench.text("SELECT count(asset) FROM cmdb.ci") == "5")
            }
        }

        @Test func workGoesOnByItselfAfterTheGrant() async throws {
            let bench = try await Bench()
            try await bench.run(Self.columns)
            try await bench.run(Self.on)
            try await bench.run("REVOKE UPDATE (asset) ON cmdb.ci FROM assetlink_write_back")
            try await bench.withDaemon {
                try await bench.makePairs(1...10)
                try await bench.eventually("SELECT count(ci) = 10 FROM itam.asset")
                try await bench.eventually(
                    "SELECT count(*) = 1 FROM assetlink.alarm WHERE alarm = 'write_back' AND severity = 'error'")
                let remedy = try #require(
                    try await bench.text("SELECT remedy FROM assetlink.alarm WHERE alarm = 'write_back'"))
                try await bench.run(remedy)
                try await bench.eventually("SELECT count(asset) = 10 FROM cmdb.ci", within: .seconds(90))
                try await bench.eventually(Self.isWritten)
                try await bench.eventually("SELECT bool_and(state = 'ok') FROM assetlink.write_back")
            }
            #expect(bench.complaints.all.count == 1, "\(bench.complaints.all)")
        }
    }
}
