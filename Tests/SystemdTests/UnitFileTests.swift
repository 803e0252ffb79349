import FoundationEssentials
import LinkService
import LinkTesting
import Testing

/// The units are what systemd takes, and closed as far as they say.
@Suite struct UnitFileTests {
    private static let folder =
        URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path + "/systemd"

    private static let names = (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
    private static let services = names.filter { $0.hasSuffix(".service") }
    static let analyze = "/usr/bin/systemd-analyze"
    static let isThere = FileManager.default.isExecutableFile(atPath: analyze)

    private func text(_ name: String) throws -> String {
        String(decoding: try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(name)")), as: UTF8.self)
    }

    @Test func thereAreUnits() {
        #expect(Self.services.count == 4)
        #expect(
            Set(Self.names).isSuperset(of: ["assetlinkd@.service", "assetlinkd.target", "assetlinkd-verify.timer"]))
    }

    @Test(.enabled(if: isThere, "systemd-analyze is not installed here"), arguments: services)
    func exposureIsAtMostOne(name: String) async throws {
        try await ChildProcess.run([
            Self.analyze, "security", "--offline=yes", "--threshold=10", "--no-pager", "\(Self.folder)/\(name)",
        ])
    }

    /// With programs that exist, as those of the units are not installed where tests run.
    @Test(.enabled(if: isThere, "systemd-analyze is not installed here"))
    func systemdTakesThem() async throws {
        let manager = FileManager.default
        let room = URL(fileURLWithPath: "/tmp/assetlink-units-\(UInt32.random(in: .min ... .max))").path
        try manager.createDirectory(atPath: room, withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: room) }
        var paths: [String] = []
        for name in Self.names where [".service", ".timer", ".target"].contains(where: { name.hasSuffix($0) }) {
            let words = try text(name).split(separator: "\n", omittingEmptySubsequences: false).map { line in
                line.hasPrefix("Exec") ? line.prefix { $0 != "=" } + "=/usr/bin/true" : line[...]
            }
            // An instance is verified by a name.
            let path = "\(room)/\(name.contains("@.") ? "assetlinkd@a.service" : name)"
            #expect(manager.createFile(atPath: path, contents: Data(words.joined(separator: "\n").utf8)))
            paths.append(path)
        }
        let said = try await ChildProcess.run([Self.analyze, "verify", "--man=no"] + paths)
        #expect(said.split(separator: "\n").filter { $0.contains("assetlinkd") } == [])
    }

    /// The instances' unit says what the single one says.
    @Test func theInstancesAreTheSame() throws {
        func settings(_ name: String) throws -> Set<String> {
            Set(try text(name).split(separator: "\n").filter { !$0.hasPrefix("#") }.map { String($0) })
        }
        let (one, many) = (try settings("assetlinkd.service"), try settings("assetlinkd@.service"))
        let differing = one.symmetricDifference(many).map { $0.prefix { $0 != "=" } }
        #expect(
            Set(differing).isSubset(of: [
                "Description", "PartOf", "ReloadPropagatedFrom", "AssertPathExists", "EnvironmentFile", "WantedBy",
                "RuntimeDirectory", "ExecStart",
            ]), "\(differing)")
    }

    /// What the catalogue explains is what the journal gets, and is said somewhere.
    @Test func theCatalogueIsWhole() throws {
        let lines = try text("assetlinkd.catalog").split(separator: "\n")
        let explained = lines.filter { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
        #expect(Set(explained) == Set(MessageCatalogue.ids.values))
        #expect(explained.count == MessageCatalogue.ids.count)
        let sources = Self.folder + "/../Sources"
        let said = try ["LinkService", "LinkStore", "assetlinkd"].flatMap { target in
            try FileManager.default.subpathsOfDirectory(atPath: "\(sources)/\(target)").map {
                "\(sources)/\(target)/\($0)"
            }
        }.filter { $0.hasSuffix(".swift") && !$0.hasSuffix("MessageCatalogue.swift") }
            .compactMap { FileManager.default.contents(atPath: $0) }.map { String(decoding: $0, as: UTF8.self) }
        for message in MessageCatalogue.ids.keys {
            #expect(said.contains { $0.contains("\"\(message)\"") }, "\(message)")
        }
    }
}
