package import ArgumentParser
import Postgres
import SampleFleet

/// `fleet load`: a fleet into the reference schemas.
package struct FleetLoad: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load a sample fleet, or your own machines, into itam.* and cmdb.*.",
        discussion: """
            All of it or nothing, and it may be run again: a record is known by its natural id. A machine of a file becomes a CI, and most \
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

    /// What the parser makes.
    package init() {}

    /// Loads it in one transaction: an interrupt leaves nothing of it.
    package func run(_ console: Console) async throws -> CommandExit {
        let started = ContinuousClock.now
        console.interruption.note("Nothing was loaded.")
        let progress = Progress("machines", of: fleet == nil ? Int64(size.machines) : nil, console)
        defer { progress.end() }
        let (counts, badLines) = try await target.withConnection { connection in
            var loader = FleetLoader(connection)
            _ = try await connection.query("BEGIN")
            let badLines = try await load(into: &loader, progress, console)
            let counts = try await loader.finish()
            try await console.interruption.recording {
                _ = try await connection.query("COMMIT")
            } done: { _ in
                "All of it was loaded."
            }
            return (counts, badLines)
        }
        progress.end()
        console.say("    \(counts.cis) CIs and \(counts.assets) assets in \(spoken(.now - started))")
        if badLines > 0 { console.remark("\(badLines) lines were left out") }
        return badLines == 0 ? .success : .problems
    }

    private func load(into loader: inout FleetLoader, _ progress: Progress, _ console: Console) async throws -> Int {
        guard let fleet else {
            for unit in FleetGenerator(machines: size.machines, seed: size.seed) {
                try await loader.add(unit.rows)
                progress.advance(by: Int64(unit.machines.count))
            }
            return 0
        }
        let register = MachineAssets(seed: size.seed, percent: registered)
        var badLines = 0
        for (number, line) in try LineReader(path: fleet).enumerated() {
            do {
                guard let machine = try Machine.parse(line, line: number + 1) else { continue }
                try await loader.add(register.rows(of: machine))
                progress.advance()
            } catch let error as MachineLineError {
                badLines += 1
                if badLines <= 20 { console.remark("\(fleet), \(error)".harmless) }
            }
        }
        try await loader.linkNamedParents()
        return badLines
    }
}
