import ArgumentParser
import LinkBench

/// Only hands over: what is measured is in LinkBench, which the tests import.
@main
enum Main {
    static func main() async { await AssetlinkBench.main() }
}
