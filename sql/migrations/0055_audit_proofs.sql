-- works from: 0052
-- The audit can be looked into from outside: each batch keeps a digest of each of its audit rows, so that what was altered
-- is found row by row; the digest of a batch is over a tree of them, and all batches are leaves of one tree more, so that
-- one row is proved by a few hashes whatever the table holds. Parts of the audit may be detached, on record.
SET LOCAL ROLE assetlink_owner;

-- ---------------------------------------------------------------------------------------------------------------------
-- Digests of rows, and the tree over them (RFC 6962: a leaf's hash begins with 0, a node's with 1).

ALTER TABLE assetlink_internal.batch ADD COLUMN row_digests bytea;
-- Hashes cannot be compressed.
ALTER TABLE assetlink_internal.batch ALTER COLUMN row_digests SET STORAGE EXTERNAL;
COMMENT ON COLUMN assetlink_internal.batch.row_digests
    IS 'The digests of its audit rows, 32 bytes each, in the order of audit_id; null: its digest is over the rows themselves.';

CREATE FUNCTION assetlink_internal.row_digest(entry assetlink_internal.audit) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256('\x00'::bytea || assetlink_internal.audit_bytes(entry));
COMMENT ON FUNCTION assetlink_internal.row_digest(assetlink_internal.audit)
    IS 'The digest of an audit row, as a leaf of its batch''s tree: SHA-256 over a zero byte and its bytes.';

