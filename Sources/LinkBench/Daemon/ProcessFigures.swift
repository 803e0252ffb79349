import FoundationEssentials
import Glibc

/// What `/proc` says of a process.
enum ProcessFigures {
    /// Processor time so far, user and system, in seconds, of all threads.
    ///
    /// By the scheduler's own count in nanoseconds: the one in `stat` has steps of a clock tick.
    static func cpu(_ pid: pid_t) -> Double? {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        var sum: Double?
        for thread in threads {
            guard let text = contents("/proc/\(pid)/task/\(thread)/schedstat"),
                let nanoseconds = text.split(separator: " ").first.flatMap({ Double($0) })
            else { continue }
            sum = (sum ?? 0) + nanoseconds * 1e-9
        }
        return sum
    }

    /// A line of `status` in kB, as `VmRSS` (now) or `VmHWM` (the most so far).
    static func memory(_ pid: pid_t, _ name: String) throws -> Int {
        let line = contents("/proc/\(pid)/status")?.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        guard let kB = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            throw BenchError("process \(pid) has ended")
        }
        return kB
    }

    /// Lets the count of the most memory begin anew.
    static func forgetPeak(_ pid: pid_t) {
        guard let file = fopen("/proc/\(pid)/clear_refs", "w") else { return }
        fputs("5", file)
        fclose(file)
    }

    private static func contents(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
