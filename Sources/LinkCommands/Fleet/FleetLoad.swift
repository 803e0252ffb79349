import ArgumentParser
import Postgres
import SampleFleet

/// `fleet load`: a fleet into the reference schemas.
struct FleetLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load a sample fleet, or your own machines, into itam.* and cmdb.*.",
        discussion: """
            May be run again: a record is known by its natural id. A machine of a file becomes a CI, and most \
            hardware an asset too, with a made-up asset tag and state. Lines that are no machine are reported and \
            left out; the exit code is then 1.

            Example: assetlinkctl fleet load --fleet fleet.ndjson
            """)

    @OptionGroup var size: FleetSize
    @Option(help: ArgumentHelp("NDJSON of machines, one a line; - is the standard input.", valueName: "file"))
    var fleet: String?
    @Option(help: "With --fleet: how many percent of the hardware is registered.")
    var registered: Double = 85
    @OptionGroup var target: FleetDatabase

    func run() async throws {
        let started = ContinuousClock.now
        let (counts, badLines) = try await target.withConnection { connection in
            var loader = FleetLoader(connection)
            let badLines = try await load(into: &loader)
            return (try await loader.finish(), badLines)
        }
        print("    \(counts.cis) CIs and \(counts.assets) assets in \(spoken(.now - started))")
        guard badLines == 0 else {
            Output.complain("\(badLines) lines were left out")
            throw ExitCode.failure
        }
    }

    private func load(into loader: inout FleetLoader) async throws -> Int {
        guard let fleet else {
            for unit in FleetGenerator(machines: size.machines, seed: size.seed) { try await loader.add(unit.rows) }
            return 0
        }
        let register = MachineAssets(seed: size.seed, percent: registered)
        var badLines = 0
        for (number, line) in try LineReader(path: fleet).enumerated() {
            do {
                guard let machine = try Machine.parse(line, line: number + 1) else { continue }
                try await loader.add(register.rows(of: machine))
            } catch let error as MachineLineError {
                badLines += 1
                if badLines <= 20 { Output.complain("\(fleet), \(error)") }
            }
        }
        try await loader.linkNamedParents()
        return badLines
    }
}
