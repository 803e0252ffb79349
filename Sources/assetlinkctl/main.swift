import LinkCommands

import Glibc

exit(await Assetlinkctl.runAsProcess(Array(CommandLine.arguments.dropFirst()), on: .process))
