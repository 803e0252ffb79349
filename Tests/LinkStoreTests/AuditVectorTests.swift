import LinkCore
import LinkStore
import LinkTesting
import Postgres
import Testing

/// The format is for ever: program and database give what the published vectors have, which a third implementation made.
@Suite struct AuditVectorTests {
    private static let folder = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/deploy/audit"

    @Test func allThreeGiveTheSame() async throws {
        let text = try TextFile.read(Self.folder + "/vectors.json")
        #expect(
            try await ChildProcess.run(["/usr/bin/env", "python3", Self.folder + "/vectors.py"]) == text,
            "deploy/audit/vectors.py makes other vectors")
        guard case .array(let batches)? = try JSONValue.parse(text)["batches"] else {
            Issue.record("there are no vectors")
            return
        }
        let books = try await Books()
        for batch in batches {
            guard case .array(let rows)? = batch["rows"] else { continue }
            for entry in rows {
                let record = try #require(entry["row"].flatMap { AuditRecord(json: $0) })
                let (bytes, digest) = (entry["bytes"]?.plainText ?? "", entry["digest"]?.plainText ?? "")
                #expect(Hexadecimal.text(record.bytes) == bytes)
                #expect(Hexadecimal.text(record.digest) == digest)
                try await books.run(Self.insert(record))
                #expect(
                    try await books.rows(
                        """
                        SELECT encode(assetlink_internal.audit_bytes(a), 'hex'),
                            encode(assetlink_internal.row_digest(a), 'hex')
                        FROM assetlink_internal.audit AS a WHERE a.audit_id = \(record.auditID)
                        """) == ["(\(bytes),\(digest))"])
            }
            let stored = try #require(AuditBatch(json: batch))
            try await books.run(Self.insert(stored))
            let head = batch["head"]?.plainText
            #expect(try await AuditReader(books.connection).head(upTo: stored.batchID)?.description == head)
            #expect(try await books.value("SELECT head FROM assetlink.audit_head(\(stored.batchID))") == head)
        }
        #expect(batches.count == 5)
        #expect(try await books.audited() == [])
        #expect(try await books.read() == [])
    }

    private static func insert(_ record: AuditRecord) -> String {
        func text(_ value: String?) -> String {
            value.map { "'" + $0.replacing("'", with: "''") + "'" } ?? "NULL"
        }
        let (ci, asset) = ((text(record.ciSource), text(record.ciID)), (text(record.assetSource), text(record.assetID)))
        return """
            SET standard_conforming_strings = on;
            INSERT INTO assetlink_internal.audit OVERRIDING SYSTEM VALUE VALUES (\(record.auditID), \(record.batchID),
                timestamptz 'epoch' + \(record.at) * interval '1 microsecond', \(text(record.actor)), \(text(record.action)),
                \(ci.0), \(ci.1), \(asset.0), \(asset.1),
                \(record.linkID.map { "\($0)" } ?? "NULL"), \(text(record.fromState)), \(text(record.toState)),
                \(text(record.reason)), \(record.ruleSetVersion), \(text(record.evidence)), \(text(record.cause)))
            """
    }

    private static func insert(_ batch: AuditBatch) -> String {
        """
        INSERT INTO assetlink_internal.batch (batch_id, epoch, snapshot, committed_at, rule_set_version, changes,
            audit_rows, previous_digest, digest, row_digests)
        VALUES (\(batch.batchID), 1, pg_current_snapshot(),
            timestamptz 'epoch' + \(batch.committedAt) * interval '1 microsecond', 1, 0, \(batch.auditRows),
            decode('\(Hexadecimal.text(batch.previousDigest))', 'hex'), decode('\(Hexadecimal.text(batch.digest))', 'hex'),
            \(batch.rowDigests.map { "decode('\(Hexadecimal.text($0))', 'hex')" } ?? "NULL"))
        """
    }

    /// The tree of RFC 6962, with the roots that its reference implementation publishes.
    @Test func treesAreThoseOfCertificateTransparency() async throws {
        let leaves = [
            "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
        ]
        .compactMap { Hexadecimal.bytes($0) }.map { Merkle.leaf($0) }
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ]
        let connection = try await migratedConnection()
        for (place, root) in roots.enumerated() {
            let some = leaves.prefix(place + 1)
            #expect(Hexadecimal.text(Merkle.root(some)) == root)
            let row = try await connection.query(
                "SELECT encode(assetlink_internal.merkle_root($1), 'hex')", [.bytes(Array(some.joined()))]
            ).first
            #expect(try row?.text(0) == root)
        }
        let empty = try await connection.query("SELECT encode(assetlink_internal.merkle_root(''), 'hex')").first?.text(
            0)
        #expect(Hexadecimal.text(Merkle.root([])) == empty)
        await connection.close()
    }

    /// Each leaf of trees of every size up to 40 leads to the root, by the rule of RFC 9162, section 2.1.3.2.
    @Test func pathsLeadToTheRoot() throws {
        for size in 1...40 {
            let leaves = (0..<size).map { Merkle.leaf([UInt8($0)]) }
            for index in 0..<size {
                let path = try #require(Merkle.path(to: index, in: leaves))
                #expect(path.count <= 6)
                var (node, place, last) = (leaves[index], index, size - 1)
                for beside in path {
                    if place % 2 == 1 || place == last {
                        node = Merkle.node(beside, node)
                        while place % 2 == 0, place > 0 { (place, last) = (place / 2, last / 2) }
                    } else {
                        node = Merkle.node(node, beside)
                    }
                    (place, last) = (place / 2, last / 2)
                }
                #expect(last == 0 && node == Merkle.root(leaves), "leaf \(index) of \(size)")
            }
            #expect(Merkle.path(to: size, in: leaves) == nil)
        }
    }
}
