import Testing

/// The bytes of the audit's rows, whatever the session's settings.
@Suite struct AuditChainTests {
    /// The format is for ever: the same row must give the same bytes in every release.
    @Test func auditBytesAreAsPublished() async throws {
        let books = try await Books()
        let row = """
            ROW(1, 2, '2026-05-01 12:00:00.000001+00', 'd', 'é', NULL, '', NULL, NULL, 3, NULL, 's', NULL, 1, '{}', \
            NULL)::assetlink_internal.audit
            """
        let bytes = """
            01 00000008 0000000000000001 00000008 0000000000000002 00000008 000650c05200f001 00000001 64 00000002 c3a9
            ffffffff 00000000 ffffffff ffffffff 00000008 0000000000000003 ffffffff 00000001 73 ffffffff
            00000008 0000000000000001 00000002 7b7d ffffffff
            """.filter { !$0.isWhitespace }
        for zone in ["UTC", "Asia/Kolkata"] {
            try await books.run("SET TimeZone = '\(zone)'; SET DateStyle = 'German'; SET bytea_output = 'escape'")
            #expect(try await books.value("SELECT encode(assetlink_internal.audit_bytes(\(row)), 'hex')") == bytes)
        }
        #expect(
            try await books.value(
                "SELECT encode(assetlink_internal.batch_digest(decode(repeat('00', 32), 'hex'), 1, ''), 'hex')")
                == "08e00266fff0aacc64974f22a53622a7dc458ac1b5fd446ae7c99a4a99a564e6")
    }
}
