import LinkCore
import LinkStore
import Postgres

/// Transactions that stay open while others commit and batches run.
extension ScriptRunner {
    /// Those in the way of a transaction end first, or one of the two would wait for ever.
    func endSessions(inTheWayOf changes: [WorldChange], but own: Int? = nil) async throws {
        var claims = Claims()
        for change in changes { claims.add(change) }
        for number in sessions.keys.sorted() where number != own {
            if sessions[number]?.claims.collide(with: claims) == true { try await end(number, commits: true) }
        }
    }

    func hold(_ number: Int, _ change: WorldChange) async throws {
        if sessions[number]?.name != nil { return }
        guard let change = try await playable([change]).first else { return }
        try await endSessions(inTheWayOf: [change], but: number)
        if sessions[number] == nil {
            let connection = try await PostgresConnection.connect(ConnectionSettings(conninfo), logger: quietLogger)
            // The second session reads as of its first statement, whatever others commit.
            let level = number == 2 ? "REPEATABLE READ" : "READ COMMITTED"
            try await connection.script("BEGIN ISOLATION LEVEL \(level)")
            sessions[number] = Session(connection: connection)
        }
        guard let connection = sessions[number]?.connection else { return }
        do {
            guard try await player(connection).play(change) else { return }
            sessions[number]?.changes.append(change)
            sessions[number]?.claims.add(change)
        } catch let error as PostgresError where error.isRetriable {
            // Somebody committed what it had read before: all of it is undone, as its writer would have to.
            try await end(number, commits: false)
        }
    }

    func end(_ number: Int, commits: Bool) async throws {
        guard let session = sessions.removeValue(forKey: number) else { return }
        let word = commits ? "COMMIT" : "ROLLBACK"
        if let name = session.name {
            try await writer.script("\(word) PREPARED '\(name)'")
        } else {
            do {
                try await session.connection.script(word)
            } catch {
                guard error.isRetriable else { throw error }
                // A version of the rules is made at the end, and somebody made one since this transaction began.
                await session.connection.close()
                return
            }
        }
        await session.connection.close()
        guard commits else { return }
        for change in session.changes { apply(change) }
    }

    func prepare(_ number: Int) async throws {
        guard let session = sessions[number], session.name == nil else { return }
        let name = "\(writer.database) \(number)"
        if session.claims.editsRules {
            for other in sessions.keys.sorted() where other != number && sessions[other]?.claims.editsRules == true {
                try await end(other, commits: true)
            }
        }
        do {
            try await session.connection.script("PREPARE TRANSACTION '\(name)'")
            sessions[number]?.name = name
            sessions[number]?.claims.isPrepared = true
        } catch {
            guard error.isRetriable else { throw error }
            sessions[number] = nil
            await session.connection.close()
        }
    }

    /// A batch beside a writer: in whatever order the two come, everything must hold.
    func during(_ changes: [WorldChange]) async throws {
        let playable = try await playable(changes)
        guard !playable.isEmpty else { return }
        try await endSessions(inTheWayOf: playable)
        let player = player(writer)
        async let written: [WorldChange] = {
            try await player.connection.script("BEGIN")
            let taken = try await Self.play(playable, player)
            try await player.connection.script("COMMIT")
            return taken
        }()
        let outcome = try await engine.engine.run()
        for change in try await written { apply(change) }
        guard case .done = outcome else { return }
        try await observe()
    }

    /// Every transaction ends and everything is taken in; what is pure equals the model's.
    func check() async throws {
        for number in sessions.keys.sorted() { try await end(number, commits: true) }
        try await drain()
        try hold("tombstone", try await reconcileTombstones())
        trails = [:]
        acted = []
        let outcome = ReferenceModel.decide(world)
        let stored = try await StoredOutcome.read(writer)
        try hold("pure", stored.differences(from: outcome))
        try hold("views", try await StoredViews.read(writer).differences(from: outcome, world))
        try hold("invariant", try await EngineInvariants.problems(writer))
    }

    /// What the whole history must be like.
    func finish() async throws {
        try hold("replay", try await AuditReplay.problems(writer))
        try hold("as-of", try await watch.problemsOfThePast())
        let report = try await BatchEngine.verify(writer, page: 7, logger: quietLogger)
        try hold("verify", report.isClean ? [] : report.examples.map { "\($0)" } + ["it is not clean"])
    }

    /// Of an asset that changed since everything was last taken in and was deleted then, the tombstone keeps a version
    /// that was read: which one is not for the model to know, but it must be one that there was.
    private func reconcileTombstones() async throws -> [String] {
        let open = trails.keys.filter { world.assets[$0]?.isDeleted == true }.sorted()
        guard !open.isEmpty else { return [] }
        var stored: [RecordKey: AssetRecord] = [:]
        for row in try await writer.query(
            """
            SELECT s.name, a.key, to_jsonb(a)::text
            FROM unnest($1::text[], $2::text[]) AS k (source, id)
            JOIN assetlink_internal.source AS s ON s.name = k.source
            JOIN assetlink_internal.asset AS a ON a.source_id = s.source_id AND a.key = k.id
            WHERE a.standing = 2 AND EXISTS (
                SELECT FROM assetlink_internal.asset_key AS y WHERE y.asset_ref = a.asset_ref)
            """, [.texts(open.map(\.source)), .texts(open.map(\.id))])
        {
            let record = try RecordText.asset(Substring(try row.text(2)))
            stored[RecordKey(try row.text(0), try row.text(1))] = record
        }
        var found: [String] = []
        for key in open {
            guard let trail = trails[key] else { continue }
            if let record = stored[key] {
                if !trail.versions.contains(record) { found.append("\(key) keeps a record that it never had") }
                world.assets[key] = WorldAsset(record, isDeleted: true)
            } else if !trail.wasKnown || !trail.versions.allSatisfy(hasKeys) {
                world.assets[key] = nil
            } else {
                found.append("\(key) was known and is deleted, but its tombstone gives no key")
            }
        }
        return found
    }

    /// Whether an asset of this record surely has a match key by some entry: its asset tag stands for all.
    private func hasKeys(_ record: AssetRecord) -> Bool {
        guard let tag = record.assetTag else { return false }
        return tag.hasPrefix("AT-")
    }
}
