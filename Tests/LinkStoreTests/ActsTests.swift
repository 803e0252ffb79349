import Postgres
import Testing

/// The functions that operators call: what they store, and what they refuse.
@Suite struct ActsTests {
    /// What every test here works on: an orphan C1 and assets A1, A2; a pair that is pinned and one that is blocked;
    /// conflicts, of which the third is closed; a stale link; suspect and trusted values; a held source; dead letters.
    private func books(_ name: String = #function) async throws -> Books {
        let books = try await Books(name, file: #fileID)
        try await books.run(
            """
            SELECT pg_temp.asset(1), pg_temp.asset(2), pg_temp.asset(3, phase => 'retired'), pg_temp.asset(4,
                gone => true),
                pg_temp.asset(21, 'D'), pg_temp.asset(22, 'D'), pg_temp.asset(23, 'D'), pg_temp.asset(25, 'F'),
                    pg_temp.asset(26, 'E');
            SELECT pg_temp.ci(1), pg_temp.ci(2), pg_temp.ci(3), pg_temp.ci(4), pg_temp.ci(21, 'D'), pg_temp.ci(23, 'F'),
                pg_temp.ci(24, 'F'), pg_temp.ci(25, 'E'), pg_temp.ci(26, 'E');
            UPDATE assetlink_internal.ci SET deleted_at = now() WHERE ci_ref = 4;
            SELECT pg_temp.decide(n, 'orphaned', 'no_identifier') FROM generate_series(1, 3) AS n;
            SELECT pg_temp.pair('pin', 2, 1), pg_temp.pair('block', 2, 2), pg_temp.stale(3, 3, 'asset_decommissioned');
            SELECT pg_temp.conflict(1, 'duplicate_asset'), pg_temp.conflict(2, 'duplicate_ci', 25),
                pg_temp.conflict(3, 'duplicate_ci', 25), pg_temp.conflict(4, 'asset_already_linked', 26);
            UPDATE assetlink_internal.conflict SET closed_at = now(), close_reason = 'resolved' WHERE conflict_id = 3;
            SELECT pg_temp.decide(21, 'conflicted', 'duplicate_asset', conflict => 1),
                pg_temp.decide(23, 'conflicted', 'duplicate_ci', 25, conflict => 2),
                pg_temp.decide(24, 'conflicted', 'duplicate_ci', 25, conflict => 2),
                pg_temp.decide(25, 'linked', asset => 26, pinned => true), pg_temp.pair('pin', 25, 26),
                pg_temp.decide(26, 'conflicted', 'asset_already_linked', 26, conflict => 4);
            INSERT INTO assetlink_internal.suspect_value VALUES ('serial', 'SAME', now()), ('uuid', '00112233', now());
            INSERT INTO assetlink_internal.trusted_value VALUES ('serial', 'REAL', 1);
            INSERT INTO assetlink.placeholder (kind, value) VALUES ('serial', 'Default String');
            INSERT INTO assetlink_internal.source_status VALUES (101, 'held', 'reads empty', now());
            INSERT INTO assetlink_internal.dead_letter (feed, source_id, error_code, error_text, replayed_at)
            VALUES ('itam_asset', 101, '22P02', 'not JSON', NULL), ('itam_asset', 101, '22P02', 'not JSON',
                '2026-05-01');
            """)
        return books
    }

    /// The acts of a call, and whether each went to the change log.
    private func acts(of call: String, in books: Books) async throws -> [String] {
        let first = try #require(try await books.value("SELECT max(act_id) FROM assetlink_internal.act"))
        let returned = try #require(try await books.value("SELECT assetlink.\(call)"))
        // The call returns the act that the others are part of.
        return try await books.rows(
            """
            SELECT a.kind, a.ci_id, a.asset_id,
                concat_ws(' ', a.link_id, a.conflict_id, a.dead_letter_id, s.name, a.identifier_kind,
                    a.identifier_value) AS about,
                a.act_id = \(returned) AS returned, a.part_of = \(returned) AS part
            FROM assetlink_internal.act AS a LEFT JOIN assetlink_internal.source AS s USING (source_id)
            WHERE a.act_id > \(first)
                AND EXISTS (
                    SELECT FROM assetlink_internal.change_log_0 AS l
                    WHERE l.topic = 'act' AND l.key = a.act_id::text AND l.cause = 'operator' AND l.source_id IS NULL)
                AND a.decided_by = session_user AND a.reason = 'because'
            ORDER BY a.act_id
            """)
    }

    @Test(arguments: [
        ("pin('net', 'C1', 'books', 'A1', ' because ')", ["(pin,C1,A1,\"\",t,)"]),
        // Void, but kept: it comes to life with the asset.
        ("pin('net', 'C1', 'books', 'A3', 'because', now() + interval '1 day')", ["(pin,C1,A3,\"\",t,)"]),
        ("block('net', 'C1', 'books', 'A1', 'because', expires_at => 'infinity')", ["(block,C1,A1,\"\",t,)"]),
        ("unpin('net', 'C2', 'because')", ["(unpin,C2,A1,\"\",t,)"]),
        ("unblock('net', 'C2', 'books', 'A2', 'because')", ["(unblock,C2,A2,\"\",t,)"]),
        ("requeue('net', 'C1', 'because')", ["(requeue,C1,,\"\",t,)"]),
        ("close_stale_link(3, 'because')", ["(close_stale_link,C3,A3,3,t,)"]),
        ("set_composite('books', 'A1', true, 'because')", ["(set_composite,,A1,\"\",t,)"]),
        ("trust_identifier('serial', ' same', 'because')", ["(trust_identifier,,,\"serial SAME\",t,)"]),
        ("trust_identifier('uuid', '{0011-2233}', 'because')", ["(trust_identifier,,,\"uuid 00112233\",t,)"]),
        ("distrust_identifier('serial', 'real', 'because')", ["(distrust_identifier,,,\"serial REAL\",t,)"]),
        ("approve_held('books', 'because')", ["(approve_held,,,books,t,)"]),
        ("drop_held('books', 'because')", ["(drop_held,,,books,t,)"]),
        ("replay_dead_letter(1, 'because')", ["(replay_dead_letter,,,\"1 books\",t,)"]),
        (
            "resolve_conflict(1, 'books', 'A22', 'because')",
            [
                "(resolve_conflict,,A22,1,t,)", "(block,C21,A21,1,f,t)", "(block,C21,A23,1,f,t)", "(pin,C21,A22,1,f,t)",
            ]
        ),
        (
            "resolve_conflict(2, 'net', 'C24', 'because')",
            ["(resolve_conflict,C24,,2,t,)", "(block,C23,A25,2,f,t)", "(pin,C24,A25,2,f,t)"]
        ),
        // The winner is pinned already.
        (
            "resolve_conflict(4, 'net', 'C25', 'because')",
            ["(resolve_conflict,C25,,4,t,)", "(block,C26,A26,4,f,t)"]
        ),
    ])
    func isStoredAndQueued(_ call: String, _ stored: [String]) async throws {
        #expect(try await acts(of: call, in: books()) == stored)
    }

    @Test func everyFunctionRefusesWhatCannotBe() async throws {
        let books = try await books()
        for (call, state, hint) in [
            ("pin('nett', 'C1', 'books', 'A1', 'r')", "42704", #"Did you mean "net"?"#),
            ("pin('books', 'C1', 'books', 'A1', 'r')", "42809", "Name a source of CIs"),
            ("pin('net', 'C1', 'net', 'A1', 'r')", "42809", "a source of assets"),
            ("pin('net', 'C9', 'books', 'A1', 'r')", "P0002", "assetlink.ci_state"),
            ("pin('net', NULL, 'books', 'A1', 'r')", "P0002", "assetlink.ci_state"),
            ("pin('net', 'C4', 'books', 'A1', 'r')", "P0002", "assetlink.ci_state"),
            ("pin('net', 'C1', 'books', 'A9', 'r')", "P0002", "assetlink.asset_state"),
            ("pin('net', 'C1', 'books', 'A4', 'r')", "P0002", "assetlink.asset_state"),
            ("pin('net', 'C1', 'books', 'A1', ' ')", "22023", "Say why"),
            ("pin('net', 'C1', 'books', 'A1', NULL)", "22023", "Say why"),
            ("pin('net', 'C1', 'books', 'A1', 'r', '2020-01-01')", "22023", "a time to come"),
            ("pin('net', 'C1', 'books', 'A1', 'r', on_behalf_of => '')", "22023", "Name the person"),
            ("block('net', 'C9', 'books', 'A1', 'r')", "P0002", "assetlink.ci_state"),
            ("block('net', 'C1', 'books', 'A1', 'r', '2020-01-01')", "22023", "a time to come"),
            ("unpin('net', 'C1', 'r')", "55000", "assetlink.operator_decision"),
            ("unblock('net', 'C1', 'books', 'A1', 'r')", "55000", "assetlink.operator_decision"),
            ("requeue('net', 'C9', 'r')", "P0002", "assetlink.ci_state"),
            ("resolve_conflict(9, 'books', 'A1', 'r')", "P0002", "assetlink.conflict_queue"),
            ("resolve_conflict(3, 'net', 'C23', 'r')", "55000", "assetlink.conflict_queue"),
            ("resolve_conflict(1, 'net', 'C21', 'r')", "42809", "a source of assets"),
            ("resolve_conflict(2, 'books', 'A25', 'r')", "42809", "a source of CIs"),
            ("resolve_conflict(1, 'books', 'A1', 'r')", "P0002", "one of its assets"),
            ("resolve_conflict(2, 'net', 'C1', 'r')", "P0002", "one of its CIs"),
            ("resolve_conflict(2, 'net', 'C23', '')", "22023", "Say why"),
            ("close_stale_link(99, 'r')", "P0002", "assetlink.stale_link"),
            ("close_stale_link(25, 'r')", "55000", "ends by a block"),
            ("set_composite('books', 'A9', true, 'r')", "P0002", "assetlink.asset_state"),
            ("set_composite('books', 'A1', NULL, 'r')", "22004", "several CIs"),
            ("set_composite('books', 'A1', false, 'r')", "55000", "is_composite"),
            ("trust_identifier('colour', 'SAME', 'r')", "22023", "serial"),
            ("trust_identifier('serial', 'default string', 'r')", "55000", "assetlink.placeholder"),
            ("trust_identifier('serial', 'real', 'r')", "55000", "distrust_identifier"),
            ("trust_identifier('serial', 'other', 'r')", "55000", "assetlink.suspect_identifier"),
            ("distrust_identifier('serial', 'SAME', 'r')", "55000", "trust_identifier"),
            ("approve_held('net', 'r')", "55000", "assetlink.held_change"),
            ("drop_held('net', 'r')", "55000", "assetlink.held_change"),
            ("drop_held('nobody', 'r')", "42704", ""),
            ("replay_dead_letter(9, 'r')", "P0002", "assetlink.dead_letter"),
            ("replay_dead_letter(2, 'r')", "55000", "a new dead letter"),
        ] {
            let before = try await books.value("SELECT count(*) FROM assetlink_internal.act")
            let error = await #expect(throws: PostgresError.self, "\(call)") {
                try await books.value("SELECT assetlink.\(call)")
            }
            #expect(error?.sqlState == state, "\(call): \(error?.message ?? "")")
            #expect(
                error?.hint?.contains(hint) == true || hint.isEmpty && error?.hint != nil,
                "\(call): \(error?.hint ?? "no hint")")
            #expect(try await books.value("SELECT count(*) FROM assetlink_internal.act") == before, "\(call)")
        }
    }

