import LinkCore
import LinkStore
import Postgres

/// What a transaction has written and others must wait for, or not read half of.
struct Claims {
    var own: Set<String> = []
    /// Sources of which it wrote rows, and of which it took everything.
    var sources: Set<String> = []
    var wholeSources: Set<String> = []
    var editsRules = false
    /// Prepared, it holds the number of the version of the rules that it makes.
    var isPrepared = false

    mutating func add(_ change: WorldChange) {
        switch change {
        case .upsertAsset(let key, _), .deleteAsset(let key), .forgetAsset(let key), .upsertCI(let key, _),
            .deleteCI(let key):
            own.insert("record \(key)")
            sources.insert(key.source)
        case .pin(let pair, _), .unpin(let pair), .block(let pair, _), .unblock(let pair), .expire(let pair):
            own.insert("act \(pair.ci)")
        case .requeue(let key), .closeStale(let key), .retire(let key): own.insert("act \(key)")
        case .setComposite(let key, _): own.insert("mark \(key)")
        case .trust(let value, _): own.insert("trust \(value.kind) \(value.canonical)")
        case .edit(let edit):
            own.insert("rule \(edit.rowName)")
            editsRules = true
        case .truncate(let source), .detach(let source, _), .attach(let source, _): wholeSources.insert(source)
        case .resync(let source): sources.insert(source)
        }
    }

    func collide(with other: Claims) -> Bool {
        !own.isDisjoint(with: other.own) || !wholeSources.isDisjoint(with: other.sources.union(other.wholeSources))
            || !other.wholeSources.isDisjoint(with: sources)
            || editsRules && other.editsRules && (isPrepared || other.isPrepared)
    }
}

extension RuleEdit {
    /// The row that it touches.
    fileprivate var rowName: String {
        switch row {
        case .ciClass(let item): "class \(item.name)"
        case .noClass(let name): "class \(name)"
        case .placeholder(let item): "placeholder \(item.id)"
        case .noPlaceholder(let id): "placeholder \(id)"
        case .state(let item), .noState(let item): "state \(item.side) \(item.source ?? "") \(item.rawState)"
        case .alias(let alias, _): "alias \(alias)"
        case .limit(let kind, _): "limit \(kind)"
        }
    }
}

extension WorldChange {
    /// The record that it writes or deletes.
    var record: RecordKey? {
        switch self {
        case .upsertAsset(let key, _), .deleteAsset(let key), .upsertCI(let key, _), .deleteCI(let key): key
        default: nil
        }
    }
}

/// The versions that an asset had since everything was last taken in: a tombstone keeps one that was read.
struct Trail {
    /// It was known then, with the first of the versions.
    var wasKnown: Bool
    var versions: [AssetRecord]
}

extension ScriptRunner {
    /// One transaction; what the server refuses did not happen.
    func write(_ changes: [WorldChange]) async throws {
        let playable = try await playable(changes)
        guard !playable.isEmpty else { return }
        try await endSessions(inTheWayOf: playable)
        try await writer.script("BEGIN")
        let taken = try await Self.play(playable, player(writer))
        try await writer.script("COMMIT")
        for change in taken { apply(change) }
    }

    /// Those that took.
    static func play(_ changes: [WorldChange], _ player: WorldPlayer) async throws -> [WorldChange] {
        var taken: [WorldChange] = []
        for change in changes where try await player.play(change) { taken.append(change) }
        return taken
    }

    /// What can be played now: sources are truncated and detached only where they have tables, and what tells an end
    /// waits until all acts on the CI are surely taken in.
    func playable(_ changes: [WorldChange]) async throws -> [WorldChange] {
        var result: [WorldChange] = []
        var detached = Set(world.detached.keys)
        for change in changes {
            switch change {
            case .truncate(let source):
                // A source of more than 50 records that reads empty is held; that has tests of its own.
                guard script.tables.contains(source), world.rows(of: source).count <= 25 else { continue }
            case .detach(let source, _):
                guard script.tables.contains(source), detached.insert(source).inserted else { continue }
                // Its records stay as last read: that must be known here.
                try await endSessions(inTheWayOf: [change])
                try await drain()
            case .attach(let source, _): guard detached.remove(source) != nil else { continue }
            case .resync(let source): guard !detached.contains(source) else { continue }
            case .expire(let pair): guard !acted.contains(pair.ci) else { continue }
            default: break
            }
            result.append(change)
        }
        return result
    }

    /// The world after a change that is committed.
    func apply(_ change: WorldChange) {
        switch change {
        case .upsertAsset(let key, let record):
            if world.detached[key.source] == nil { follow(key, record) }
        case .deleteAsset(let key): follow(key)
        case .forgetAsset(let key): trails[key] = Trail(wasKnown: false, versions: [])
        case .truncate(let source): for key in world.rows(of: source) { follow(key) }
        case .detach(let source, keep: false):
            for key in world.assets.keys where key.source == source {
                trails[key] = Trail(wasKnown: false, versions: [])
            }
        case .attach(let source, _):
            for (key, record) in world.detached[source]?.assets ?? [:] {
                follow(key, record)
            }
        case .pin(let pair, _), .unpin(let pair), .block(let pair, _), .unblock(let pair), .expire(let pair):
            acted.insert(pair.ci)
        default: break
        }
        world.apply(change)
    }

    private func follow(_ key: RecordKey, _ version: AssetRecord? = nil) {
        if trails[key] == nil {
            let known = world.assets[key]?.record
            trails[key] = Trail(wasKnown: known != nil, versions: known.map { [$0] } ?? [])
        }
        if let version { trails[key]?.versions.append(version) }
    }
}
