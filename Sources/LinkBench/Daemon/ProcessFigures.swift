import Glibc

/// What `/proc` says of a process.
enum ProcessFigures {
    /// Processor time so far, user and system, in seconds; in steps of a clock tick.
    static func cpu(_ pid: pid_t) -> Double? {
        guard let text = contents("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        // After the name, which may hold anything: state is field 3, utime 14, stime 15.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        return (user + system) / Double(sysconf(CInt(_SC_CLK_TCK)))
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
