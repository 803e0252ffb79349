package import ArgumentParser
import FoundationEssentials

/// The manual pages.
package struct Manual: PlainCommand {
    /// Its help.
    package static let configuration = CommandConfiguration(
        abstract: "Write the manual, made from the commands themselves.",
        discussion: """
            One page with all commands to standard output, or into a folder a page for the program and one for each command.

            Examples:
              assetlinkctl manual > /usr/local/share/man/man1/assetlinkctl.1
              assetlinkctl manual --folder /usr/local/share/man/man1
              assetlinkctl --generate-completion-script bash > /etc/bash_completion.d/assetlinkctl
            """)

    @Option(help: "Where to write assetlinkctl.1, assetlinkctl-status.1 and so on; it must be there.")
    var folder: String?

    /// What the parser makes.
    package init() {}

    /// Writes it.
    package func run(_ console: Console) async throws -> CommandExit {
        let dump = Assetlinkctl._dumpHelp()
        guard let folder else {
            console.say(try ManualPage(of: dump).text)
            return .success
        }
        for (name, text) in try ManualPage.pages(of: dump) {
            try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        return .success
    }
}
