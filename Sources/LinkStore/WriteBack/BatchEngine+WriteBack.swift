import LinkCore
import Postgres

extension BatchEngine {
    /// A link begins, ends, or changes its status: where an end's source has write-back, its row may have to change.
    func noteWriteBack(_ ci: CIName, _ asset: AssetName, _ batch: inout Batch) {
        guard !batch.writtenBack.isEmpty else { return }
        if batch.writtenBack.contains(ci.source) {
            batch.plan.writeBack.insert(RecordName(source: ci.source, id: ci.id))
        }
        if batch.writtenBack.contains(asset.source) {
            batch.plan.writeBack.insert(RecordName(source: asset.source, id: asset.id))
        }
    }

    /// Queues, in the batch's own transaction, whatever may have to be written back; no statement where nothing is.
    func writeBackStatements(_ batch: inout Batch) -> [Statement] {
        guard !batch.writtenBack.isEmpty else { return [] }
        // A new row may hold anything: a copy, or what was its key's before.
        for change in batch.assets.values where change.isNewInSource && batch.writtenBack.contains(change.source.id) {
            batch.plan.writeBack.insert(RecordName(source: change.source.id, id: change.key))
        }
        for change in batch.cis.values where batch.writtenBack.contains(change.source.id) {
            guard !change.stored.isStored || change.stored.isDeleted else { continue }
            batch.plan.writeBack.insert(RecordName(source: change.source.id, id: change.key))
        }
        let list = batch.plan.writeBack.sorted { ($0.source, $0.id) < ($1.source, $1.id) }
        guard !list.isEmpty else { return [] }
        return [
            Statement(
                """
                INSERT INTO assetlink_internal.write_back_todo (source_id, key)
                SELECT k.source, k.id FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS k (source, id, n)
                ORDER BY k.n
                """, [.int4s(list.map(\.source)), .texts(list.map(\.id))])
        ]
    }
}
