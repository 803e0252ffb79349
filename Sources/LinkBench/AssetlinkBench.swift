package import ArgumentParser
import Glibc
import Logging

/// The command line of `assetlink-bench`.
package struct AssetlinkBench: AsyncParsableCommand {
    /// Its help, with every measure.
    package static let configuration = CommandConfiguration(
        commandName: "assetlink-bench",
        abstract: "Measures how fast assetlinkd is beside what one would use instead.",
        discussion: """
            Makes a world of machines and assets, lets the assetlinkd built beside this program link it, and takes each \
            measure in turn with its baseline. Without --database it starts a PostgreSQL of its own in /tmp, and removes \
            it at the end. Measures:

            \(Measures.help)
            """)

    @Option(
        help: """
            A server to use instead, by a keyword string of a superuser: databases assetlink_bench_* are made there. It \
            needs track_commit_timestamp = on.
            """)
    var database: String?
    @Option(help: "With --database: a world that an earlier run left there, already linked, instead of a new one.")
    var world: String?
    @Option(help: "CIs of the world; there are as many assets.")
    var cis = 100_000
    @Option(help: "The same seed gives the same world.")
    var seed: UInt64 = 1
    @Option(name: .customLong("measure"), parsing: .upToNextOption, help: "Measures to take. Default: all.")
    var measures: [String] = []
    @Option(help: "How often each measure is taken, in turn with its baseline.")
    var rounds = 3
    @Option(help: "How long changes are written at each rate, in seconds.")
    var seconds = 10.0
    @Option(help: "Changes of a backlog. Default: a hundredth of the CIs, at most 20,000.")
    var backlog: Int?
    @Flag(help: "Print one JSON object instead of a table.")
    var json = false

    /// What the parser makes.
    package init() {}

    /// Refuses what cannot be measured.
    package func validate() throws {
        let known = Measures.names
        for name in measures where !known.contains(name) {
            throw ValidationError("\(name) is no measure; one of \(known.joined(separator: ", "))")
        }
        guard world == nil || database != nil else { throw ValidationError("--world goes with --database") }
        guard cis >= 300, rounds > 0, seconds > 0 else {
            throw ValidationError("at least 300 CIs, 1 round, and some seconds")
        }
    }

    /// Measures and prints.
    package func run() async throws {
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let started = ContinuousClock.now
        func note(_ text: String) { write("[\(Int((.now - started).inSeconds)) s] \(text)\n", to: STDERR_FILENO) }
        if isDebugBuild { note("debug build: figures say nothing") }
        let site = try await Site(database: database, logger: logger)
        let scale = Scale(cis: cis, seed: seed, rounds: rounds, seconds: seconds, backlog: backlog)
        let bench = Bench(scale, site: site, world: world, logger: logger, note: note)
        let report = try await bench.run(measures)
        write((json ? report.json : report.table) + "\n", to: STDOUT_FILENO)
    }
}

/// Writes all of a text to a descriptor.
private func write(_ text: String, to descriptor: CInt) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        bytes = bytes.dropFirst(count)
    }
}
