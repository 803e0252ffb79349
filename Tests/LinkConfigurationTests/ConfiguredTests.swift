import FoundationEssentials
import LinkConfiguration
import LinkService
import LinkStore
import Testing

@Suite struct ConfiguredTests {
    private func configured(
        _ file: String? = nil, _ environment: [String: String] = [:], _ flags: [String: String] = [:]
    ) throws -> Configured {
        try Configured(file: file, environment: environment, flags: flags)
    }

    @Test func nothingSaidIsTheDefaults() throws {
        let settings = try configured().settings
        let plain = DaemonSettings()
        for setting in Setting.all { #expect(setting.initial == Setting.all.first { $0.key == setting.key }?.initial) }
        #expect(settings.daemon.pollInterval == plain.daemon.pollInterval)
        #expect(settings.health == nil)
    }

    @Test func flagsWinOverTheEnvironmentAndThatOverTheFile() throws {
        let file = "breaker:\n  percent: 1\n  minimum: 1\n  window: 1\n"
        let environment = ["ASSETLINKD_BREAKER_PERCENT": "2", "ASSETLINKD_BREAKER_MINIMUM": "2"]
        let all = try configured(file, environment, ["breaker.percent": "3"])
        #expect(all.settings.daemon.limits.breakerPercent == 3)
        #expect(all.settings.daemon.limits.breakerMinimum == 2)
        #expect(all.settings.daemon.limits.breakerWindow == 1)
        #expect(all.origins["breaker.percent"] == .flag("--breaker-percent"))
        #expect(all.origins["breaker.minimum"] == .environment("ASSETLINKD_BREAKER_MINIMUM"))
        #expect(all.origins["breaker.window"] == .file(line: 4))
        #expect(all.origins["sweep.page"] == nil)
    }

    /// Each setting has an effect, by each of the ways to set it.
    @Test func everySettingIsTaken() throws {
        let others = [
            "database.connection": "host=/nowhere", "database.password_file": "/dev/stdin", "log.level": "debug",
            "health.address": "127.0.0.1:9", "wake.doorbell": "false", "wake.poll_interval": "7.5",
            "lease.duration": "7.5", "housekeeping.interval": "7.5", "housekeeping.log_table_rows": "7",
            "sweep.interval": "7.5", "sweep.page": "7", "coverage.snapshot_interval": "7.5",
            "audit.head_interval": "7.5", "breaker.percent": "7", "breaker.minimum": "7", "breaker.window": "7",
        ]
        #expect(Set(others.keys) == Set(Setting.all.map(\.key)))
        for setting in Setting.all where setting.key != "database.password_file" {
            let value = try #require(others[setting.key])
            let byFile = try configured("\(setting.section):\n  \(setting.name): \"\(value)\"\n")
            let byVariable = try configured(nil, [setting.variable: value])
            for one in [byFile, byVariable] {
                let line = PrintedConfiguration.inForce(one).split(separator: "\n").first {
                    $0.contains(" \(setting.name): ") && !$0.hasSuffix("# default")
                }
                #expect(line?.contains(setting.isSecret ? "***" : value) == true, "\(setting.key)")
            }
        }
    }

    @Test(arguments: [
        ("breaker.percent", "-1"), ("breaker.percent", "ten"), ("wake.poll_interval", "0"),
        ("wake.poll_interval", "nan"),
        ("wake.poll_interval", "1e9"), ("wake.doorbell", "yes"), ("log.level", "loud"),
        ("health.address", "0.0.0.0:80"),
        ("sweep.page", "0"), ("sweep.page", "1.5"), ("lease.duration", ""),
    ])
    func whatIsOutOfRangeIsRefusedAndNotQuoted(key: String, value: String) throws {
        let problems = #expect(throws: Configured.Problems.self) { try configured(nil, [:], [key: value]) }
        let text = try #require(problems?.list.first)
        #expect(text.hasPrefix(key))
        #expect(text.contains("is not taken; it is: "))
    }

    @Test func everythingThatIsWrongIsSaidAtOnce() throws {
        let problems = #expect(throws: Configured.Problems.self) {
            try configured("breaker:\n  percnt: 5\n  minimum: x\nsweep:\n  page: 0\n")
        }
        #expect(problems?.list.count == 3)
        #expect(problems?.list.first == "line 2: breaker.percnt is no setting; assetlinkd --print-example shows all")
    }

    @Test func aPasswordInAFlagIsRefused() throws {
        let text = "host=/run/x password=C4N4RY"
        let problems = #expect(throws: Configured.Problems.self) {
            try configured(nil, [:], ["database.connection": text])
        }
        #expect(problems?.description.contains("--database holds a password") == true)
        #expect(problems?.description.contains("C4N4RY") == false)
        #expect(try configured(nil, ["ASSETLINKD_DATABASE_CONNECTION": text]).settings.daemon.database == text)
    }

    @Test func thePasswordComesFromAFileOrACredential() throws {
        let folder = "/tmp/assetlink-credentials-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/pg-password"
        #expect(FileManager.default.createFile(atPath: path, contents: Data("C4N4RY\nsecond line\n".utf8)))
        let byCredential = try configured(nil, ["CREDENTIALS_DIRECTORY": folder])
        #expect(byCredential.settings.daemon.password == "C4N4RY")
        #expect(!PrintedConfiguration.inForce(byCredential).contains("C4N4RY"))
        let byFile = try configured("database:\n  password_file: \(path)\n")
        #expect(byFile.settings.daemon.password == "C4N4RY")
        #expect(try configured(nil, ["CREDENTIALS_DIRECTORY": "/nonexistent"]).settings.daemon.password == nil)
        #expect(throws: Configured.Problems.self) { try configured("database:\n  password_file: /nonexistent\n") }
        #expect(FileManager.default.createFile(atPath: path, contents: Data("\n".utf8)))
        #expect(throws: Configured.Problems.self) { try configured("database:\n  password_file: \(path)\n") }
    }

    @Test func whatNeedsARestartIsNamed() throws {
        let old = try configured()
        let new = try configured("health:\n  address: 127.0.0.1:9187\nsweep:\n  page: 5\n")
        #expect(new.needingRestart(after: old) == ["health.address"])
        #expect(old.needingRestart(after: old) == [])
    }
}
