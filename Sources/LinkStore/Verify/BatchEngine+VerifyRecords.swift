import LinkCore
import Postgres

extension BatchEngine {
    /// Compares what is stored of a page of assets with what the rules make of them; how many there are.
    func verifyAssets(
        _ range: RefRange, _ sources: [Int32: SourceInfo], _ rules: CompiledRuleSet, _ report: inout VerifyReport
    ) async throws -> Int {
        let rows = try await connection.query(assetPage(range))
        for row in rows {
            var columns = Columns(row)
            let key = try columns.text()
            let read = try reader.asset(&columns, key: key)
            let stored = try StoredRecords.asset(&columns)
            guard let source = sources[try columns.int4()] else { continue }
            let suspects = Set(try columns.texts().compactMap { KindValue(stored: $0) })
            let reading = AssetReading(
                read.record, source: source.name, reader: ValueReader(rules: rules) { suspects.contains($0) })
            report.assets += 1
            // A dropped source's records match nothing any more.
            let keys = source.isDropped ? [] : ownKeys(reading, rules)
            let wrong = [
                keys != ownKeys(stored.keys, rules) ? "keys" : nil, reading.holds != stored.holds ? "values" : nil,
                (reading.phase.isEnded ? .ended : .eligible) != stored.standing ? "standing" : nil,
                (read.record.isComposite || stored.hasMark) != stored.isComposite ? "composite mark" : nil,
                Set(reading.identity.stored) != Set(stored.identity) ? "identity" : nil,
            ].compactMap { $0 }
            guard !wrong.isEmpty else { continue }
            report.derivedDifferences += 1
            report.note("asset \(source.name)/\(key): stored \(wrong.joined(separator: ", ")) not as by the rules")
        }
        return rows.count
    }

    /// Assets that are there, raw and as derived, and which of their values are suspect.
    private func assetPage(_ range: RefRange) -> Statement {
        Statement(
            """
            SELECT b.key, \(reader.storedAssetList), b.asset_ref, \(StoredRecords.assetColumns), b.source_id,
                   \(Self.suspects(of: "asset"))
            FROM assetlink_internal.asset AS b
            \(StoredRecords.markOfAsset)
            WHERE b.asset_ref > $1 AND b.asset_ref <= $2 AND b.standing <> 2
            """, range.parameters)
    }

    /// The same of CIs, whose sources come with their states.
    func ciPage(_ range: RefRange) -> Statement {
        Statement(
            """
            SELECT b.key, \(reader.storedCIList), b.ci_ref, \(StoredRecords.ciColumns), \(Self.suspects(of: "ci"))
            FROM assetlink_internal.ci AS b
            WHERE b.ci_ref > $1 AND b.ci_ref <= $2 AND b.deleted_at IS NULL
            """, range.parameters)
    }

    /// Compares what CIs are found by with what the rules make of their records.
    func verifyKeys(
        _ stored: StoredCI, _ reading: CIReading, _ name: String, _ rules: CompiledRuleSet,
        _ report: inout VerifyReport
    ) {
        let wrong = [
            storedKeys(reading, rules) != ownKeys(stored.keys, rules) ? "keys" : nil,
            difference(stored.reads, reading.held),
            reading.limitClasses(rules) != stored.limitClasses ? "suspect limits" : nil,
        ].compactMap { $0 }
        guard !wrong.isEmpty else { return }
        report.derivedDifferences += 1
        report.note("\(name): stored \(wrong.joined(separator: ", ")) not as by the rules")
    }

    /// Stored keys but for those by a parent, which follow from links.
    private func ownKeys(_ keys: Set<StoredKey>, _ rules: CompiledRuleSet) -> Set<StoredKey> {
        hasDependents ? keys.filter { !isDependent($0.space, rules) } : keys
    }

    /// Which values are stored and should not be, or should be and are not; `nil`: none.
    private func difference(_ stored: Set<KindValue>, _ wanted: Set<KindValue>) -> String? {
        guard stored != wanted else { return nil }
        func few(_ values: Set<KindValue>) -> String {
            values.prefix(3).map { "\($0.kind.rawValue) \($0.value)" }.sorted().joined(separator: ", ")
        }
        let (surplus, missing) = (stored.subtracting(wanted), wanted.subtracting(stored))
        let parts = [
            surplus.isEmpty ? nil : "\(few(surplus)) too many", missing.isEmpty ? nil : "\(few(missing)) missing",
        ]
        return "values (\(parts.compactMap { $0 }.joined(separator: "; ")))"
    }
}
