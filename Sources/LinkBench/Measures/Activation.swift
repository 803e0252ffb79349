import Glibc
import LinkCore
import LinkStore
import Postgres

/// A change of rules by which every link has other evidence, and none is lost.
enum Activation: Measure {
    static let name = "activation"
    static let summary = "other priorities in all rules, another rule for one class: preview and change, beside verify"

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        var (activations, previews, passes): ([Double], [Double], [Double]) = ([], [], [])
        var (waits, daemon, own): ([Double], [Double], [Double]) = ([], [], [])
        var (wal, single, singleWaits): ([Double], [Double], [Double]) = ([], [], [])
        var singlePreviews: [Double] = []
        for _ in 0..<bench.scale.rounds {
            let clock = ContinuousClock()
            let session = try await world.session()
            var start = clock.now
            _ = try await BatchEngine.verify(session, logger: bench.logger)
            passes.append((clock.now - start).inSeconds)
            await session.close()
            start = clock.now
            own.append(try await preview(world, bench, shifted))
            previews.append((clock.now - start).inSeconds)
            start = clock.now
            _ = try await preview(world, bench, withRuleOfSwitches)
            singlePreviews.append((clock.now - start).inSeconds)
            let pid = try world.running().pid
            ProcessFigures.forgetPeak(pid)
            let written = try await world.walBytes()
            activations.append(try await world.drainTime { try await shift(world, by: 1) })
            wal.append((try await world.walBytes() - written) / 1_024)
            daemon.append(Double(try ProcessFigures.memory(pid, "VmHWM")) / 1_024)
            waits.append(try await keysWait(world))
            single.append(
                try await world.drainTime {
                    try await world.connection.script(
                        """
                        UPDATE assetlink.ci_class SET rule = (SELECT rule FROM assetlink.ci_class WHERE class = 'hardware')
                        WHERE class = 'switch'
                        """)
                })
            singleWaits.append(try await keysWait(world))
            // The other measures know the rules as shipped.
            try await world.connection.script("UPDATE assetlink.ci_class SET rule = NULL WHERE class = 'switch'")
            try await world.quiet()
            try await shift(world, by: -1)
            try await world.quiet()
        }
        let records = Double(world.cis + world.assets) / 1_000
        return [
            Finding(name, "activation", unit: "s", activations, beside: "verify", passes),
            Finding(name, "activation per record", unit: "ms", activations.map { $0 / records }),
            Finding(name, "changes wait for the keys", unit: "s", waits),
            Finding(name, "WAL per record", unit: "kB", wal.map { $0 / records / 1_000 }),
            Finding(name, "the rule of one class", unit: "s", single),
            Finding(name, "changes wait for its keys", unit: "s", singleWaits),
            Finding(name, "daemon's memory, most", unit: "MB", daemon, target: .atMost(96)),
            Finding(name, "preview", unit: "s", previews, beside: "verify", passes),
            Finding(name, "preview, the rule of one class", unit: "s", singlePreviews),
            Finding(name, "preview's memory, more than before", unit: "MB", own, target: .atMost(64)),
        ]
    }

    /// How long batches made keys of the version in force, and took nothing in.
    private static func keysWait(_ world: World) async throws -> Double {
        try await world.number(
            """
            SELECT extract(epoch FROM max(committed_at) - min(committed_at)) FROM assetlink_internal.batch
            WHERE rule_set_version = (SELECT max(version) FROM assetlink.rule_set)
                AND jsonb_path_exists(ranges, '$[*] ? (@.kind == "reevaluate" && @.phase < 2)')
            """)
    }

    /// - Returns: by how much this process grew at most, in MB.
    private static func preview(
        _ world: World, _ bench: Bench, _ edit: (inout RuleSet) -> Void
    ) async throws -> Double {
        let session = try await world.session()
        var rules = try await RuleSetLoader.load(session)
        edit(&rules)
        let before = try ProcessFigures.memory(getpid(), "VmRSS")
        ProcessFigures.forgetPeak(getpid())
        let report = try await BatchEngine.preview(session, rules, logger: bench.logger)
        await session.close()
        guard report.gained + report.lost + report.moved + report.opened + report.closed == 0, report.cis > 0 else {
            throw BenchError("rules that link the same change \(report.gained + report.lost + report.moved) links")
        }
        return Double(try ProcessFigures.memory(getpid(), "VmHWM") - before) / 1_024
    }

    /// As ``shift(_:by:)`` makes them.
    private static func shifted(_ rules: inout RuleSet) {
        for index in rules.classes.indices {
            guard case .own(var rule) = rules.classes[index].rule else { continue }
            for number in rule.entries.indices { rule.entries[number].priority += 1 }
            rules.classes[index].rule = .own(rule)
        }
    }

    /// The rule that they inherit, as their own.
    private static func withRuleOfSwitches(_ rules: inout RuleSet) {
        guard case .own(var rule)? = rules.classes.first(where: { $0.name == "hardware" })?.rule else { return }
        rule.name = "switch"
        for index in rules.classes.indices where rules.classes[index].name == "switch" {
            rules.classes[index].rule = .own(rule)
        }
    }

    private static func shift(_ world: World, by step: Int) async throws {
        try await world.connection.script(
            """
            UPDATE assetlink.ci_class SET rule = jsonb_set(rule, '{entries}', (
                SELECT jsonb_agg(
                    jsonb_set(e.entry, '{priority}', to_jsonb((e.entry ->> 'priority')::integer + \(step))) ORDER BY e.n)
                FROM jsonb_array_elements(rule -> 'entries') WITH ORDINALITY AS e (entry, n)))
            WHERE jsonb_typeof(rule) = 'object'
            """)
    }
}
