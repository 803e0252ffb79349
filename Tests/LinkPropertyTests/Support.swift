import FoundationEssentials
import Glibc
import LinkTesting

/// Plays scripts, each in a database of its own; a few at one time, as all tests share one server.
enum Playing {
    /// What does not hold, empty = all holds.
    static func problems(of script: Script, _ name: String) async throws -> [String] {
        await places.enter()
        defer { Task { await places.leave() } }
        return try await ScriptRunner.problems(of: script, in: migratedDatabase(name))
    }

    private static let places = Gate(places: 3)
}

/// The seeds of this run.
enum Seeds {
    /// Names one seed, several by commas, or a range `1-200`; without it there are a few fresh ones.
    private static let variable = "ASSETLINK_TEST_SEEDS"

    static let chosen: [UInt64] = {
        guard let text = getenv(variable).map({ String(cString: $0) }), !text.isEmpty else {
            let first = UInt64.random(in: 1_000..<1_000_000_000)
            return (0..<10).map { first + $0 }
        }
        return text.split(separator: ",").flatMap { part -> [UInt64] in
            let ends = part.split(separator: "-").compactMap { UInt64($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return [] }
            return Array(first...last)
        }
    }()

    /// How large the worlds are, and how long the streams; `ASSETLINK_TEST_SIZE=200x500` makes them larger.
    static let size: (records: Int, steps: Int) = {
        let parts = getenv("ASSETLINK_TEST_SIZE").map { String(cString: $0) }?.split(separator: "x")
            .compactMap { Int($0) }
        guard let parts, parts.count == 2 else { return (24, 70) }
        return (parts[0], parts[1])
    }()
}

/// Scripts that failed once, kept beside the tests.
enum Kept {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Kept"

    /// Their files, without which the folder was lost.
    static let files: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".script") }.sorted()
    }()

    static func script(_ file: String) throws -> Script {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else {
            throw CocoaError(.fileNoSuchFile)
        }
        return try Script(text: String(decoding: data, as: UTF8.self))
    }
}
