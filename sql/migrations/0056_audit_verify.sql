-- works from: 0052
-- Verification by SQL alone: it shares nothing with the program's but the format, and finds the same, in the same words.
SET LOCAL ROLE assetlink_owner;

DROP FUNCTION assetlink.audit_verify(bigint);

-- Set-based: one pass over the audit by batch, one over the batches, and the rows of those batches only that differ.
CREATE FUNCTION assetlink.audit_verify(from_batch bigint DEFAULT NULL, to_batch bigint DEFAULT NULL)
RETURNS TABLE (batch_id bigint, audit_id bigint, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
    WITH gone AS MATERIALIZED (
        -- Where the audit begins by now.
        SELECT coalesce(max(d.last_batch), 0) AS last_batch,
            coalesce(
                (array_agg(d.digest ORDER BY d.last_batch DESC))[1], decode(repeat('00', 32), 'hex')) AS digest
        FROM assetlink_internal.audit_detached d
    ), bounds AS MATERIALIZED (
        SELECT greatest(from_batch, g.last_batch + 1) AS first_batch, coalesce(from_batch, 1) <= g.last_batch + 1 AS is_whole,
            CASE WHEN coalesce(from_batch, 1) <= g.last_batch + 1 THEN g.digest
                ELSE (SELECT p.digest FROM assetlink_internal.batch p WHERE p.batch_id = from_batch - 1) END AS digest
        FROM gone g
    ), entry AS (
        SELECT a.batch_id, count(*) AS n,
            string_agg(
                CASE WHEN isfinite(a.at) AND b.row_digests IS NOT NULL THEN assetlink_internal.row_digest(a) END,
                ''::bytea ORDER BY a.audit_id) AS digests,
            string_agg(
                CASE WHEN isfinite(a.at) AND b.row_digests IS NULL THEN assetlink_internal.audit_bytes(a) END,
                ''::bytea ORDER BY a.audit_id) AS bytes
        FROM assetlink_internal.audit a
        LEFT JOIN assetlink_internal.batch b ON b.batch_id = a.batch_id
        CROSS JOIN bounds w
        WHERE (a.batch_id >= w.first_batch OR w.is_whole) AND (a.batch_id <= to_batch OR to_batch IS NULL)
        GROUP BY a.batch_id
    ), chain AS MATERIALIZED (
        SELECT coalesce(b.batch_id, e.batch_id) AS batch_id, b.batch_id IS NOT NULL AS has_batch, b.audit_rows,
            coalesce(e.n, 0) AS n, b.previous_digest, b.digest, b.row_digests IS NOT NULL AS has_digests,
            b.row_digests IS NOT NULL AND b.row_digests <> coalesce(e.digests, ''::bytea) AS differs,
            assetlink_internal.batch_digest(
                b.previous_digest, b.batch_id,
                CASE
                    WHEN b.row_digests IS NULL THEN coalesce(e.bytes, ''::bytea)
                    ELSE assetlink_internal.batch_payload(b.row_digests, b.committed_at)
                END) AS computed
        FROM (
            SELECT t.*
            FROM assetlink_internal.batch t CROSS JOIN bounds w
            WHERE (t.batch_id >= w.first_batch OR w.is_whole) AND (t.batch_id <= to_batch OR to_batch IS NULL)
        ) b
        FULL JOIN entry e ON e.batch_id = b.batch_id
    ), linked AS (
        SELECT c.*, lag(c.batch_id, 1, w.first_batch - 1) OVER o AS before_id,
            lag(c.digest, 1, w.digest) OVER o AS before_digest
        FROM chain c CROSS JOIN bounds w
        WHERE c.has_batch AND c.batch_id >= w.first_batch
        WINDOW o AS (ORDER BY c.batch_id)
    ), told AS (
        -- The rows that a batch tells of, and those that there are: what is in both is whole.
        SELECT b.batch_id, k.n + 1 AS place, h.hash,
            row_number() OVER (PARTITION BY b.batch_id, h.hash ORDER BY k.n) AS copy
        FROM assetlink_internal.batch b
        CROSS JOIN LATERAL generate_series(0, octet_length(b.row_digests) / 32 - 1) AS k (n)
        CROSS JOIN LATERAL (SELECT substr(b.row_digests, k.n * 32 + 1, 32) AS hash) AS h
        WHERE b.batch_id IN (SELECT c.batch_id FROM chain c WHERE c.differs)
    ), found AS (
        SELECT a.batch_id, a.audit_id, h.hash,
            row_number() OVER (PARTITION BY a.batch_id ORDER BY a.audit_id) AS place,
            row_number() OVER (PARTITION BY a.batch_id, h.hash ORDER BY a.audit_id) AS copy
        FROM assetlink_internal.audit a
        CROSS JOIN LATERAL (
            SELECT CASE WHEN isfinite(a.at) THEN assetlink_internal.row_digest(a) END AS hash) AS h
        WHERE a.batch_id IN (SELECT c.batch_id FROM chain c WHERE c.differs)
    ), missing AS (
        SELECT m.batch_id, m.place, m.total, m.anchor,
            row_number() OVER (PARTITION BY m.batch_id, m.anchor ORDER BY m.place) AS turn
        FROM (
            SELECT t.batch_id, t.place, count(*) OVER (PARTITION BY t.batch_id) AS total,
                count(f.batch_id) OVER (PARTITION BY t.batch_id ORDER BY t.place) AS anchor,
                f.batch_id IS NULL AS is_missing
            FROM told t LEFT JOIN found f ON f.batch_id = t.batch_id AND f.hash = t.hash AND f.copy = t.copy) AS m
        WHERE m.is_missing
    ), surplus AS (
        SELECT s.batch_id, s.audit_id, s.anchor,
            row_number() OVER (PARTITION BY s.batch_id, s.anchor ORDER BY s.place) AS turn
        FROM (
            SELECT f.batch_id, f.audit_id, f.place,
                count(t.batch_id) OVER (PARTITION BY f.batch_id ORDER BY f.place) AS anchor,
                t.batch_id IS NULL AS is_surplus
            FROM found f LEFT JOIN told t ON t.batch_id = f.batch_id AND t.hash = f.hash AND t.copy = f.copy) AS s
        WHERE s.is_surplus
    ), all_of_them (batch_id, audit_id, problem) AS (
        SELECT c.batch_id, NULL::bigint,
            CASE WHEN c.has_batch THEN 'it is here, and was before all that is left'
                ELSE 'there are ' || c.n || ' audit rows of a batch that does not exist' END
        FROM chain c CROSS JOIN bounds w
        WHERE NOT c.has_batch OR c.batch_id < w.first_batch
        UNION ALL
        SELECT l.before_id + 1, NULL,
            'it is missing'
                || CASE WHEN l.batch_id > l.before_id + 2 THEN ', and so are all up to ' || l.batch_id - 1 ELSE '' END
        FROM linked l
        WHERE l.batch_id > l.before_id + 1
        UNION ALL
        SELECT greatest(max(l.batch_id), w.first_batch - 1) + 1, NULL,
            'it is missing, and so is all behind it up to ' || to_batch
        FROM bounds w LEFT JOIN linked l ON true
        GROUP BY w.first_batch
        HAVING greatest(max(l.batch_id), w.first_batch - 1) < to_batch
        UNION ALL
        SELECT l.batch_id, NULL, p.problem
        FROM linked l
        CROSS JOIN LATERAL (VALUES
            (
                l.previous_digest IS DISTINCT FROM l.before_digest AND l.batch_id = l.before_id + 1,
                'it does not follow the digest of the batch before'),
            (l.batch_id <= l.before_id, 'it is there more than once'),
            (l.audit_rows <> l.n, 'it should have ' || l.audit_rows || ' audit rows, and has ' || l.n),
            (
                l.computed IS DISTINCT FROM l.digest,
                CASE WHEN l.has_digests THEN 'its time and its row digests do not give its digest'
                    ELSE 'its audit rows do not give its digest' END)
        ) AS p (is_so, problem)
        WHERE p.is_so
        UNION ALL
        SELECT coalesce(m.batch_id, s.batch_id), s.audit_id,
            CASE
                WHEN m.batch_id IS NULL THEN 'it was inserted'
                WHEN s.batch_id IS NULL THEN 'row ' || m.place || ' of ' || m.total || ' is missing'
                ELSE 'it was altered'
            END
        FROM missing m
        FULL JOIN surplus s ON s.batch_id = m.batch_id AND s.anchor = m.anchor AND s.turn = m.turn
        UNION ALL
        SELECT d.first_batch, NULL, 'the record of the part that was detached does not follow the one before'
        FROM (
            SELECT t.first_batch, t.previous_digest, lag(t.last_batch, 1, 0::bigint) OVER o AS before_id,
                lag(t.digest, 1, decode(repeat('00', 32), 'hex')) OVER o AS before_digest
            FROM assetlink_internal.audit_detached t
            WINDOW o AS (ORDER BY t.last_batch)) AS d
        CROSS JOIN bounds w
        WHERE w.is_whole AND (d.first_batch <> d.before_id + 1 OR d.previous_digest <> d.before_digest)
    )
    SELECT x.batch_id, x.audit_id, x.problem
    FROM all_of_them x
    ORDER BY x.batch_id, x.audit_id NULLS FIRST, x.problem COLLATE "C"
$$;
COMMENT ON FUNCTION assetlink.audit_verify(bigint, bigint)
    IS 'Recomputes the audit chain, all of it or some batches; no rows: nothing was changed, removed, inserted or reordered. Otherwise the batch, and the audit row where it is there.';

-- Somebody who rewrites everything, or cuts the newest off, is found only by what was kept elsewhere.
CREATE FUNCTION assetlink.audit_verify_head(head text)
RETURNS TABLE (batch_id bigint, audit_id bigint, problem text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parts text[] := regexp_match(head, '^([1-9][0-9]{0,17}):([0-9a-f]{64})(?::([0-9a-f]{64}))?$');
    kept bigint := parts[1]::bigint;
    newest bigint;
    known bytea;
    root bytea;
BEGIN
    IF parts IS NULL THEN
        RAISE EXCEPTION 'that is no head of the audit: BATCH:DIGEST or BATCH:DIGEST:ROOT is one'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'assetlink.audit_head() shows how it looks.';
    END IF;
    SELECT max(t.n) INTO newest
    FROM (
        SELECT max(b.batch_id) FROM assetlink_internal.batch AS b
        UNION ALL
        SELECT max(d.last_batch) FROM assetlink_internal.audit_detached AS d) AS t (n);
    IF newest IS NULL OR newest < kept THEN
        RETURN QUERY SELECT coalesce(newest, 0) + 1, NULL::bigint,
            'it is missing, and so is all behind it up to ' || kept || ', of which a head was kept';
        RETURN;
    END IF;
    SELECT t.digest, assetlink_internal.peaks_root(t.peaks) INTO known, root
    FROM (
        SELECT b.digest, CASE WHEN parts[3] IS NOT NULL THEN assetlink_internal.audit_peaks(kept) END
        FROM assetlink_internal.batch AS b
        WHERE b.batch_id = kept
        UNION ALL
        SELECT d.digest, d.peaks FROM assetlink_internal.audit_detached AS d WHERE d.last_batch = kept) AS t (digest, peaks)
    LIMIT 1;
    IF known IS NULL THEN
        RETURN QUERY SELECT kept, NULL::bigint,
            CASE WHEN EXISTS (
                SELECT FROM assetlink_internal.audit_detached AS d WHERE kept BETWEEN d.first_batch AND d.last_batch)
            THEN 'the head that was kept is of a part that was detached: compare it with that part''s file'
            ELSE 'it is missing, and a head of it was kept' END;
        RETURN;
    END IF;
    IF known <> decode(parts[2], 'hex') THEN
        RETURN QUERY SELECT kept, NULL::bigint, 'its digest is not that of the head that was kept'::text;
    END IF;
    IF parts[3] IS NOT NULL AND root IS DISTINCT FROM decode(parts[3], 'hex') THEN
        RETURN QUERY SELECT kept, NULL::bigint, 'the tree over the batches does not give the root that was kept'::text;
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink.audit_verify_head(text)
    IS 'Compares the audit with a head that was kept elsewhere, as assetlink.audit_head gave it; no rows: it goes on from there.';

-- For the owner, where a site asked for it: it takes history out of the database, and says so in the database. Granted to
-- nobody: the daemon never takes history out by itself.
CREATE FUNCTION assetlink.detach_audit(up_to_batch bigint, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    begin_batch bigint;
    before_digest bytea;
    told assetlink_internal.audit_detached;
BEGIN
    IF btrim(coalesce(reason, '')) = '' THEN
        RAISE EXCEPTION 'detaching a part of the audit needs a reason' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    LOCK TABLE assetlink_internal.audit_detached IN SHARE ROW EXCLUSIVE MODE;
    SELECT coalesce(max(d.last_batch), 0) + 1,
        coalesce((array_agg(d.digest ORDER BY d.last_batch DESC))[1], decode(repeat('00', 32), 'hex'))
    INTO begin_batch, before_digest
    FROM assetlink_internal.audit_detached AS d;
    IF up_to_batch IS NULL OR up_to_batch < begin_batch
        OR NOT EXISTS (SELECT FROM assetlink_internal.batch AS b WHERE b.batch_id > up_to_batch)
    THEN
        RAISE EXCEPTION 'batch % cannot be detached: the oldest is %, and the newest stays', up_to_batch, begin_batch
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM assetlink.audit_verify(begin_batch, up_to_batch)) THEN
        RAISE EXCEPTION 'batches % to % of the audit are not whole: nothing is detached', begin_batch, up_to_batch
            USING ERRCODE = 'data_exception', HINT = 'assetlink.audit_verify() says what is wrong.';
    END IF;
    INSERT INTO assetlink_internal.audit_detached AS d (
        first_batch, last_batch, audit_rows, first_audit_id, last_audit_id, previous_digest, digest, peaks, reason)
    SELECT begin_batch, up_to_batch, count(*), min(a.audit_id), max(a.audit_id), before_digest,
        (SELECT b.digest FROM assetlink_internal.batch AS b WHERE b.batch_id = up_to_batch),
        assetlink_internal.audit_peaks(up_to_batch), btrim(detach_audit.reason)
    FROM assetlink_internal.audit AS a
    WHERE a.batch_id BETWEEN begin_batch AND up_to_batch
    RETURNING d.* INTO told;
    DELETE FROM assetlink_internal.audit AS a WHERE a.batch_id BETWEEN begin_batch AND up_to_batch;
    DELETE FROM assetlink_internal.batch AS b WHERE b.batch_id BETWEEN begin_batch AND up_to_batch;
    RETURN told.audit_rows;
END
$$;
COMMENT ON FUNCTION assetlink.detach_audit(bigint, text)
    IS 'Takes the oldest batches up to that one out of the audit, on record and only if they are whole; gives the number of audit rows.';

-- ---------------------------------------------------------------------------------------------------------------------

GRANT SELECT ON
    assetlink.audit_record, assetlink.audit_batch, assetlink.audit_detached, assetlink.audit_check,
    assetlink.audit_published_head
TO assetlink_reader, assetlink_operator, assetlink_daemon;
GRANT EXECUTE ON FUNCTION
    assetlink.audit_verify(bigint, bigint), assetlink.audit_verify_head(text), assetlink.audit_head(bigint)
TO assetlink_reader, assetlink_operator, assetlink_daemon;
GRANT SELECT, INSERT ON assetlink_internal.audit_head, assetlink_internal.audit_check TO assetlink_daemon;
GRANT SELECT ON assetlink_internal.audit_detached TO assetlink_daemon;
