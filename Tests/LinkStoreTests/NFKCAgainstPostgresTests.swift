import LinkCore
import LinkTesting
import Postgres
import Testing

/// Our NFKC table against the server's `normalize()`, over every code point.
@Suite struct NFKCAgainstPostgresTests {
    @Test func everyCodePointAgrees() async throws {
        let connection = try await TestServer.shared().connect()
        var differing: [String] = []
        var (newer, newerThere) = (0, 0)
        for plane in 0...16 {
            // Surrogates are no characters, and NUL is no text.
            let rows = try await connection.query(
                """
                SELECT c, normalize(chr(c), NFKC)
                FROM generate_series(greatest(1, $1), $1 + 65535) AS c
                WHERE c NOT BETWEEN 55296 AND 57343
                """, [.int4(Int32(plane) * 65_536)])
            for row in rows {
                let code = try row.int4(0)
                guard let scalar = Unicode.Scalar(UInt32(code)) else { continue }
                let ours = NFKC.normalize(String(Character(scalar)))
                let theirs = try row.text(1)
                guard !ours.utf8.elementsEqual(theirs.utf8) else { continue }
                // Older tables leave newer characters as they are; PostgreSQL 16 has those of our version.
                if theirs.utf8.elementsEqual(String(Character(scalar)).utf8) {
                    newer += 1
                } else if connection.serverVersion >= 170_000, ours.utf8.elementsEqual(String(Character(scalar)).utf8) {
                    newerThere += 1
                } else {
                    differing.append("U+" + String(code, radix: 16))
                }
            }
        }
        #expect(differing.isEmpty, "\(differing.prefix(20))")
        // Unicode 15 decomposes 63 characters more than Unicode 14, the tables of PostgreSQL 15.
        #expect(newer <= 100)
        // Unicode 16, the tables of PostgreSQL 18, decomposes 40 more than ours.
        #expect(newerThere <= 100)
        await connection.close()
    }
}
