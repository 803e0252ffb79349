import ArgumentParser
import LinkFaults

@main
struct Soak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assetlink-soak",
        abstract:
            "Makes every fault of the catalogue happen to real processes, in random order, until the time is over.")

    @Option(help: "The seed: the same one gives the same order and the same loads. Default: a new one, printed.")
    var seed: UInt64?

    @Option(name: .customLong("for"), help: "How long: 90s, 20m, 6h. Every scenario runs at least once.")
    var duration = "10m"

    @Option(help: "Only scenarios with this in their name.")
    var only = ""

    @Flag(help: "The short form of each scenario, as every change of the code runs it.")
    var short = false

    @Flag(help: "Print the scenarios and what they expect.")
    var list = false

    func validate() throws {
        guard seconds != nil else { throw ValidationError("\(duration) is no time; 90s, 20m or 6h are") }
        guard !chosen.isEmpty else { throw ValidationError("no scenario has \"\(only)\" in its name; try --list") }
    }

    func run() async throws {
        if list {
            for scenario in chosen {
                print(
                    "\(scenario.name) (\(scenario.faults.map(String.init).joined(separator: ", "))): \(scenario.expected)"
                )
            }
            return
        }
        let seed = seed ?? UInt64.random(in: 1...999_999)
        SoakRun.say("seed \(seed): \(chosen.count) scenarios for \(duration)")
        let report = await SoakRun(
            scenarios: chosen, seed: seed, limit: .seconds(seconds ?? 0), effort: short ? .short : .long
        ).run()
        print(report.summary)
        if report.failures > 0 { throw ExitCode(1) }
    }

    private var chosen: [Scenario] { Catalogue.all.filter { only.isEmpty || $0.name.contains(only) } }

    private var seconds: Int? {
        guard let unit = duration.last, let factor = ["s": 1, "m": 60, "h": 3_600][unit] else { return nil }
        return Int(duration.dropLast()).map { $0 * factor }
    }
}
