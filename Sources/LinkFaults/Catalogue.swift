/// Every scenario there is.
package enum Catalogue {
    package static let all: [Scenario] =
        kills + sessions + proxies + servers + leaders + loads + strangers
        + mixed + longTransactions + volume + hands + tables + records + clusters + writeBacks + slopes + successions
        + patroni
}
