import FoundationEssentials
import Testing

/// The table of promises against the sources: a promise is held by tests that are there.
@Suite struct PromisesTests {
    private static let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: "\(top)/\(path)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// The Swift files below a folder.
    private static func sources(_ folder: String) -> [String] {
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: "\(top)/\(folder)")) ?? []
        return paths.filter { $0.hasSuffix(".swift") }.compactMap { text("\(folder)/\($0)") }
    }

    /// Each row of the tables: its number, and what is said to hold it.
    private static let promises: [(number: String, holders: [String])] = {
        let lines = (text("deploy/docs/promises.md") ?? "").split(separator: "\n")
        return lines.compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
            guard cells.count > 2, let last = cells.dropLast().last, Int(cells[1].filter { $0 != " " }) != nil else {
                return nil
            }
            let parts = last.split(separator: "`", omittingEmptySubsequences: false)
            let quoted = parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
            return (String(cells[1].filter { $0 != " " }), quoted)
        }
    }()

    /// The scenarios of the fault catalogue: the first argument of each.
    private static let scenarios: [String] = sources("Sources/LinkFaults").flatMap { source in
        source.matches(of: /(?:\.shared|\.own|Scenario)\(\s*"([a-z0-9-]+)"/).map { String($0.output.1) }
    }

    /// The tests of each suite, wherever its extensions stand.
    private static let tests: [String: Set<String>] = {
        var tests: [String: Set<String>] = [:]
        for source in sources("Tests") where source.contains("@Test") {
            let lines = source.split(separator: "\n")
            let functions = lines.compactMap { word(after: "func ", in: $0) }
            for suite in lines.compactMap({ word(after: "struct ", in: $0) ?? word(after: "extension ", in: $0) }) {
                tests[suite, default: []].formUnion(functions)
            }
        }
        return tests
    }()

    /// The name that a line declares with a keyword.
    private static func word(after keyword: String, in line: Substring) -> String? {
        guard let range = line.firstRange(of: keyword) else { return nil }
        return String(line[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }

    @Test func everyPromiseIsHeldBySomethingThatExists() {
        #expect(Self.promises.map(\.number) == (1...max(30, Self.promises.count)).map(String.init))
        for promise in Self.promises {
            #expect(!promise.holders.isEmpty, "promise \(promise.number) is held by nothing")
            for holder in promise.holders where !Self.isThere(holder) {
                Issue.record("promise \(promise.number) names \(holder), which does not exist")
            }
        }
    }

    /// Whether `Suite.test`, `Suite.*` or a scenario is in the sources.
    private static func isThere(_ holder: String) -> Bool {
        let parts = holder.split(separator: ".").map(String.init)
        guard parts.count == 2 else { return scenarios.contains(holder) }
        guard let functions = tests[parts[0]], !functions.isEmpty else { return false }
        return parts[1] == "*" || functions.contains(parts[1])
    }

    @Test func whatDoesNotExistIsNoticed() {
        #expect(Self.isThere("PromisesTests.whatDoesNotExistIsNoticed"))
        for name in ["PromisesTests.nothing", "NoSuchTests.*", "no-such-scenario"] { #expect(!Self.isThere(name)) }
    }

    @Test func everyScenarioIsDescribed() throws {
        #expect(!Self.scenarios.isEmpty)
        let page = try #require(Self.text("deploy/docs/faults.md"))
        let missing = Set(Self.scenarios).filter { !page.contains("`\($0)`") }
        #expect(missing.isEmpty, "deploy/docs/faults.md does not name \(missing.sorted())")
    }
}
