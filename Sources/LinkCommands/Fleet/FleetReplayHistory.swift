import ArgumentParser
import Postgres
import SampleFleet

/// `fleet replay-history`: years of discovery through the running daemon, month by month.
struct FleetReplayHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay-history",
        abstract: "Replay a history of discovered machines, month by month, through the running daemon.",
        discussion: """
            FILE is NDJSON, a machine a line: {"machine_id": …, "observations": [{"from": "2011-07-01", \
            "to": "2013-05-01", "serial_number": …, "macs": […], "manufacturer": …, "model": …}, …]}. A node is \
            a CI while it is observed. A serial number becomes an asset when it is first seen, and is retired when it \
            was not seen for some months. After each month the change log is worked off before the next begins. \
            Where a month ends more links than the breaker lets pass, what it held is approved.

            Example: assetlinkctl fleet replay-history history.ndjson
            """)

    @Argument(help: "The history, or - for standard input.")
    var file: String
    @Option(help: "Months without a sighting after which an asset is retired.")
    var retireAfter = 3
    @OptionGroup var target: FleetDatabase

    func validate() throws {
        guard (1...12_000).contains(retireAfter) else {
            throw ValidationError("--retire-after must be from 1 to 12000 months")
        }
    }

    func run() async throws {
        let nodes = try read()
        do {
            try await target.withConnection { try await replay(nodes, $0) }
        } catch let failure as DayFailure {
            Output.complain("\(failure)")
            throw ExitCode.failure
        }
    }

    private func read() throws -> [HistoryNode] {
        var nodes: [HistoryNode] = []
        for (number, line) in try LineReader(path: file).enumerated() {
            do throws(MachineLineError) {
                if let node = try HistoryNode.parse(line, line: number + 1) { nodes.append(node) }
            } catch {
                throw ValidationError("\(file), \(error)")
            }
        }
        return nodes
    }

    private func replay(_ nodes: [HistoryNode], _ connection: PostgresConnection) async throws {
        let tables = FleetTables(connection: connection)
        let watch = DayWatch(connection: connection)
        let started = ContinuousClock.now
        var changes = 0, months = 0, approvals = 0
        var year: Int?
        try await watch.waitForQuiescence()
        for month in HistoryPlayer(nodes, retireAfter: retireAfter) {
            if let year, month.month.year != year { try await printCoverage(of: year, connection) }
            year = month.month.year
            try await tables.apply(month)
            approvals += try await settle(connection, watch)
            changes += month.count
            months += 1
        }
        if let year { try await printCoverage(of: year, connection) }
        let held = approvals == 0 ? "" : "; the breaker held \(approvals) times, which was approved"
        print("\(changes) changes in \(months) months, replayed in \(spoken(.now - started))\(held)")
    }

    /// Waits until all is done; returns how many sources had to be approved for that.
    private func settle(_ connection: PostgresConnection, _ watch: DayWatch) async throws -> Int {
        for approvals in 0..<20 {
            try await watch.waitForQuiescence()
            let held = try await connection.query(
                """
                SELECT assetlink.approve_held(h, 'the history that is replayed')
                FROM assetlink.daemon_status s CROSS JOIN unnest(s.held_sources) AS h
                """)
            if held.isEmpty { return approvals }
        }
        throw DayFailure(description: "a source is held again and again; see assetlinkctl status")
    }

    private func printCoverage(of year: Int, _ connection: PostgresConnection) async throws {
        let rows = try await connection.query(
            """
            SELECT format('%s of %s eligible CIs linked (%s %%), %s orphaned, %s conflicted; %s assets without a CI',
                paired_cis, eligible_cis, coalesce(coverage_percent::text, '-'), orphaned_cis, conflicted_cis,
                unlinked_assets)
            FROM assetlink.coverage
            """)
        Output.tell("\(year): \(try rows.first?.text(0) ?? "no coverage")")
    }
}
