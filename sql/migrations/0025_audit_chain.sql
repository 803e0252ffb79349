-- The audit chain: each batch's digest covers its audit rows and the digest of the batch before, so that a later change,
-- removal or reordering of any row is found. Cutting off the tail is found only against a digest kept elsewhere.
SET LOCAL ROLE assetlink_owner;

-- A field: its length as four bytes, then its bytes; null has length -1 and no bytes.
CREATE FUNCTION assetlink_internal.digest_field(field bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(int4send(octet_length(field)) || field, '\xffffffff'::bytea);
COMMENT ON FUNCTION assetlink_internal.digest_field(bytea)
    IS 'A field with its length before it, as it goes into a digest.';

-- The result depends on no setting and must stay as it is for ever: a new format is a new version byte. Not declared
-- immutable only because convert_to and extract are not, and then it would not be inlined: 20 µs a row instead of 4.
CREATE FUNCTION assetlink_internal.audit_bytes(entry assetlink_internal.audit) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN '\x01'::bytea
    || assetlink_internal.digest_field(int8send((entry).audit_id))
    || assetlink_internal.digest_field(int8send((entry).batch_id))
    || assetlink_internal.digest_field(int8send((extract(epoch FROM (entry).at) * 1000000)::bigint))
    || assetlink_internal.digest_field(convert_to((entry).actor, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).action, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).ci_source, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).ci_id, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).asset_source, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).asset_id, 'UTF8'))
    || assetlink_internal.digest_field(int8send((entry).link_id))
    || assetlink_internal.digest_field(convert_to((entry).from_state, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).to_state, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).reason, 'UTF8'))
    || assetlink_internal.digest_field(int8send((entry).rule_set_version))
    || assetlink_internal.digest_field(convert_to((entry).evidence, 'UTF8'))
    || assetlink_internal.digest_field(convert_to((entry).cause, 'UTF8'));
COMMENT ON FUNCTION assetlink_internal.audit_bytes(assetlink_internal.audit)
    IS 'An audit row as it goes into its batch''s digest: format version 1, then every column in order, each with its length; text in UTF-8, numbers as int8, times as int8 microseconds since 1970-01-01 00:00 UTC.';

CREATE FUNCTION assetlink_internal.batch_digest(previous bytea, batch_id bigint, rows bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(previous || int8send(batch_id) || rows);
COMMENT ON FUNCTION assetlink_internal.batch_digest(bytea, bigint, bytea)
    IS 'The digest of a batch: over the digest before (32 zero bytes for batch 1), its number, and the bytes of its audit rows in the order of audit_id.';

-- Set-based: one pass over the audit by batch, one over the batches.
CREATE FUNCTION assetlink.audit_verify(from_batch bigint DEFAULT 1)
RETURNS TABLE (batch_id bigint, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH rows AS (
        SELECT
            a.batch_id,
            count(*) AS n,
            string_agg(assetlink_internal.audit_bytes(a), ''::bytea ORDER BY a.audit_id) AS bytes
        FROM assetlink_internal.audit a
        WHERE a.batch_id >= from_batch
        GROUP BY a.batch_id
    ), chain AS (
        SELECT
            coalesce(b.batch_id, r.batch_id) AS batch_id,
            b.batch_id IS NOT NULL AS has_batch,
            b.audit_rows,
            coalesce(r.n, 0) AS n,
            b.previous_digest,
            b.digest,
            assetlink_internal.batch_digest(b.previous_digest, b.batch_id, coalesce(r.bytes, ''::bytea)) AS computed
        FROM (SELECT t.* FROM assetlink_internal.batch t WHERE t.batch_id >= from_batch) b
        FULL JOIN rows r ON r.batch_id = b.batch_id
    ), linked AS (
        SELECT
            c.*,
            lag(c.batch_id) OVER w AS before_id,
            CASE
                WHEN c.batch_id = 1 THEN decode(repeat('00', 32), 'hex')
                ELSE coalesce(
                    lag(c.digest) OVER w,
                    (
                        SELECT p.digest
                        FROM assetlink_internal.batch p
                        WHERE p.batch_id = c.batch_id - 1 AND c.batch_id = from_batch
                    ))
            END AS before_digest
        FROM chain c
        WHERE c.has_batch
        WINDOW w AS (ORDER BY c.batch_id)
    )
    SELECT c.batch_id, 'there are ' || c.n || ' audit rows of a batch that does not exist'
    FROM chain c
    WHERE NOT c.has_batch
    UNION ALL
    SELECT l.batch_id, p.problem
    FROM linked l
    CROSS JOIN LATERAL (VALUES
        (
            l.batch_id > greatest(from_batch, 1) AND l.before_id IS DISTINCT FROM l.batch_id - 1,
            'the batch before it is missing'),
        (
            l.previous_digest IS DISTINCT FROM l.before_digest
                AND (l.batch_id = 1 OR l.before_id = l.batch_id - 1
                    OR (l.batch_id = from_batch AND l.before_digest IS NOT NULL)),
            'it does not follow the digest of the batch before'),
        (l.audit_rows <> l.n, 'it should have ' || l.audit_rows || ' audit rows, and has ' || l.n),
        (l.computed IS DISTINCT FROM l.digest, 'its audit rows do not give its digest')
    ) AS p (found, problem)
    WHERE p.found
    ORDER BY 1, 2
$$;
COMMENT ON FUNCTION assetlink.audit_verify(bigint)
    IS 'Recomputes the audit chain from that batch on; no rows: nothing was changed, removed or reordered.';

GRANT EXECUTE ON FUNCTION assetlink.audit_verify(bigint) TO assetlink_reader, assetlink_operator;
GRANT EXECUTE ON FUNCTION
    assetlink_internal.digest_field(bytea),
    assetlink_internal.audit_bytes(assetlink_internal.audit),
    assetlink_internal.batch_digest(bytea, bigint, bytea)
TO assetlink_daemon;