    @Test func undoingIsPossibleOnceAndBeforeItIsTakenIn() async throws {
        let books = try await books()
        for (undo, redo) in [
            ("unpin('net', 'C1', 'r')", "pin('net', 'C1', 'books', 'A1', 'r')"),
            ("unblock('net', 'C1', 'books', 'A2', 'r')", "block('net', 'C1', 'books', 'A2', 'r')"),
            ("set_composite('books', 'A1', false, 'r')", "set_composite('books', 'A1', true, 'r')"),
        ] {
            for _ in 1...2 {
                try await books.run("SELECT assetlink.\(redo)")
                try await books.run("SELECT assetlink.\(undo)")
                let error = await #expect(throws: PostgresError.self) {
                    try await books.run("SELECT assetlink.\(undo)")
                }
                #expect(error?.sqlState == "55000", "\(undo)")
            }
        }
    }

    @Test func severalClaimantsOfTheKeptAssetAreNotPinned() async throws {
        let books = try await books()
        try await books.run(
            "SELECT pg_temp.ci(22, 'D'), pg_temp.decide(22, 'conflicted', 'duplicate_asset', conflict => 1)")
        #expect(
            try await acts(of: "resolve_conflict(1, 'books', 'A22', 'because')", in: books) == [
                "(resolve_conflict,,A22,1,t,)", "(block,C21,A21,1,f,t)", "(block,C21,A23,1,f,t)",
                "(block,C22,A21,1,f,t)",
                "(block,C22,A23,1,f,t)",
            ])
    }

    @Test func onlyDelegatesPassAName() async throws {
        let books = try await books()
        // Roles are shared by all tests of a server.
        try await books.run(
            """
            DO $$ BEGIN CREATE ROLE t_acts_clerk IN ROLE assetlink_operator; EXCEPTION WHEN duplicate_object THEN NULL;
                END $$;
            DO $$ BEGIN
                CREATE ROLE t_acts_front IN ROLE assetlink_operator, assetlink_delegate;
            EXCEPTION WHEN duplicate_object THEN NULL; END $$;
            """)
        let call = "SELECT assetlink.requeue('net', 'C1', 'asked by phone', on_behalf_of => ' Ann Lee ')"
        try await books.run("SET SESSION AUTHORIZATION t_acts_front")
        try await books.run(call)
        try await books.run("SET SESSION AUTHORIZATION t_acts_clerk")
        try await books.run("SELECT assetlink.requeue('net', 'C1', 'seen it')")
        let error = await #expect(throws: PostgresError.self) { try await books.run(call) }
        #expect(error?.sqlState == "42501" && error?.hint?.contains("assetlink_delegate") == true)
        try await books.run("RESET SESSION AUTHORIZATION")
        #expect(
            try await books.rows(
                "SELECT decided_by, given_name FROM assetlink_internal.act WHERE kind = 'requeue' ORDER BY act_id")
                == [#"(t_acts_front,"Ann Lee")"#, "(t_acts_clerk,)"])
    }
}
