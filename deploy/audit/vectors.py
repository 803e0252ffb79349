#!/usr/bin/env python3
"""Makes the test vectors of the audit's format (deploy/audit/vectors.json) from its description in deploy/docs/audit.md.

It is a third implementation beside the program's and the database's; a test compares all three.
usage: vectors.py > vectors.json
"""
import hashlib, json

COLUMNS = ("audit_id", "batch_id", "at", "actor", "action", "ci_source", "ci_id", "asset_source", "asset_id", "link_id",
           "from_state", "to_state", "reason", "rule_set_version", "evidence", "cause")
AT = 1777636800000001  # 2026-05-01 12:00:00.000001 UTC


def sha(data):
    return hashlib.sha256(data).digest()


def int8(number):
    return number.to_bytes(8, "big", signed=True)


def row_bytes(row):
    out = b"\x01"
    for name in COLUMNS:
        value = row[name]
        field = int8(value) if isinstance(value, int) else None if value is None else value.encode("utf-8")
        out += b"\xff\xff\xff\xff" if field is None else len(field).to_bytes(4, "big") + field
    return out


def tree(leaves):
    """The root, as RFC 6962 defines it in section 2.1."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha(b"\x01" + tree(leaves[:half]) + tree(leaves[half:]))


def row(audit_id, batch_id, action, **others):
    given = {"audit_id": audit_id, "batch_id": batch_id, "at": AT + batch_id, "actor": "assetlinkd", "action": action,
             "rule_set_version": 1, **others}
    return {name: given.get(name) for name in COLUMNS}


BATCHES = [
    (1, True, [
        row(1, 1, "ci_state", ci_source="cmdb", ci_id="42", to_state="linked", evidence='{"rule": "hardware"}', cause="{}"),
        row(2, 1, "link", ci_source="cmdb", ci_id="42", asset_source="itam", asset_id="Büro-7", link_id=7,
            to_state="active", evidence='{"k": "\\u00e9 \\" \\\\"}', cause='{"by":"trigger"}'),
        row(3, 1, "conflict", to_state="open", reason=""),
    ]),
    (2, True, []),
    (3, False, [row(5, 3, "rebase", actor="dba", reason="restored from the dump of 3 May")]),
    (4, True, [row(6, 4, "pin", actor="ann", ci_source="cmdb", ci_id="e\u0301 \U0001f5a5", reason="seen in the rack\n")]),
    (5, True, [row(n, 5, "link", link_id=-n, from_state="active", to_state="stale", rule_set_version=2 ** 40)
               for n in range(7, 12)]),
]


def main():
    previous, leaves, batches = bytes(32), [], []
    for number, is_sealed, rows in BATCHES:
        digests = [sha(b"\x00" + row_bytes(r)) for r in rows]
        payload = b"\x02" + tree(digests) + int8(AT + number) if is_sealed else b"".join(map(row_bytes, rows))
        digest = sha(previous + int8(number) + payload)
        leaves.append(sha(b"\x00" + digest))
        batches.append({
            "batch_id": number, "committed_at": AT + number, "audit_rows": len(rows),
            "previous_digest": previous.hex(), "digest": digest.hex(),
            "row_digests": b"".join(digests).hex() if is_sealed else None,
            "head": f"{number}:{digest.hex()}:{tree(leaves).hex()}",
            "rows": [{"row": r, "bytes": row_bytes(r).hex(), "digest": d.hex()} for r, d in zip(rows, digests)],
        })
        previous = digest
    print(json.dumps({"schema": "assetlinkd/audit-vectors.v1", "batches": batches}, indent=1, ensure_ascii=True))


main()
