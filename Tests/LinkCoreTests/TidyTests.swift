import FoundationEssentials
import Testing

/// What the repository must look like, whatever is in it.
///
/// Every check names all its faults at once.
@Suite struct TidyTests {
    /// A text file of the repository.
    struct File: Sendable {
        /// From the repository's top.
        let path: String
        let lines: [Substring]

        var isSwift: Bool { path.hasSuffix(".swift") }
        /// Where a tool may speak to somebody: the commands, what makes fleets, tests.
        var maySpeak: Bool {
            ["Sources/LinkCommands/", "Sources/SampleFleet/", "Sources/assetlink-soak/", "Tests/"].contains {
                path.hasPrefix($0)
            }
        }
    }

    private static let top = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// All that is or would be committed: what `.gitignore` names is left out.
    private static let files: [File] = {
        var files: [File] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(top)/\(folder)")) ?? []
            for name in names.sorted() {
                let isIgnored = [".git", ".build", ".swiftpm", "var", "Package.resolved"].contains(name)
                if folder.isEmpty && isIgnored || name.hasSuffix(".swp") { continue }
                let path = folder + name
                var isFolder = false
                guard FileManager.default.fileExists(atPath: "\(top)/\(path)", isDirectory: &isFolder) else { continue }
                if isFolder {
                    folders.append(path + "/")
                } else if let data = FileManager.default.contents(atPath: "\(top)/\(path)"),
                    let text = String(validating: data, as: UTF8.self), !text.utf8.contains(0)
                {
                    files.append(File(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false)))
                }
            }
        }
        return files
    }()

    private static var swift: [File] { files.filter(\.isSwift) }

    /// Every line of these files that is at fault, with where it stands.
    private static func faults(
        in files: [File], _ isFault: (File, Substring) -> Bool
    ) -> [String] {
        files.flatMap { file in
            file.lines.enumerated().filter { isFault(file, $0.element) }
                .map { "\(file.path):\($0.offset + 1): \($0.element.prefix(160))" }
        }
    }

    private func expectNone(_ faults: [String], _ location: SourceLocation = #_sourceLocation) {
        #expect(faults.isEmpty, "\n\(faults.joined(separator: "\n"))", sourceLocation: location)
    }

    @Test func thereIsSomethingToCheck() {
        let paths = Set(Self.files.map(\.path))
        #expect(paths.isSuperset(of: ["Package.swift", "README.md", "Tests/LinkCoreTests/TidyTests.swift"]))
        #expect(Self.swift.count > 100)
    }

    // MARK: Lengths

    @Test func filesAreShort() {
        // The last line ends in a line feed: what follows it is no line.
        expectNone(Self.swift.filter { $0.lines.count > 601 }.map { "\($0.path): \($0.lines.count - 1) lines" })
    }

    @Test func linesAreShort() {
        var faults: [String] = []
        // Tests may carry SQL and expected texts as they come.
        for file in Self.swift where file.path.hasPrefix("Sources/") {
            var isInText = false
            for (number, line) in file.lines.enumerated() {
                let isComment = line.drop { $0 == " " }.hasPrefix("//")
                let quotes = line.utf8.count < 3 || isComment ? 1 : line.split(separator: "\"\"\"" as String).count
                let marks = quotes - 1 + (line.hasSuffix("\"\"\"") ? 1 : 0)
                // So may a line whose 120th column stands within a string.
                let isString = line.utf8.prefix(120).count { $0 == UInt8(ascii: "\"") } % 2 == 1
                let limit = isComment || isInText || isString ? 140 : 120
                if marks % 2 == 1 { isInText.toggle() }
                if line.utf8.count > limit, line.count > limit {
                    faults.append("\(file.path):\(number + 1): \(line.count) columns")
                }
            }
        }
        expectNone(faults)
    }

    // MARK: Imports

    /// The module that a line imports.
    private static func imported(_ line: Substring) -> Substring? {
        let words = line.split { $0 == " " || $0 == "." }
        guard let index = words.firstIndex(of: "import"), words.indices.contains(index + 1) else { return nil }
        let modifiers: Set<Substring> = ["public", "package", "internal", "private", "fileprivate", "@testable"]
        guard words[..<index].allSatisfy({ modifiers.contains($0) || $0.hasPrefix("@") }) else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
        return kinds.contains(words[index + 1]) ? words.dropFirst(index + 2).first : words[index + 1]
    }

    @Test func nothingImportsAllOfFoundation() {
        expectNone(Self.faults(in: Self.swift) { Self.imported($1) == "Foundation" })
    }

    @Test func theCoreImportsNothing() {
        let core = Self.swift.filter { $0.path.hasPrefix("Sources/LinkCore/") }
        #expect(!core.isEmpty)
        expectNone(Self.faults(in: core) { Self.imported($1) != nil })
    }

    @Test func onlyOneModuleSpeaksC() {
        let others = Self.swift.filter { !$0.path.hasPrefix("Sources/Postgres/") }
        expectNone(Self.faults(in: others) { Self.imported($1) == "CLibPQ" })
    }

    // MARK: Words

    @Test func noNotesToOneself() {
        let words = ["TO" + "DO", "FIX" + "ME"]
        // The script that looks for the same words.
        let files = Self.files.filter { $0.path != "deploy/lib/tidy.sh" }
        expectNone(Self.faults(in: files) { _, line in words.contains { Self.has($0, in: line) } })
    }

    @Test func noBannedCalls() {
        let everywhere = ["try" + "!"]
        let quiet = ["Date" + "()", "print" + "("]
        let files = Self.swift.filter { !$0.maySpeak }
        expectNone(
            Self.faults(in: files) { _, line in
                let code = line.split(separator: "//" as String, maxSplits: 1, omittingEmptySubsequences: false)[0]
                return (everywhere + quiet).contains { Self.has($0, in: code) }
            })
    }

    @Test func noPathsOfAMachine() {
        let folders = ["home", "Users", "root", "work"].map { "/\($0)/" }
        let files = Self.files.filter { $0.path != "deploy/lib/tidy.sh" }
        expectNone(Self.faults(in: files) { _, line in folders.contains { Self.has($0, in: line) } })
    }

    /// Whether the text stands in the line, and is not the end of a longer word.
    private static func has(_ text: String, in line: Substring) -> Bool {
        guard let first = text.utf8.first else { return false }
        let bytes = Array(line.utf8)
        let wanted = Array(text.utf8)
        for index in bytes.indices where bytes[index] == first && bytes[index...].starts(with: wanted) {
            guard index > 0 else { return true }
            switch bytes[index - 1] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "}"):
                continue
            default: return true
            }
        }
        return false
    }

    // MARK: Migrations

    private static var migrations: [File] {
        files.filter { $0.path.hasPrefix("sql/migrations/") && $0.path.hasSuffix(".sql") }.sorted { $0.path < $1.path }
    }

    @Test func migrationsAreNumberedWithoutGaps() {
        let numbers = Self.migrations.map { $0.path.dropFirst("sql/migrations/".count).prefix { $0 != "_" } }
        #expect(!numbers.isEmpty)
        #expect(numbers.allSatisfy { $0.count == 4 })
        #expect(numbers.map { Int($0) } == numbers.indices.map { $0 + 1 })
    }

    /// All but the first, which makes the role; a schema can only be made for the owner by whoever migrates.
    @Test func migrationsRunAsTheOwner() {
        let late = Self.migrations.dropFirst().filter { file in
            let first = file.lines.first { line in
                let isSchema = line.hasPrefix("CREATE SCHEMA ") && line.hasSuffix(" AUTHORIZATION assetlink_owner;")
                return !line.isEmpty && !line.hasPrefix("--") && !isSchema
            }
            return first != "SET LOCAL ROLE assetlink_owner;"
        }
        expectNone(late.map(\.path))
    }
}
