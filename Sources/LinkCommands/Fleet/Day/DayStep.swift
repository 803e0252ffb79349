/// What happens in a day, in this order.
enum DayStep: CaseIterable {
    case discover, buy, importTwice, decommission, delete, swap, repair

    /// What a person reads.
    var title: String {
        switch self {
        case .discover: "Discovery finds four laptops that nobody has registered"
        case .buy: "The register books all four (one serial in lower case with a line end, one known by its UUID only)"
        case .importTwice: "An import books Anna's laptop a second time"
        case .decommission: "Bao's laptop is decommissioned, but it is still discovered"
        case .delete: "Somebody deletes the asset of Chidi's laptop"
        case .swap: "Dana's laptop broke: under its name now runs a spare from stock"
        case .repair: "The duplicate is repaired: the second record goes"
        }
    }

    /// What must come of it.
    var outcome: String {
        switch self {
        case .discover: "four orphans, each with a reason"
        case .buy: "four links, each with the rule that made it"
        case .importTwice: "a conflict; the link is stale, for there is no incumbent"
        case .decommission: "a stale link, and an orphan that says why"
        case .delete: "a stale link, and an orphan that says why"
        case .swap: "the old link is superseded by a new one"
        case .repair: "the conflict is resolved, and the link active again"
        }
    }
}
