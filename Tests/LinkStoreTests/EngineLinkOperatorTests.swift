import LinkStore
import Testing

/// Domain.md section 7: what operators and time make of links.
@Suite struct EngineLinkOperatorTests {
    /// CI 1 is pinned to asset 1, and CI 2 to asset 2; nothing else speaks for either.
    ///
    /// CI 2 has the serial of assets 8 and 9.
    private func pinned(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID, cut: true)
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S1'), (2, 'S2'), (8, 'T'), (9, 'T');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', NULL), (2, 'server', 'T');
            """)
        try await bench.drain()
        let seen = try await bench.links(
            after: """
                SELECT assetlink.pin(s, c, 'itam', c, 'test', now() + interval '1 day')
                FROM unnest('{cmdb,cut}'::text[]) AS s, unnest('{1,2}'::text[]) AS c
                """)
        #expect(seen.count == 4 && seen.allSatisfy { $0.hasSuffix("nothing > active, linked") })
        #expect(
            try await bench.rows(
                """
                SELECT DISTINCT concat_ws(' ', method, linked_by, rule, entry_priority, matched_on) FROM assetlink.link
                """
            )
                == ["manual \(try await bench.value("SELECT session_user") ?? "")"])
        return bench
    }

    private static let unpin = """
        SELECT assetlink.unpin(s, c, 'test') FROM unnest('{cmdb,cut}'::text[]) AS s, unnest('{1,2}'::text[]) AS c
        """
    private static let expire = """
        SELECT assetlink_internal.log_change('expiry', NULL, act_id::text, 'expiry')
        FROM assetlink_internal.pair_in_force
        """

    @Test(arguments: [(unpin, "removed_by_operator"), (expire, "pin_expired")])
    func thePinIsNoMore(_ change: String, _ reason: String) async throws {
        let bench = try await pinned()
        // Without the pin CI 2 has two assets to choose from.
        #expect(
            try await bench.links(after: change) == [
                "cmdb 1 to 1: active > closed, \(reason)", "cmdb 2 to 2: active > stale, in_conflict",
                "cut 1 to 1: active > closed, \(reason)", "cut 2 to 2: active > stale, in_conflict",
            ])
        #expect(
            try await bench.links(after: "UPDATE cmdb.ci SET serial_number = NULL")
                == ["cmdb 2 to 2: stale > closed, \(reason)", "cut 2 to 2: stale > closed, \(reason)"])
        #expect(
            try await bench.rows("SELECT DISTINCT effect FROM assetlink.operator_decision WHERE kind = 'pin'") == [
                "ended"
            ])
    }

    @Test(arguments: [(unpin, "removed_by_operator"), (expire, "pin_expired")])
    func thePinOfAnEndedAssetIsNoMore(_ change: String, _ reason: String) async throws {
        let bench = try await pinned()
        try await bench.run("UPDATE cmdb.ci SET serial_number = NULL; UPDATE itam.asset SET state = 'retired'")
        try await bench.drain()
        #expect(try await bench.links(after: change) == [])
        #expect(
            try await bench.links(after: "UPDATE itam.asset SET state = 'in_use'")
                == ["cmdb 1 to 1: stale > closed, \(reason)", "cmdb 2 to 2: stale > closed, \(reason)"])
    }

    @Test func aPinComesBackWithItsAsset() async throws {
        let bench = try await pinned()
        try await bench.run("UPDATE itam.asset SET state = 'retired' WHERE asset_id = 1")
        try await bench.drain()
        #expect(try await bench.state(1) == "orphaned no_identifier")
        #expect(
            try await bench.links(after: "UPDATE itam.asset SET state = 'in_use' WHERE asset_id = 1")
                == ["cmdb 1 to 1: stale > active, restored", "cut 1 to 1: nothing > active, linked"])
    }

    @Test func anAutomaticLinkBecomesManualAndBack() async throws {
        let bench = try await EngineLinkTableTests.bench()
        #expect(
            try await bench.links(after: "SELECT assetlink.pin('cmdb', '1', 'itam', '1', 'test')")
                == ["cmdb 1 to 1: active > active, evidence"])
        #expect(
            try await bench.links(after: "SELECT assetlink.unpin('cmdb', '1', 'test')")
                == ["cmdb 1 to 1: active > active, evidence"])
        // It is no link of a pin any more.
        #expect(
            try await bench.links(after: "UPDATE cmdb.ci SET serial_number = 'elsewhere' WHERE ci_id = 1")
                == [
                    "cmdb 1 to 1: active > closed, identifier_changed",
                    "cut 1 to 1: active > closed, identifier_changed",
                ])
    }

    @Test func anotherPinSupersedes() async throws {
        let bench = try await pinned()
        #expect(
            try await bench.links(after: "SELECT assetlink.pin('cmdb', '1', 'itam', '2', 'test')")
                == ["cmdb 1 to 1: active > closed, superseded", "cmdb 1 to 2: nothing > active, succeeded"])
        #expect(
            try await bench.rows("SELECT reason FROM assetlink_internal.act_end") == ["replaced"])
    }

    @Test(arguments: [
        (
            "SELECT assetlink.close_stale_link(link_id, 'test') FROM assetlink.link WHERE status = 'stale'",
            "closed_by_operator"
        ),
        (
            """
            SELECT assetlink_internal.log_change('link', NULL, link_id::text, 'retention') FROM assetlink.link
            WHERE status = 'stale'
            """, "retention"
        ),
    ])
    func aStaleLinkIsClosed(_ change: String, _ reason: String) async throws {
        let bench = try await EngineLinkTableTests.bench()
        let closed = ["cmdb 2 to 2: stale > closed, \(reason)", "cut 2 to 2: stale > closed, \(reason)"]
        #expect(try await bench.links(after: change) == closed)
        #expect(try await bench.state(2) == "conflicted duplicate_ci")
        #expect(
            try await bench.value("SELECT count(*) FROM assetlink.link WHERE closed_by = 'assetlinkd'")
                == (reason == "retention" ? "2" : "0"))
        // What comes later opens a new link.
        #expect(
            try await bench.links(after: "DELETE FROM cmdb.ci WHERE ci_id = 3")
                == ["cmdb 2 to 2: nothing > active, linked", "cut 2 to 2: nothing > active, linked"])
    }

    @Test func whatIsNotStaleWhenItsTimeIsOverStays() async throws {
        let bench = try await EngineLinkTableTests.bench()
        let restored = ["cmdb 2 to 2: stale > active, restored", "cut 2 to 2: stale > active, restored"]
        #expect(
            try await bench.links(
                after: """
                    SELECT assetlink_internal.log_change('link', NULL, link_id::text, 'retention') FROM assetlink.link;
                    DELETE FROM cmdb.ci WHERE ci_id = 3;
                    """) == restored)
    }
}
