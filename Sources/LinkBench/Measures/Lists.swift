import LinkCommands
import Postgres

/// The pages that people wait for.
enum Lists: Measure {
    static let name = "lists"
    static let summary =
        "a page of each list with a filter, through the command, and whether a large table was read whole"

    /// Each with one source or class, of which there is much, little, and nothing.
    private static let commands: [[String]] = [
        ["orphans", "--source", "cmdb"], ["orphans", "--source", "cmdb_events"],
        ["orphans", "--class", "linux_server"],
        ["orphans", "--class", "firewall"], ["orphans", "--class", "virtual_machine"],
        ["orphans", "--reason", "no_matching_asset", "--json"], ["orphans", "--details", "--class", "laptop"],
        ["unlinked", "--source", "itam"], ["unlinked", "--source", "itam_events"], ["unlinked", "--class", "firewall"],
        ["stale", "--source", "cmdb"], ["stale", "--class", "laptop"], ["conflicts", "--source", "cmdb"],
        ["conflicts", "--source", "itam"], ["conflicts", "--source", "itam_events"], ["links", "--source", "cmdb"],
        ["links", "--source", "cmdb_events"], ["audit", "--reason", "no_matching_asset"],
        ["decisions", "--source", "cmdb"], ["dead-letters", "--source", "cmdb"], ["held", "--source", "cmdb"],
        ["suspects"], ["sources"],
    ]

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        let console = Console(say: { _ in }, remark: { _ in })
        let clock = ContinuousClock()
        var times: [[Double]] = commands.map { _ in [] }
        var scans: [[Double]] = commands.map { _ in [] }
        for _ in 0..<bench.scale.rounds {
            for (index, command) in commands.enumerated() {
                let before = try await wholeReads(world)
                let start = clock.now
                let code = await Assetlinkctl.run(command + ["-d", world.site.conninfo(world.name)], on: console)
                times[index].append((clock.now - start).inSeconds * 1_000)
                guard code == 0 else { throw BenchError("\(command.joined(separator: " ")) ended with \(code)") }
                scans[index].append(try await wholeReads(world) - before)
            }
        }
        return commands.enumerated().flatMap { index, command in
            [
                Finding(name, command.joined(separator: " "), unit: "ms", times[index], target: .atMost(200)),
                Finding(
                    name, command.joined(separator: " ") + ": large tables read whole", unit: "scans", scans[index],
                    target: .atMost(0)),
            ]
        }
    }

    /// How often a table that grows with the fleet was read from end to end; counted by the server as sessions end.
    private static func wholeReads(_ world: World) async throws -> Double {
        try await world.number(
            """
            SELECT coalesce(sum(t.seq_scan), 0) FROM pg_stat_user_tables AS t
            WHERE t.schemaname = 'assetlink_internal'
                AND t.relname IN ('ci', 'asset', 'ci_decision', 'link', 'ci_key', 'asset_key', 'ci_value', 'asset_value', 'audit')
            """)
    }
}
