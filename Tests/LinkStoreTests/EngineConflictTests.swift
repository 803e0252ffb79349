import LinkStore
import Testing

/// Domain.md section 6: the identity and the life of conflicts.
@Suite struct EngineConflictTests {
    private func conflicts(_ bench: EngineBench) async throws -> [String] {
        try await bench.rows(
            "SELECT kind || ' ' || coalesce(close_reason, 'open') FROM assetlink.conflict ORDER BY conflict_id")
    }

    private func members(_ bench: EngineBench, _ conflict: Int = 1) async throws -> [String] {
        try await bench.rows(
            """
            SELECT side || ' ' || id FROM assetlink.conflict_member
            WHERE conflict_id = (SELECT min(conflict_id) FROM assetlink.conflict) + \(conflict - 1) ORDER BY side, id
            """)
    }

    /// CIs 1 and 2 claim asset 1.
    private func two(_ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID)
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (1, 'server', 'S'), (2, 'server', 'S');
            """)
        try await bench.drain()
        #expect(try await conflicts(bench) == ["duplicate_ci open"])
        return bench
    }

    @Test func resolvedAndTheSameAgainIsANewRow() async throws {
        let bench = try await two()
        #expect(try await members(bench) == ["asset 1", "ci 1", "ci 2"])
        #expect(
            try await bench.audit("conflict", after: "UPDATE cmdb.ci SET serial_number = 'T' WHERE ci_id = 2")
                == [": open > closed, resolved"])
        #expect(try await members(bench) == [])
        #expect(
            try await bench.audit("conflict", after: "UPDATE cmdb.ci SET serial_number = 'S' WHERE ci_id = 2")
                == [": nothing > open, duplicate_ci"])
        #expect(try await conflicts(bench) == ["duplicate_ci resolved", "duplicate_ci open"])
        #expect(try await bench.value("SELECT count(DISTINCT identity) FROM assetlink_internal.conflict") == "1")
    }

    @Test func aThirdOneJoinsAndTheConflictStays() async throws {
        let bench = try await two()
        let third = "INSERT INTO cmdb.ci (ci_id, ci_class, serial_number) VALUES (3, 'server', 'S')"
        #expect(try await bench.audit("conflict", after: third) == [])
        #expect(try await members(bench) == ["asset 1", "ci 1", "ci 2", "ci 3"])
        #expect(try await bench.audit("conflict", after: "DELETE FROM cmdb.ci WHERE ci_id = 1") == [])
        #expect(try await members(bench) == ["asset 1", "ci 2", "ci 3"])
    }

    @Test func theWinnerIsAMemberToo() async throws {
        let bench = try await two()
        try await bench.run(
            """
            UPDATE itam.asset SET asset_tag = 'T';
            UPDATE cmdb.ci SET serial_number = NULL, asset_tag = 'T' WHERE ci_id = 2;
            """)
        try await bench.drain()
        #expect(try await bench.state(1) == "linked to 1")
        #expect(try await bench.state(2) == "conflicted duplicate_ci")
        #expect(try await members(bench) == ["asset 1", "ci 1", "ci 2"])
        #expect(try await conflicts(bench) == ["duplicate_ci open"])
    }

    @Test func theRecordsAreDeleted() async throws {
        let bench = try await two()
        #expect(try await bench.audit("conflict", after: "DELETE FROM cmdb.ci") == [": open > closed, record_deleted"])
    }

    @Test func anotherKindIsAnotherConflict() async throws {
        let bench = try await two()
        let seen = try await bench.audit(
            "conflict", after: "INSERT INTO itam.asset (asset_id, serial_number) VALUES (2, 'S')")
        #expect(seen.sorted() == [": nothing > open, duplicate_asset", ": open > closed, kind_changed"])
        #expect(try await members(bench, 2) == ["asset 1", "asset 2", "ci 1", "ci 2"])
        #expect(try await conflicts(bench) == ["duplicate_ci kind_changed", "duplicate_asset open"])
    }

    @Test(arguments: [
        "SELECT assetlink.resolve_conflict(conflict_id, 'cmdb', '1', 'test') FROM assetlink.conflict",
        "SELECT assetlink.block('cmdb', '2', 'itam', '1', 'test')",
        "SELECT assetlink.set_composite('itam', '1', true, 'test')",
    ])
    func anOperatorSettlesIt(_ act: String) async throws {
        let bench = try await two()
        #expect(try await bench.audit("conflict", after: act) == [": open > closed, by_operator"])
        #expect(try await bench.state(1) == "linked to 1")
        #expect(
            try await bench.value("SELECT closed_by FROM assetlink.conflict") == bench.value("SELECT session_user"))
    }

    @Test func aPinMakesTheOtherOneSomethingElse() async throws {
        let bench = try await two()
        try await bench.run("SELECT assetlink.pin('cmdb', '2', 'itam', '1', 'test')")
        try await bench.drain()
        #expect(try await bench.state(1) == "conflicted asset_already_linked")
        #expect(try await bench.state(2) == "linked to 1")
        #expect(try await conflicts(bench) == ["duplicate_ci by_operator", "asset_already_linked open"])
        try await bench.check()
    }

    /// The same entry in two rules, and the smallest key that they share, are one conflict.
    @Test func aDuplicateAssetIsOneConflictForAllWhoShareTheKey() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number) VALUES (1, 'S'), (2, 'S'), (3, 'T'), (4, 'T');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number)
            VALUES (1, 'server', 'S'), (2, 'blade_server', ' s'), (3, 'module', 'S'), (4, 'server', 'T');
            """)
        try await bench.drain()
        #expect(
            try await bench.rows("SELECT kind || ' ' || matched_on FROM assetlink.conflict ORDER BY matched_on")
                == [#"duplicate_asset [["S"]]"#, #"duplicate_asset [["T"]]"#])
        #expect(
            try await bench.rows(
                """
                SELECT string_agg(side || ' ' || id, ', ' ORDER BY side, id) FROM assetlink.conflict_member
                GROUP BY conflict_id ORDER BY 1
                """) == ["asset 1, asset 2, ci 1, ci 2, ci 3", "asset 3, asset 4, ci 4"])
        // Whoever leaves for the other is in one that was there.
        #expect(
            try await bench.audit("conflict", after: "UPDATE cmdb.ci SET serial_number = 'T' WHERE ci_id = 1") == [])
        #expect(
            try await bench.audit("conflict", after: "DELETE FROM itam.asset WHERE asset_id = 4")
                == [": nothing > open, duplicate_ci", ": open > closed, kind_changed"].sorted())
        try await bench.check()
    }

    @Test func contradictingEvidenceIsTheCIs() async throws {
        let bench = try await EngineBench()
        try await bench.run(
            """
            INSERT INTO itam.asset (asset_id, serial_number, asset_tag) VALUES (1, 'S0', 'T');
            INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, asset_tag)
            VALUES (1, 'server', 'S1', 'T'), (2, 'server', 'S2', 'T');
            """)
        try await bench.drain()
        #expect(try await conflicts(bench) == ["contradicting_evidence open", "contradicting_evidence open"])
        #expect(
            try await bench.rows(
                """
                SELECT string_agg(side || ' ' || id, ', ' ORDER BY side, id) FROM assetlink.conflict_member
                GROUP BY conflict_id ORDER BY 1
                """) == ["asset 1, ci 1", "asset 1, ci 2"])
        #expect(
            try await bench.audit("conflict", after: "UPDATE itam.asset SET serial_number = 'S1'")
                == [": open > closed, resolved"])
        #expect(try await bench.state(1) == "linked to 1")
    }
}
