#!/usr/bin/env python3
"""Checks that audit rows are in the audit of which a head was kept, with nothing but this file, the head and the proofs.
usage: check-proof.py BATCH:DIGEST:ROOT PROOF.json...    (proofs: assetlinkctl audit prove ID)"""
import hashlib, json, sys

NUMBERS = ("audit_id", "batch_id", "at", "link_id", "rule_set_version")
COLUMNS = ("audit_id", "batch_id", "at", "actor", "action", "ci_source", "ci_id", "asset_source", "asset_id", "link_id",
           "from_state", "to_state", "reason", "rule_set_version", "evidence", "cause")

def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def int8(number):
    return number.to_bytes(8, "big", signed=True)

def demand(condition, otherwise):
    if not condition:
        raise ValueError(otherwise)

def row_bytes(row):
    demand(set(row) == set(COLUMNS), "these are not the columns of an audit row")
    fields = [None if row[c] is None else int8(row[c]) if c in NUMBERS else row[c].encode() for c in COLUMNS]
    return b"\x01" + b"".join(b"\xff" * 4 if f is None else len(f).to_bytes(4, "big") + f for f in fields)

def root(node, index, size, path):  # RFC 9162, section 2.1.3.2
    demand(0 <= index < size, "the place is not in the tree")
    last = size - 1
    for beside in map(bytes.fromhex, path):
        demand(last > 0 and len(beside) == 32, "the path does not fit the tree")
        if index % 2 or index == last:
            node = sha(b"\x01", beside, node)
            while index and index % 2 == 0:
                index, last = index // 2, last // 2
        else:
            node = sha(b"\x01", node, beside)
        index, last = index // 2, last // 2
    demand(last == 0, "the path is too short")
    return node

for name in sys.argv[2:] or sys.exit(__doc__):
    try:
        (batch, _, kept), proof = sys.argv[1].split(":"), json.load(open(name, encoding="utf-8"))
        row, before = proof["row"], bytes.fromhex(proof["previous_digest"])
        rows = root(sha(b"\x00", row_bytes(row)), proof["row_index"], proof["row_count"], proof["row_path"])
        digest = sha(before, int8(row["batch_id"]), b"\x02", rows, int8(proof["committed_at"]))
        top = root(sha(b"\x00", digest), row["batch_id"] - 1, int(batch), proof["batch_path"])
        demand(len(before) == 32 and top.hex() == kept, "it does not lead to the head")
    except (ArithmeticError, AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        sys.exit(f"{name}: NOT PROVED: {error}")
    print(f"{name}: proved")
