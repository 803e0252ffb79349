import ArgumentParser
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
