import LinkCore
import Logging
import Postgres

/// What a record fails the batch with.
struct Poison {
    var message: String
    /// Another transaction holds locks on rows that taking it in changes.
    var isLocked: Bool

    var code: String { isLocked ? "locked" : "poison" }

    var text: String {
        isLocked
            ? "Another transaction holds locks on rows of its links: \(message). It is tried again every few seconds; "
                + "assetlinkctl status names that transaction."
            : "Taking this record in fails: \(message). It is tried again by itself; correct the record, or replay it "
                + "after the cause is gone."
    }
}

extension PostgresError {
    /// A lock was not granted in time.
    var isLocked: Bool { sqlState == "55P03" }

    /// Whether what the server says is about what was written, so that without one record the others go through.
    var blamesRecord: Bool {
        guard !isRetriable, !isConnectionFailure else { return false }
        // Somebody holds locks on rows that it changes: it waits for them, the others do not.
        if isLocked { return true }
        // Class 53 is want of room, class 55 a lock, class 57 an operator, 42501 a privilege: no record is to blame.
        let state = sqlState ?? ""
        return !["53", "55", "57", "58", "25"].contains { state.hasPrefix($0) } && state != "42501"
    }
}

extension BatchEngine {
    /// Runs a batch; one that fails is tried again, then bisected: the records it fails of become dead letters and the
    /// rest goes on (engine point 13).
    ///
    /// - Throws: as ``run()``, when the failure is no record's.
    package func runGuarded() async throws -> BatchOutcome {
        do {
            return try await run()
        } catch  where isPoison(error) {
            logger.warning("a batch failed and is tried again", metadata: ["error": "\(error)"])
        }
        do {
            defer { mendsAll = false }
            return try await run()
        } catch  where isPoison(error) {
            logger.error("a batch failed twice: looking for the record", metadata: ["error": "\(error)"])
            let found = try await findPoison(tried)
            guard !found.isEmpty else { throw error }
            poison = found
            defer { poison = [:] }
            return try await run()
        }
    }

    /// Only what the server says of our statements can be a record's fault; a lost connection or lease is nobody's.
    private func isPoison(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return (error.code == .server || error.code == .decoding) && error.blamesRecord
    }

    /// The records that a batch of these fails of, each with its error; every trial is rolled back.
    private func findPoison(_ pieces: [WorkPiece]) async throws -> [WorkPiece: Poison] {
        var search = PoisonSearch<WorkPiece, Poison>(pieces)
        while let trial = search.trial { search.answer(try await failure(of: trial)) }
        return Dictionary(search.found.map { ($0.record, $0.failure) }, uniquingKeysWith: { first, _ in first })
    }

    /// Records that failed the batch before become dead letters; the rest goes on.
    ///
    /// A stored one stays as it is: with the keys that it had, and with its decision, until it is taken in after all.
    func setPoisonAside(_ batch: inout Batch) async throws {
        var (assets, cis): ([AssetRef: Poison], [CIRef: Poison]) = ([:], [:])
        for (piece, poison) in poison {
            switch piece {
            case .record(let name):
                guard batch.work.records[name.source]?.removeValue(forKey: name.id) != nil else { continue }
                bury(name, poison, &batch)
            case .asset(let ref):
                if batch.work.assetsAgain.removeValue(forKey: ref) != nil { assets[ref] = poison }
            case .ci(let ref):
                let isAgain = batch.work.cisAgain.removeValue(forKey: ref) != nil
                if batch.work.cis.removeValue(forKey: ref) != nil || isAgain { cis[ref] = poison }
            }
        }
        guard !assets.isEmpty || !cis.isEmpty else { return }
        let rows = try await flush([
            Statement(
                "SELECT asset_ref, source_id, key FROM assetlink_internal.asset WHERE asset_ref = ANY ($1::bigint[])",
                [.refs(assets.keys.sorted())]),
            Statement(
                "SELECT ci_ref, source_id, key FROM assetlink_internal.ci WHERE ci_ref = ANY ($1::bigint[])",
                [.refs(cis.keys.sorted())]),
        ])
        for (index, found) in [assets, cis].enumerated() {
            for row in rows[index] {
                guard let poison = found[try row.int8(0)] else { continue }
                bury(RecordName(source: try row.int4(1), id: try row.text(2)), poison, &batch)
            }
        }
    }

    private func bury(_ name: RecordName, _ poison: Poison, _ batch: inout Batch) {
        batch.plan.deadLetters.append(
            DeadLetter(
                feed: batch.sources[name.source]?.name ?? "?", source: name.source, key: name.id, raw: nil,
                code: poison.code, text: poison.text))
    }

    private func failure(of pieces: [WorkPiece]) async throws -> Poison? {
        trial = Set(pieces)
        defer { trial = nil }
        do {
            _ = try await run()
            return nil
        } catch StoreError.trialSucceeded {
            return nil
        } catch {
            guard isPoison(error) else { throw error }
            return Poison(message: "\(error)", isLocked: (error as? PostgresError)?.isLocked == true)
        }
    }
}
