import LinkCore

/// A row of `asset_key` that appears or goes.
struct AssetKeyRow {
    /// Which of the diff's keys it is of.
    var number: Int
    var standing: Standing
    var ref: AssetRef
    var source: Int32
}

/// What becomes of the match keys of a batch's assets.
struct AssetKeyDiff {
    /// Each key once, and because of whom it is here.
    private(set) var keys: [(key: StoredKey, cause: Cause)] = []
    private var numbers: [StoredKey: Int] = [:]
    /// Rows that are no more, and rows that are new.
    private(set) var removed: [AssetKeyRow] = []
    private(set) var added: [AssetKeyRow] = []
    /// Rows that only get another standing: as they are after that, with what it was.
    private(set) var moved: [(row: AssetKeyRow, from: Standing)] = []
    /// The first holders of each key before the batch writes, once they are known.
    var holders: [Int: [KeyHolder]] = [:]
    /// Readings have changed since: it has to be made anew.
    var isStale = false

    /// The same anew, with what is known of the keys that both have.
    func renewed(_ make: () -> AssetKeyDiff) -> AssetKeyDiff {
        var diff = make()
        for (number, item) in diff.keys.enumerated() {
            diff.holders[number] = numbers[item.key].flatMap { holders[$0] }
        }
        return diff
    }

    mutating func remove(_ key: StoredKey, _ standing: Standing, of ref: AssetRef, _ change: AssetChange) {
        removed.append(row(key, standing, ref, change))
    }

    mutating func add(_ key: StoredKey, _ standing: Standing, of ref: AssetRef, _ change: AssetChange) {
        added.append(row(key, standing, ref, change))
    }

    mutating func move(
        _ key: StoredKey, from: Standing, to standing: Standing, of ref: AssetRef, _ change: AssetChange
    ) {
        moved.append((row(key, standing, ref, change), from))
    }

    private mutating func row(
        _ key: StoredKey, _ standing: Standing, _ ref: AssetRef, _ change: AssetChange
    ) -> AssetKeyRow {
        let number = numbers[key] ?? keys.count
        if number == keys.count {
            numbers[key] = number
            keys.append((key, change.cause))
        }
        return AssetKeyRow(number: number, standing: standing, ref: ref, source: change.source.id)
    }
}
