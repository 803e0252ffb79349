import ArgumentParser
import FoundationEssentials
import Glibc
import LinkTesting
import Testing

@testable import LinkCommands

/// The manual and the completions are made from the commands, and have all of them.
@Suite struct ManualTests {
    @Test func thePageHasEveryCommandAndOption() async throws {
        let page = await run("manual")
        #expect(page.code == 0)
        for command in Assetlinkctl.configuration.subcommands {
            #expect(
                page.text.contains(".SS assetlinkctl \(CommandNames.name(of: command).replacing("-", with: "\\-"))"))
        }
        for option in ["\\-\\-after <cursor>", "\\-\\-reason <reason>", "\\-d, \\-\\-database <conninfo>"] {
            #expect(page.text.contains(".B \(option)"), "\(option)")
        }
        guard access("/usr/bin/groff", X_OK) == 0 else { return }
        let file = try temporaryFile(page.text + "\n")
        let warnings = try await ChildProcess.run(["/usr/bin/groff", "-ww", "-man", "-Kutf8", "-z", file])
        #expect(warnings == "")
    }

    /// A page for each command, which man(1) and whatis(1) find by its name.
    @Test func everyCommandHasAPageOfItsOwn() async throws {
        let folder = "/tmp/assetlink-manual-\(UInt32.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(await run("manual", "--folder", folder).code == 0)
        let commands = Assetlinkctl.configuration.subcommands.map { CommandNames.name(of: $0) }
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(Set(pages) == Set(commands.map { "assetlinkctl-\($0).1" } + ["assetlinkctl.1"]))
        for page in pages {
            let data = try #require(FileManager.default.contents(atPath: "\(folder)/\(page)"))
            let text = String(decoding: data, as: UTF8.self)
            let name = page.dropLast(2).replacing("-", with: "\\-")
            #expect(text.contains("\n.SH NAME\n\(name) \\- "), "\(page)")
            #expect(text.contains("\n.SH DESCRIPTION\n"), "\(page)")
        }
        guard access("/usr/bin/groff", X_OK) == 0 else { return }
        let paths = pages.map { "\(folder)/\($0)" }
        #expect(try await ChildProcess.run(["/usr/bin/groff", "-ww", "-man", "-Kutf8", "-z"] + paths) == "")
    }

    @Test func aFolderThatIsNotThereIsSaid() async {
        let said = await run("manual", "--folder", "/nonexistent/man1")
        #expect(said.code != 0)
        #expect(said.errors.contains("assetlinkctl.1"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionsHaveEveryCommand(_ shell: String) async throws {
        let script = await run("--generate-completion-script", shell)
        #expect(script.code == 0)
        for command in Assetlinkctl.configuration.subcommands {
            #expect(script.text.contains(CommandNames.name(of: command)))
        }
    }

    @Test func everyCommandHasAnExample() {
        func check(_ command: any ParsableCommand.Type, _ path: String) {
            let children = command.configuration.subcommands
            let text = command.configuration.discussion
            #expect(
                !children.isEmpty || text.contains("Example: assetlinkctl") || text.contains("Examples:\n"),
                "\(path) has no example")
            for child in children { check(child, "\(path) \(CommandNames.name(of: child))") }
        }
        check(Assetlinkctl.self, "assetlinkctl")
    }
}
