import LinkStore
import LinkTesting
import Testing

/// Values longer than an index entry may be.
@Suite struct EngineLongValueTests {
    /// Publishes asset A and CI C1 with a serial number of that many bytes, and C2 with the asset's 600 MAC addresses.
    private func bench(_ bytes: Int, also: String = "", _ name: String = #function) async throws -> EngineBench {
        let bench = try await EngineBench(name, file: #fileID)
        try await bench.run(
            """
            CREATE TEMPORARY TABLE long AS SELECT left(string_agg(md5(n::text), ''), \(bytes)) AS v,
                (SELECT jsonb_agg(lpad(to_hex(n), 12, '0')) FROM generate_series(1, 600) AS n) AS macs
            FROM generate_series(1, 300) AS n;
            SELECT assetlink.publish_asset(jsonb_build_object('asset_id', 'A', 'serial_number', v, 'model', v,
                'asset_tag', v || 't', 'mac_addresses', macs, 'attributes', jsonb_build_object('a', v)\(also)))
            FROM long;
            SELECT assetlink.publish_ci(
                jsonb_build_object('ci_id', 'C1', 'ci_class', 'server', 'serial_number', lower(v))) FROM long;
            SELECT assetlink.publish_ci(jsonb_build_object('ci_id', 'C2', 'ci_class', 'server', 'network_adapters', (
                SELECT jsonb_agg(jsonb_build_object('name', 'eth', 'mac', m)) FROM jsonb_array_elements(macs) AS m)))
            FROM long;
            """)
        while case .done = try await bench.engine.runGuarded() {}
        try await bench.check()
        return bench
    }

    private static let states = """
        SELECT concat_ws(' ', ci_id, state, reason, asset_id, length(matched_on::text)) FROM assetlink.ci_state
        ORDER BY 1
        """

    @Test func aThousandBytesAreMatchedAsAnyOther() async throws {
        let bench = try await bench(1_000)
        #expect(try await bench.rows(Self.states) == ["C1 linked A 1006", "C2 conflicted duplicate_ci"])
        try await bench.run("SELECT assetlink.delete_ci('C1')")
        try await bench.drain()
        // A set of 600 addresses is one key.
        #expect(try await bench.rows(Self.states) == ["C2 linked A 12602"])
        try await bench.check()
        #expect(try await bench.rows("SELECT error_code FROM assetlink_internal.dead_letter") == [])
    }

    @Test func nineKilobytesAreMalformedAndInNobodysWay() async throws {
        let bench = try await bench(9_000)
        #expect(
            try await bench.rows(Self.states) == ["C1 orphaned placeholder_identifier", "C2 linked A 12602"])
        #expect(try await bench.rows("SELECT error_code FROM assetlink_internal.dead_letter") == [])
        // What was shown stays to be seen.
        #expect(
            try await bench.rows(
                """
                SELECT DISTINCT length(raw_value) || ' ' || suppressed_by FROM assetlink.ci_evidence
                WHERE ci_id = 'C1' AND raw_value <> ''
                """
            )
                == ["9000 malformed"])
    }

    /// No index may refuse a record for a raw value of any length.
    @Test(arguments: ["name", "parent_asset_id"]) func soAreLongNamesAndParents(_ member: String) async throws {
        let bench = try await bench(9_000, also: ", '\(member)', v")
        #expect(try await bench.rows("SELECT error_code FROM assetlink_internal.dead_letter") == [])
        #expect(try await bench.rows(Self.states).last == "C2 linked A 12602")
    }
}
