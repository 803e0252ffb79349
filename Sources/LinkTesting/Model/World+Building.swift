package import LinkCore

/// Small worlds by hand: assets of "itam", CIs of "cmdb", unless said otherwise.
extension World {
    /// An empty world with the rules, placeholders and life-cycle maps of generated worlds; K is 3.
    package static var bare: World { World(ruleSet: GeneratedRules.ruleSet([.suspects])) }

    package mutating func add(
        asset id: String, in source: String = "itam", isDeleted: Bool = false, _ asset: AssetRecord
    ) {
        assets[RecordKey(source, id)] = WorldAsset(asset, isDeleted: isDeleted)
    }

    package mutating func add(ci id: String, in source: String = "cmdb", isDeleted: Bool = false, _ ci: CIRecord) {
        cis[RecordKey(source, id)] = WorldCI(ci, isDeleted: isDeleted)
    }

    package mutating func pin(_ ci: String, to asset: String) { apply(.pin(.hand(ci, asset))) }

    package mutating func block(_ ci: String, from asset: String) { apply(.block(.hand(ci, asset))) }
}

extension RecordKey {
    package static func asset(_ id: String) -> RecordKey { RecordKey("itam", id) }
    package static func ci(_ id: String) -> RecordKey { RecordKey("cmdb", id) }
}

extension WorldPair {
    fileprivate static func hand(_ ci: String, _ asset: String) -> WorldPair {
        WorldPair(ci: .ci(ci), asset: .asset(asset))
    }
}

extension Outcome {
    /// What was decided for the CI of "cmdb".
    package func ci(_ id: String) -> CIOutcome? { ciStates[.ci(id)] }

    /// Where the asset of "itam" is.
    package func asset(_ id: String) -> AssetState? { assetStates[.asset(id)]?.state }
}
