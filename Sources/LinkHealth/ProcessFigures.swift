import Glibc

/// What the kernel says of this process.
struct ProcessFigures {
    /// By the names of their series; what cannot be read is left out.
    let figures: [String: String]

    init() {
        var figures: [String: String] = [:]
        let page = Double(sysconf(CInt(_SC_PAGESIZE)))
        let tick = Double(sysconf(CInt(_SC_CLK_TCK)))
        if let pages = Self.text("/proc/self/statm")?.split(separator: " ").dropFirst().first.flatMap({ Double($0) }) {
            figures["process_resident_memory_bytes"] = Exposition.number(pages * page)
        }
        // What follows the name, which may have spaces and brackets of its own; the first is field 3 of proc(5).
        if let stat = Self.text("/proc/self/stat"), let end = stat.lastIndex(of: ")") {
            let fields = stat[stat.index(after: end)...].split(separator: " ").map { Double($0) }
            if fields.count > 19, let user = fields[11], let system = fields[12] {
                figures["process_cpu_seconds_total"] = Exposition.number((user + system) / tick)
                if let threads = fields[17] { figures["process_threads"] = Exposition.number(threads) }
                if let start = fields[19], let boot = Self.bootTime {
                    figures["process_start_time_seconds"] = Exposition.number(boot + start / tick)
                }
            }
        }
        if let open = Self.openDescriptors { figures["process_open_fds"] = "\(open)" }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            figures["process_max_fds"] = "\(limit.rlim_cur)"
        }
        self.figures = figures
    }

    /// Seconds of the Unix epoch.
    private static let bootTime: Double? = text("/proc/stat")?.split(separator: "\n")
        .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }

    private static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // Without ".", ".." and the folder itself.
        return count - 3
    }

    private static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }
}
