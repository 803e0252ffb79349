import ArgumentParser
import Postgres
import SampleFleet

/// `fleet day`: a short day of an asset register against the running daemon.
struct FleetDay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "day",
        abstract: "Play a short day of an asset register against the running daemon.",
        discussion: """
            Laptops are discovered, bought, imported twice, decommissioned, deleted and swapped in itam.* and \
            cmdb.*; after each step the public relations are watched until they show the effect, and what changed \
            is printed with the time it took. Exit code 1 when an effect does not come in time.

            Example: assetlinkctl fleet day -d service=trial
            """)

    @Option(help: "How many seconds an effect may take.")
    var patience = 10
    @OptionGroup var target: FleetDatabase

    func run() async throws {
        do {
            try await target.withConnection(play)
        } catch let failure as DayFailure {
            Output.complain("\nerror: \(failure)")
            throw ExitCode.failure
        }
    }

    private func play(_ connection: PostgresConnection) async throws {
        let watch = DayWatch(connection: connection, deadline: .seconds(patience))
        let report = DayReport(connection: connection)
        Output.tell("  Waiting until assetlinkd has read what is there …")
        let reading = try await watch.waitForQuiescence(progress: { Output.tell("  \($0)") })
        Output.tell("  done after \(spoken(reading))")
        let seconds = try await connection.query("SELECT extract(epoch FROM clock_timestamp())::bigint").first?.int8(0)
        let token = String(seconds ?? 0, radix: 36, uppercase: true)
        var stage = DayStage(FleetTables(connection: connection), cast: DayCast(token: token))
        for (number, step) in DayStep.allCases.enumerated() {
            Output.tell("\n\(number + 1). \(step.title)")
            let audit = try await report.newestAudit()
            let expected = try await stage.play(step)
            let took = try await watch.wait(for: expected, since: .now)
            Output.tell("  → \(step.outcome), visible \(spoken(took)) after the commit")
            try await report.print(since: audit, cis: stage.laptops, assets: stage.allAssets)
        }
        Output.tell("\n  All of it came as expected.")
    }
}