-- Level by level: a node without a neighbour goes up as it is, which gives the same root as RFC 6962's halving.
CREATE FUNCTION assetlink_internal.merkle_root(leaves bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    level bytea := leaves;
BEGIN
    IF octet_length(level) % 32 <> 0 THEN
        RETURN NULL;
    END IF;
    IF octet_length(level) = 0 THEN
        RETURN sha256(''::bytea);
    END IF;
    WHILE octet_length(level) > 32 LOOP
        level := (
            SELECT string_agg(
                CASE
                    WHEN n.at + 32 < octet_length(level) THEN sha256('\x01'::bytea || substr(level, n.at + 1, 64))
                    ELSE substr(level, n.at + 1, 32)
                END, ''::bytea ORDER BY n.at)
            FROM generate_series(0, octet_length(level) - 1, 64) AS n (at));
    END LOOP;
    RETURN level;
END
$$;
COMMENT ON FUNCTION assetlink_internal.merkle_root(bytea)
    IS 'The root of the tree over leaves of 32 bytes each (RFC 6962, section 2.1); null when they are not whole.';

CREATE FUNCTION assetlink_internal.batch_payload(row_digests bytea, committed_at timestamptz) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN '\x02'::bytea || assetlink_internal.merkle_root(row_digests)
    || CASE WHEN isfinite(committed_at) THEN int8send((extract(epoch FROM committed_at) * 1000000)::bigint) END;
COMMENT ON FUNCTION assetlink_internal.batch_payload(bytea, timestamptz)
    IS 'What goes into a batch''s digest for its rows: format version 2, the root of the tree over their digests, and the batch''s time as int8 microseconds.';
COMMENT ON FUNCTION assetlink_internal.batch_digest(bytea, bigint, bytea)
    IS 'The digest of a batch: over the digest before (32 zero bytes for batch 1), its number, and batch_payload of it, or in batches without row_digests the bytes of its audit rows in the order of audit_id.';

GRANT EXECUTE ON FUNCTION
    assetlink_internal.row_digest(assetlink_internal.audit), assetlink_internal.merkle_root(bytea),
    assetlink_internal.batch_payload(bytea, timestamptz)
TO assetlink_daemon;

-- ---------------------------------------------------------------------------------------------------------------------
-- The record as it is hashed: whoever has these two can verify it without us (deploy/docs/audit.md).

CREATE VIEW assetlink.audit_record AS
SELECT
    a.audit_id, a.batch_id, a.at, a.actor, a.action, a.ci_source, a.ci_id, a.asset_source, a.asset_id, a.link_id,
    a.from_state, a.to_state, a.reason, a.rule_set_version, a.evidence, a.cause
FROM assetlink_internal.audit a;
COMMENT ON VIEW assetlink.audit_record IS 'The audit as it is hashed: evidence and cause as the texts that they are.';

CREATE VIEW assetlink.audit_batch AS
SELECT b.batch_id, b.committed_at, b.audit_rows, b.previous_digest, b.digest, b.row_digests
FROM assetlink_internal.batch b;
COMMENT ON VIEW assetlink.audit_batch IS 'The chain of the audit: what each batch says of its rows and of the batch before.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Parts that were detached. What is left follows the digest of the newest of them.

CREATE TABLE assetlink_internal.audit_detached (
    last_batch bigint PRIMARY KEY,
    first_batch bigint NOT NULL UNIQUE CHECK (first_batch BETWEEN 1 AND last_batch),
    audit_rows bigint NOT NULL,
    first_audit_id bigint,
    last_audit_id bigint,
    previous_digest bytea NOT NULL,
    digest bytea NOT NULL,
    peaks bytea NOT NULL,
    reason text NOT NULL CHECK (btrim(reason) <> ''),
    detached_by text NOT NULL DEFAULT session_user,
    detached_at timestamptz NOT NULL DEFAULT transaction_timestamp(),
    detached_in xid8 NOT NULL DEFAULT pg_current_xact_id()
);
COMMENT ON TABLE assetlink_internal.audit_detached
    IS 'Parts of the audit that were detached, each the oldest there was: append-only.';
COMMENT ON COLUMN assetlink_internal.audit_detached.last_batch IS 'Its last batch.';
COMMENT ON COLUMN assetlink_internal.audit_detached.first_batch IS 'Its first batch.';
COMMENT ON COLUMN assetlink_internal.audit_detached.audit_rows IS 'How many audit rows it has.';
COMMENT ON COLUMN assetlink_internal.audit_detached.first_audit_id IS 'The number of its first audit row; null: it has none.';
COMMENT ON COLUMN assetlink_internal.audit_detached.last_audit_id IS 'The number of its last audit row; null: it has none.';
COMMENT ON COLUMN assetlink_internal.audit_detached.previous_digest IS 'The digest of the batch before it.';
COMMENT ON COLUMN assetlink_internal.audit_detached.digest IS 'The digest of its last batch.';
COMMENT ON COLUMN assetlink_internal.audit_detached.peaks
    IS 'assetlink_internal.audit_peaks of its last batch, from which heads and proofs go on.';
COMMENT ON COLUMN assetlink_internal.audit_detached.reason IS 'Why.';
COMMENT ON COLUMN assetlink_internal.audit_detached.detached_by IS 'Who detached it.';
COMMENT ON COLUMN assetlink_internal.audit_detached.detached_at IS 'When.';
COMMENT ON COLUMN assetlink_internal.audit_detached.detached_in IS 'The transaction, in which alone rows may go.';

CREATE VIEW assetlink.audit_detached AS
SELECT
    d.first_batch, d.last_batch, d.audit_rows, d.first_audit_id, d.last_audit_id, d.previous_digest, d.digest, d.peaks,
    d.reason, d.detached_by, d.detached_at
FROM assetlink_internal.audit_detached d;
COMMENT ON VIEW assetlink.audit_detached IS 'Parts of the audit that were detached: whoever has their files can verify them.';

-- ---------------------------------------------------------------------------------------------------------------------
-- What was published of it, and when it was last verified.

CREATE TABLE assetlink_internal.audit_head (
    batch_id bigint PRIMARY KEY,
    digest bytea NOT NULL,
    peaks bytea NOT NULL,
    published_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE assetlink_internal.audit_head IS 'Heads that the daemon published where they are kept: append-only.';
COMMENT ON COLUMN assetlink_internal.audit_head.batch_id IS 'The newest batch that it covers.';
COMMENT ON COLUMN assetlink_internal.audit_head.digest IS 'The digest of that batch.';
COMMENT ON COLUMN assetlink_internal.audit_head.peaks IS 'assetlink_internal.audit_peaks of that batch: the next head goes on from there.';
COMMENT ON COLUMN assetlink_internal.audit_head.published_at IS 'When.';

CREATE TABLE assetlink_internal.audit_check (
    check_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_batch bigint,
    last_batch bigint,
    audit_rows bigint NOT NULL,
    problems integer NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    checked_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE assetlink_internal.audit_check IS 'Verifications of the whole audit, or of all behind a batch, by assetlinkctl: append-only.';
COMMENT ON COLUMN assetlink_internal.audit_check.check_id IS 'Its number.';
COMMENT ON COLUMN assetlink_internal.audit_check.first_batch IS 'The first batch that was verified; null: there is none.';
COMMENT ON COLUMN assetlink_internal.audit_check.last_batch IS 'The last batch that was verified; null: there is none.';
COMMENT ON COLUMN assetlink_internal.audit_check.audit_rows IS 'How many audit rows were verified.';
COMMENT ON COLUMN assetlink_internal.audit_check.problems IS 'How many problems there were.';
COMMENT ON COLUMN assetlink_internal.audit_check.started_at IS 'When it began.';
COMMENT ON COLUMN assetlink_internal.audit_check.ended_at IS 'When it ended.';
COMMENT ON COLUMN assetlink_internal.audit_check.checked_by IS 'Who verified.';

CREATE VIEW assetlink.audit_check AS
SELECT
    c.check_id, c.first_batch, c.last_batch, c.audit_rows, c.problems, c.started_at, c.ended_at, c.checked_by
FROM assetlink_internal.audit_check c;
COMMENT ON VIEW assetlink.audit_check IS 'When the audit was verified by assetlinkctl, and how many problems it had.';

CREATE VIEW assetlink.audit_published_head AS
SELECT h.batch_id, h.digest, h.published_at
FROM assetlink_internal.audit_head h;
COMMENT ON VIEW assetlink.audit_published_head IS 'Heads of the audit that the daemon published; the kept ones are what counts.';

DO $$
DECLARE
    c record;
BEGIN
    FOR c IN
        SELECT v.name AS view, a.attname AS name, col_description(t.oid, o.attnum) AS text
        FROM (VALUES ('audit_record', 'audit'), ('audit_batch', 'batch'), ('audit_detached', 'audit_detached'),
            ('audit_check', 'audit_check'), ('audit_published_head', 'audit_head')) AS v (name, relation)
        JOIN pg_class AS w ON w.oid = ('assetlink.' || v.name)::regclass
        JOIN pg_class AS t ON t.oid = ('assetlink_internal.' || v.relation)::regclass
        JOIN pg_attribute AS a ON a.attrelid = w.oid AND a.attnum > 0
        JOIN pg_attribute AS o ON o.attrelid = t.oid AND o.attname = a.attname
    LOOP
        EXECUTE format('COMMENT ON COLUMN assetlink.%I.%I IS %L', c.view, c.name, c.text);
    END LOOP;
END
$$;

-- A part may go in the transaction that records it, and in no other.
CREATE OR REPLACE FUNCTION assetlink_internal.refuse_rewrite() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME IN ('audit', 'batch') AND EXISTS (
        SELECT FROM assetlink_internal.audit_detached AS d
        WHERE d.detached_in = pg_current_xact_id_if_assigned() AND d.detached_at = transaction_timestamp())
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% of %.% is refused: its rows are never changed', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
            HINT = CASE TG_TABLE_NAME
                WHEN 'rule_set' THEN 'Edit the rule tables, or use assetlink.activate_rule_set: either makes a new version.'
                ELSE 'assetlink.audit_verify() shows whether the audit is whole.' END;
END
$$;
COMMENT ON FUNCTION assetlink_internal.refuse_rewrite()
    IS 'Trigger: refuses UPDATE, DELETE and TRUNCATE, but for DELETE in the transaction that detaches a part of the audit.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit_detached', 'audit_head', 'audit_check'] LOOP
        EXECUTE format(
            'CREATE TRIGGER never_rewritten BEFORE UPDATE OR DELETE OR TRUNCATE ON assetlink_internal.%I
                FOR EACH STATEMENT EXECUTE FUNCTION assetlink_internal.refuse_rewrite()', name);
        EXECUTE format('ALTER TABLE assetlink_internal.%I ENABLE ALWAYS TRIGGER never_rewritten', name);
        EXECUTE format('COMMENT ON TRIGGER never_rewritten ON assetlink_internal.%I IS %L', name, 'It is append-only.');
    END LOOP;
END
$$;

-- ---------------------------------------------------------------------------------------------------------------------
-- The tree over all batches, and the head.

CREATE FUNCTION assetlink_internal.audit_peaks(up_to bigint) RETURNS bytea
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    done bigint;
    peaks bytea;
    node bytea;
    size bigint;
    b record;
BEGIN
    SELECT d.last_batch, d.peaks INTO done, peaks
    FROM assetlink_internal.audit_detached AS d
    WHERE d.last_batch <= up_to
    ORDER BY d.last_batch DESC
    LIMIT 1;
    done := coalesce(done, 0);
    peaks := coalesce(peaks, ''::bytea);
    FOR b IN
        SELECT t.batch_id, t.digest
        FROM assetlink_internal.batch AS t
        WHERE t.batch_id > done AND t.batch_id <= up_to
        ORDER BY t.batch_id
    LOOP
        EXIT WHEN b.batch_id <> done + 1;
        node := sha256('\x00'::bytea || b.digest);
        size := done;
        -- Two trees of one size become one.
        WHILE size % 2 = 1 LOOP
            node := sha256('\x01'::bytea || substr(peaks, octet_length(peaks) - 31) || node);
            peaks := substr(peaks, 1, octet_length(peaks) - 32);
            size := size / 2;
        END LOOP;
        peaks := peaks || node;
        done := b.batch_id;
    END LOOP;
    RETURN CASE WHEN done = up_to THEN peaks END;
END
$$;
COMMENT ON FUNCTION assetlink_internal.audit_peaks(bigint)
    IS 'The roots of the whole trees over the digests of the batches up to that one, the largest first; null when one is missing.';

CREATE FUNCTION assetlink_internal.peaks_root(peaks bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    root bytea := substr(peaks, octet_length(peaks) - 31);
BEGIN
    FOR i IN REVERSE octet_length(peaks) / 32 - 2 .. 0 LOOP
        root := sha256('\x01'::bytea || substr(peaks, i * 32 + 1, 32) || root);
    END LOOP;
    RETURN root;
END
$$;
COMMENT ON FUNCTION assetlink_internal.peaks_root(bytea) IS 'The root of the tree whose whole trees have these roots.';

CREATE FUNCTION assetlink.audit_head(up_to bigint DEFAULT NULL)
RETURNS TABLE (batch_id bigint, digest bytea, root bytea, head text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT n.batch_id, n.digest, r.root,
        n.batch_id || ':' || encode(n.digest, 'hex') || coalesce(':' || encode(r.root, 'hex'), '')
    FROM (
        SELECT b.batch_id, b.digest
        FROM assetlink_internal.batch AS b
        WHERE b.batch_id = up_to OR up_to IS NULL
        ORDER BY b.batch_id DESC
        LIMIT 1) AS n
    CROSS JOIN LATERAL (
        SELECT assetlink_internal.peaks_root(assetlink_internal.audit_peaks(n.batch_id)) AS root) AS r
$$;
COMMENT ON FUNCTION assetlink.audit_head(bigint)
    IS 'What to keep elsewhere of the audit up to a batch, or to the newest: its digest and the root of the tree over all batches.';
