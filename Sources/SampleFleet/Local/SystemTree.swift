import FoundationEssentials

/// Files of the kernel and of the distribution, below a root.
struct SystemTree {
    let root: String

    /// The lines of a file; none when it is not there or not readable.
    func lines(_ path: String) -> [String] {
        guard let data = FileManager.default.contents(atPath: root + path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
    }

    /// The first line, as it is but for its end.
    func line(_ path: String) -> String? { lines(path).first }

    /// The names in a folder.
    func entries(_ path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root + path)) ?? []
    }

    /// Whether something is there.
    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: root + path) }
}
