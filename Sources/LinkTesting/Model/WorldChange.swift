package import LinkCore

/// One change of a world, with the keys that it touches, to be played into a database as well.
package enum WorldChange: Hashable, Sendable {
    /// New or changed; it takes a tombstone of that id away.
    case upsertAsset(RecordKey, AssetRecord)
    /// Leaves a tombstone.
    case deleteAsset(RecordKey)
    /// The tombstone's time is up.
    case forgetAsset(RecordKey)
    case upsertCI(RecordKey, CIRecord)
    case deleteCI(RecordKey)
    /// Ends another pin of the CI, and a block of the pair.
    case pin(WorldPair)
    case unpin(WorldPair)
    /// Ends a pin of the pair.
    case block(WorldPair)
    case unblock(WorldPair)
    case setComposite(RecordKey, Bool)
    case trust(WorldValue, Bool)
}

extension World {
    /// The world after a change.
    package mutating func apply(_ change: WorldChange) {
        switch change {
        case .upsertAsset(let key, let record): assets[key] = WorldAsset(record)
        case .deleteAsset(let key): assets[key]?.isDeleted = true
        case .forgetAsset(let key): if assets[key]?.isDeleted == true { assets[key] = nil }
        case .upsertCI(let key, let record): cis[key] = WorldCI(record)
        case .deleteCI(let key): cis[key]?.isDeleted = true
        case .pin(let pair):
            pins[pair.ci] = pair.asset
            blocks.remove(pair)
        case .unpin(let pair): if pins[pair.ci] == pair.asset { pins[pair.ci] = nil }
        case .block(let pair):
            blocks.insert(pair)
            if pins[pair.ci] == pair.asset { pins[pair.ci] = nil }
        case .unblock(let pair): blocks.remove(pair)
        case .setComposite(let asset, true): composites.insert(asset)
        case .setComposite(let asset, false): composites.remove(asset)
        case .trust(let value, true): trusted.insert(value)
        case .trust(let value, false): trusted.remove(value)
        }
    }
}
