import LinkCommands
import LinkService
import LinkStore
import LinkTesting
import Logging
import Postgres
import SampleFleet
import Testing

/// "Why is this not linked?" has an answer for every CI of the sample fleet.
@Suite struct EveryCITests {
    @Test(.timeLimit(.minutes(10))) func everyCIThatIsNotLinkedHasAnAnswer() async throws {
        let database = try await migratedDatabase() + " options='-c TimeZone=UTC'"
        let connection = try await PostgresConnection.connect(ConnectionSettings(database), logger: quietLogger)
        let runner = try await EngineRunner(database)
        #expect(await run("fleet", "load", "--machines", "300", "--seed", "4", "-d", database).code == 0)
        try await runner.drain()
        let rows = try await connection.query(
            """
            SELECT s.ci_source || '/' || s.ci_id, s.state, s.reason, a.cause, a.remedy, a.cis, a.would_link,
                a.unknown_because
            FROM assetlink.ci_state s LEFT JOIN LATERAL assetlink.orphan_advice(s.ci_source, s.ci_id) a ON true
            WHERE s.state <> 'linked' ORDER BY 1
            """)
        var reasons: Set<String> = []
        for row in rows {
            let (ci, state, reason) = (try row.text(0), try row.text(1), try row.text(2))
            reasons.insert(reason)
            let text = await run("explain", ci, "-d", database, width: 10_000).text
            // The state and its reason by name, then why in a sentence of its own, and what to do.
            #expect(text.contains("is \(state) since"), "\(ci)")
            #expect(text.contains("(\(reason))"), "\(ci)")
            #expect(text.split(separator: "\n").dropFirst().first?.hasSuffix(".") == true, "\(ci): \(text)")
            guard state == "orphaned" else {
                #expect(
                    text.contains(state == "conflicted" ? "What to do: Conflict " : "needs no asset")
                        || text.contains("never linked by themselves"), "\(ci): \(text)")
                continue
            }
            let remedy = try #require(try row.textOrNil(4), "\(ci) has no remedy")
            #expect(text.contains("What to do: \(remedy)"), "\(ci): \(text)")
            // The very value, asset, attribute or rule that stands in its way.
            let cause = try row.textOrNil(3)
            #expect(cause.map { remedy.contains($0) } ?? remedy.contains("under its parent's"), "\(ci): \(remedy)")
            #expect(try (row.int8OrNil(5) ?? 0) > 0, "\(ci): nobody has this cause")
            #expect(try (row.int8OrNil(6) == nil) == (row.textOrNil(7) != nil), "\(ci): links neither known nor not")
        }
        #expect(reasons.count >= 6, "the fleet shows too little: \(reasons.sorted())")
        await connection.close()
    }
}
