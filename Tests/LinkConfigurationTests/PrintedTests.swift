import FoundationEssentials
import LinkConfiguration
import LinkService
import LinkStore
import Logging
import Testing

/// What is in the repository is what the table of settings makes.
@Suite struct PrintedTests {
    private static let folder =
        URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path + "/deploy/config"

    /// `ASSETLINK_REGENERATE=1` writes them anew.
    @Test(arguments: [
        ("assetlinkd.example.yaml", PrintedConfiguration.example), ("assetlinkd.8", PrintedManual.program),
        ("assetlinkd.yaml.5", PrintedManual.file),
    ])
    func theFilesAreAsMade(name: String, text: String) throws {
        let path = "\(Self.folder)/\(name)"
        if ProcessInfo.processInfo.environment["ASSETLINK_REGENERATE"] != nil {
            #expect(FileManager.default.createFile(atPath: path, contents: Data(text.utf8)))
        }
        let kept = try #require(FileManager.default.contents(atPath: path))
        #expect(String(decoding: kept, as: UTF8.self) == text, "ASSETLINK_REGENERATE=1 makes \(name) anew")
    }

    /// The example says nothing; with its settings put in force it says the defaults.
    @Test func theExampleIsTheDefaults() throws {
        let example = PrintedConfiguration.example
        #expect(try ConfigurationFile(example).entries.isEmpty)
        let names = Set(Setting.all.map { "  # \($0.name): " })
        let all = example.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            names.contains { line.hasPrefix($0) } ? "  " + line.dropFirst(4) : String(line)
        }.joined(separator: "\n")
        let configured = try Configured(file: all, environment: [:], flags: [:])
        #expect(configured.origins.count == Setting.all.count)
        for setting in Setting.all {
            #expect(example.contains("\(setting.range); default: "), "\(setting.key)")
        }
        let plain = PrintedConfiguration.inForce(try Configured(file: nil, environment: [:], flags: [:]))
        func values(_ text: String) -> [Substring] { text.split(separator: "\n").map { $0.prefix { $0 != "#" } } }
        #expect(values(PrintedConfiguration.inForce(configured)) == values(plain))
    }

    @Test func whatIsPrintedReadsBack() throws {
        let first = try Configured(
            file: "log:\n  level: debug\nhealth:\n  address: 127.0.0.1:9187\nwake:\n  doorbell: false\n",
            environment: [:],
            flags: ["breaker.percent": "12"])
        let printed = PrintedConfiguration.inForce(first)
        let second = try Configured(file: printed, environment: [:], flags: [:])
        #expect(second.settings.logLevel == .debug)
        #expect(second.settings.daemon.limits.breakerPercent == 12)
        #expect(second.settings.health == first.settings.health)
        #expect(!second.settings.daemon.usesDoorbell)
    }
}
