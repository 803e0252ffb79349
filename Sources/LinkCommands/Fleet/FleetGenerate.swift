package import ArgumentParser
import SampleFleet

/// `fleet generate`: the discovered machines of a sample fleet, as NDJSON.
package struct FleetGenerate: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Write the machines of a seeded sample fleet, one JSON object a line.",
        discussion: """
            As discovery would have found them, with the dirt of real inventories. The same seed gives the same \
            fleet. What `fleet load --fleet` reads has the same form.

            Example: assetlinkctl fleet generate --machines 500 > fleet.ndjson
            """)

    @OptionGroup var size: FleetSize
    @Option(help: ArgumentHelp("Where to; default: standard output.", valueName: "file"))
    var output: String?

    /// What the parser makes.
    package init() {}

    /// Writes them; a file is there whole or not at all.
    package func run(_ console: Console) async throws -> CommandExit {
        console.interruption.note(output == nil ? "What was written ends in the middle." : "No file was written.")
        // Standard output may be the same terminal.
        let progress = output == nil ? nil : Progress("machines", of: Int64(size.machines), console)
        defer { progress?.end() }
        var file = try LineWriter(path: output)
        for unit in FleetGenerator(machines: size.machines, seed: size.seed) {
            try Task.checkCancellation()
            for machine in unit.machines { try file.write(machine.jsonLine()) }
            progress?.advance(by: Int64(unit.machines.count))
        }
        try file.finish()
        return .success
    }
}

/// How large a sample fleet is, and which.
struct FleetSize: ParsableArguments {
    @Option(help: "Machines that discovery finds.")
    var machines = 2_000
    @Option(help: "Another seed is another fleet of the same kind.")
    var seed: UInt64 = 1

    mutating func validate() throws {
        guard machines > 0 else { throw ValidationError("--machines must be positive") }
    }
}
