import LinkCommands

import Glibc

exit(await Assetlinkctl.run(Array(CommandLine.arguments.dropFirst()), on: .process))
