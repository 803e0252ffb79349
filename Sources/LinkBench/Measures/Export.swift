import Glibc

/// Whole lists as files, by the program as people run it.
enum Export: Measure {
    static let name = "export"
    static let summary = "every row of a list as CSV, through assetlinkctl: how long, and the most memory it had"

    private static let lists = [["links"], ["orphans"], ["unlinked"], ["audit"]]

    static func run(_ bench: Bench) async throws -> [Finding] {
        let world = try await bench.world()
        let program = try DaemonProcess.sibling("assetlinkctl")
        var findings: [Finding] = []
        for list in lists {
            var (times, peaks): ([Double], [Double]) = ([], [])
            for _ in 0..<bench.scale.rounds {
                let clock = ContinuousClock()
                let start = clock.now
                let words = [program] + list + ["--all", "--csv", "-d", world.site.conninfo(world.name)]
                peaks.append(try peak(words))
                times.append((clock.now - start).inSeconds)
            }
            let what = list.joined(separator: " ") + " --all --csv"
            findings.append(Finding(name, what, unit: "s", times))
            findings.append(Finding(name, what + ", most memory", unit: "MB", peaks, target: .atMost(64)))
        }
        return findings
    }

    /// Runs it to its end with its output thrown away; the most memory that was resident, in MB.
    private static func peak(_ words: [String]) throws -> Double {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var child = pid_t()
        guard posix_spawn(&child, words[0], &actions, nil, &arguments, environ) == 0 else {
            throw BenchError("\(words[0]) could not be started")
        }
        var status: CInt = 0
        var usage = rusage()
        guard wait4(child, &status, 0, &usage) == child, status == 0 else {
            throw BenchError("\(words.dropFirst().joined(separator: " ")) ended with status \(status >> 8)")
        }
        return Double(usage.ru_maxrss) / 1_024
    }
}
