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
    /// Ends another pin of the CI, and a block of the pair; `ends`: it has an end.
    case pin(WorldPair, ends: Bool = false)
    case unpin(WorldPair)
    /// Ends a pin of the pair; `ends`: it has an end.
    case block(WorldPair, ends: Bool = false)
    case unblock(WorldPair)
    /// The time of a pin or block that has an end is up.
    case expire(WorldPair)
    case setComposite(RecordKey, Bool)
    case trust(WorldValue, Bool)
    /// Has a CI decided again; nothing follows from it.
    case requeue(RecordKey)
    /// An operator closes the CI's stale link; of what is pure, nothing follows from it.
    case closeStale(RecordKey)
    /// The retention of the CI's stale link is over.
    case retire(RecordKey)
    case edit(RuleEdit)
    /// Every record of a source is deleted at once.
    case truncate(String)
    /// The source is read no more; its records are kept as last read, or dropped.
    case detach(String, keep: Bool)
    /// A detached source is read again; a CI source is matched against these asset sources (`nil` = all).
    case attach(String, sees: Set<String>?)
    /// All of it is read again; nothing follows from it.
    case resync(String)
}

extension World {
    /// The world after a change.
    package mutating func apply(_ change: WorldChange) {
        switch change {
        case .upsertAsset, .deleteAsset, .forgetAsset, .upsertCI, .deleteCI, .truncate, .detach, .attach, .resync:
            applyToRecords(change)
        case .pin(let pair, let ends):
            if let old = pins[pair.ci] { ending.remove(WorldPair(ci: pair.ci, asset: old)) }
            blocks.remove(pair)
            pins[pair.ci] = pair.asset
            setEnd(of: pair, ends)
        case .unpin(let pair):
            if pins[pair.ci] == pair.asset {
                pins[pair.ci] = nil
                ending.remove(pair)
            }
        case .block(let pair, let ends):
            if pins[pair.ci] == pair.asset { pins[pair.ci] = nil }
            blocks.insert(pair)
            setEnd(of: pair, ends)
        case .unblock(let pair): if blocks.remove(pair) != nil { ending.remove(pair) }
        case .expire(let pair):
            guard ending.remove(pair) != nil else { break }
            blocks.remove(pair)
            if pins[pair.ci] == pair.asset { pins[pair.ci] = nil }
        case .setComposite(let asset, true): composites.insert(asset)
        case .setComposite(let asset, false): composites.remove(asset)
        case .trust(let value, true): trusted.insert(value)
        case .trust(let value, false): trusted.remove(value)
        case .edit(let edit): edit.apply(to: &ruleSet)
        case .requeue, .closeStale, .retire: break
        }
    }

    private mutating func setEnd(of pair: WorldPair, _ ends: Bool) {
        if ends { ending.insert(pair) } else { ending.remove(pair) }
    }

    private mutating func applyToRecords(_ change: WorldChange) {
        switch change {
        case .upsertAsset(let key, let record):
            if detached[key.source] == nil {
                assets[key] = WorldAsset(record)
            } else {
                detached[key.source]?.assets[key] = .some(record)
            }
        case .deleteAsset(let key):
            if detached[key.source] == nil {
                assets[key]?.isDeleted = true
            } else {
                detached[key.source]?.assets[key] = .some(nil)
            }
        case .forgetAsset(let key): if assets[key]?.isDeleted == true { assets[key] = nil }
        case .upsertCI(let key, let record):
            if detached[key.source] == nil {
                cis[key] = WorldCI(record)
            } else {
                detached[key.source]?.cis[key] = .some(record)
            }
        case .deleteCI(let key):
            if detached[key.source] == nil {
                cis[key]?.isDeleted = true
            } else {
                detached[key.source]?.cis[key] = .some(nil)
            }
        case .truncate(let source):
            for key in rows(of: source) { apply(isAssetSource(source) ? .deleteAsset(key) : .deleteCI(key)) }
        case .detach(let source, let keep): if detached[source] == nil { detach(source, keep: keep) }
        case .attach(let source, let sees): if detached[source] != nil { attach(source, sees: sees) }
        default: break
        }
    }

    /// The keys of the rows that a source's table has, in order.
    package func rows(of source: String) -> [RecordKey] {
        var keys = Set(assets.filter { $0.key.source == source && !$0.value.isDeleted }.keys)
        keys.formUnion(cis.filter { $0.key.source == source && !$0.value.isDeleted }.keys)
        for (key, record) in detached[source]?.assets ?? [:] {
            if record == nil { keys.remove(key) } else { keys.insert(key) }
        }
        for (key, record) in detached[source]?.cis ?? [:] {
            if record == nil { keys.remove(key) } else { keys.insert(key) }
        }
        return keys.sorted()
    }

    private func isAssetSource(_ source: String) -> Bool { assetSources.contains(source) }

    /// Kept records stay as they are; dropped ones are nowhere, but their rows are still in the table.
    private mutating func detach(_ source: String, keep: Bool) {
        var shelf = Shelf()
        if !keep {
            for (key, asset) in assets where key.source == source {
                if !asset.isDeleted { shelf.assets[key] = .some(asset.record) }
                assets[key] = nil
            }
            for (key, ci) in cis where key.source == source {
                if !ci.isDeleted { shelf.cis[key] = .some(ci.record) }
                cis[key] = nil
            }
        }
        detached[source] = shelf
        if !keep { dropped.insert(source) }
    }

    private mutating func attach(_ source: String, sees: Set<String>?) {
        guard let shelf = detached.removeValue(forKey: source) else { return }
        dropped.remove(source)
        for (key, record) in shelf.assets { apply(record.map { .upsertAsset(key, $0) } ?? .deleteAsset(key)) }
        for (key, record) in shelf.cis { apply(record.map { .upsertCI(key, $0) } ?? .deleteCI(key)) }
        if !isAssetSource(source) { bindings[source] = .some(sees) }
    }
}
