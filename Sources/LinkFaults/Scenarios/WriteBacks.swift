import Glibc
import LinkStore
import LinkTesting
import Postgres

extension Catalogue {
    /// What befalls the writing of ids into the sources' own tables.
    static let writeBacks: [Scenario] = [
        .shared(
            "write-back", faults: [1],
            expected:
                "killed after the effect, with rows locked and the privilege gone: the columns come to hold the links"
        ) { arena in
            let stage = arena.stage
            try await arena.makeShop(40)
            let load = arena.load()
            try await arena.setWriteBack()
            var daemon = try await arena.start()
            try await arena.eventually(Arena.isWrittenBack)
            let person = try await arena.connect()
            for round in 0..<stage.either(3, 60) {
                try await person.script("BEGIN; SELECT * FROM shop.ci WHERE id % 4 = \(round % 4) FOR UPDATE")
                try await arena.run("REVOKE UPDATE (ci) ON shop.asset FROM assetlink_write_back")
                try await load.during {
                    try await arena.turn(every: 3)
                    try await arena.eventually(
                        """
                        SELECT EXISTS (SELECT FROM assetlink.write_back WHERE failed > 0)
                            AND EXISTS (SELECT FROM assetlink.write_back WHERE state = 'failing')
                        """)
                    try await daemon.kill()
                    daemon = try await arena.start()
                    try await load.progress(5)
                }
                try await person.script("COMMIT")
                try await arena.run("GRANT UPDATE (ci) ON shop.asset TO assetlink_write_back")
                try await arena.eventually(Arena.isWrittenBack)
            }
            try await arena.settle(load)
            try await arena.eventually(Arena.isWrittenBack)
            try await daemon.stop()
            await person.close()
            #if DEBUG
                for point in [Failpoint.afterCommit, .beforeWriteBack] {
                    try await killedBeforeWriting(at: point, arena)
                }
            #endif
            stage.note("\(load.tally)")
        }
    ]

    #if DEBUG
        /// A daemon that ends between the effect and what is written back of it; its successor has only the to-do.
        private static func killedBeforeWriting(at point: Failpoint, _ arena: Arena) async throws {
            let daemon = try await arena.start(.failing(at: point.rawValue))
            try await Eventually.true("\(point.rawValue) is reached") {
                try await arena.turn(every: 5)
                _ = try? await daemon.child.ended(within: .milliseconds(300))
                return daemon.child.ending != nil
            }
            let successor = try await arena.start()
            try await arena.quiet()
            try await arena.eventually(Arena.isWrittenBack)
            try await successor.stop()
        }
    #endif
}

extension Arena {
    /// Both tables of the shop get a column, written back.
    fileprivate func setWriteBack() async throws {
        try await run(
            """
            ALTER TABLE shop.ci ADD COLUMN asset text; ALTER TABLE shop.asset ADD COLUMN ci bigint;
            SELECT assetlink.set_write_back('floor', 'asset', 'test');
            SELECT assetlink.set_write_back('shop', 'ci', 'test', counterpart => 'floor');
            """)
    }

    /// One asset in so many goes, or comes back.
    fileprivate func turn(every: Int) async throws {
        try await run(
            """
            UPDATE shop.asset SET state = CASE state WHEN 'retired' THEN 'in use' ELSE 'retired' END
            WHERE id % \(every) = 0
            """)
    }

    /// Every row of the shop holds its active link, and nothing waits.
    fileprivate static let isWrittenBack = """
        SELECT NOT EXISTS (
            SELECT FROM shop.ci AS c WHERE c.asset IS DISTINCT FROM (
                SELECT l.asset_id FROM assetlink.link AS l
                WHERE l.ci_source = 'floor' AND l.ci_id = c.id::text AND l.status = 'active'))
            AND NOT EXISTS (
                SELECT FROM shop.asset AS a WHERE a.ci::text IS DISTINCT FROM (
                    SELECT l.ci_id FROM assetlink.link AS l
                    WHERE l.asset_source = 'shop' AND l.asset_id = a.id::text AND l.ci_source = 'floor'
                        AND l.status = 'active'))
            AND NOT EXISTS (SELECT FROM assetlink.write_back WHERE pending > 0 OR failed > 0 OR state <> 'ok')
        """
}
