import FoundationEssentials
import Glibc
import Testing

/// A file of the repository that tests can make anew: `ASSETLINK_REGENERATE=1` writes what is, instead of comparing.
struct PublishedFile {
    private let url: URL

    /// - Parameter path: from the top of the repository.
    init(_ path: String) {
        var top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        for _ in 0..<3 { top.deleteLastPathComponent() }
        url = top.appending(path: path)
    }

    /// Compares, or writes.
    func expect(_ text: String, _ location: SourceLocation = #_sourceLocation) throws {
        if getenv("ASSETLINK_REGENERATE") != nil { return try Data(text.utf8).write(to: url) }
        let kept = try? String(decoding: Data(contentsOf: url), as: UTF8.self)
        guard kept != text else { return }
        let old = (kept ?? "").split(separator: "\n", omittingEmptySubsequences: false)
        let new = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line =
            zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
        Issue.record(
            """
            \(url.lastPathComponent) differs from line \(line + 1):
              kept: \(line < old.count ? old[line] : "(nothing)")
              now:  \(line < new.count ? new[line] : "(nothing)")
            If the change is meant: ASSETLINK_REGENERATE=1 deploy/test.sh --filter LinkCommandsTests
            """, sourceLocation: location)
    }

    /// Its text.
    func text() throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }

    /// The names of the files in a folder.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: PublishedFile(folder).url.path).sorted()
    }
}
