-- Rebase: of several open ranges of the log each counts: two may have the same bound and other transactions under way.
SET LOCAL ROLE assetlink_owner;

CREATE OR REPLACE FUNCTION assetlink.rebase(reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
    leader text;
    newest assetlink_internal.batch;
    is_native boolean;
    bases pg_snapshot[];
    kept assetlink_internal.change_log_0[];
    next_epoch bigint;
    rebased_at timestamptz;
BEGIN
    IF coalesce(btrim(reason), '') = '' THEN
        RAISE EXCEPTION 'a reason is needed'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Say why: it is kept in the audit.';
    END IF;
    LOCK TABLE assetlink_internal.lease IN EXCLUSIVE MODE;
    SELECT l.holder INTO leader FROM assetlink_internal.lease l WHERE l.expires_at > clock_timestamp();
    IF FOUND THEN
        RAISE EXCEPTION 'daemon % leads', leader
            USING ERRCODE = 'object_in_use', HINT = 'Stop every daemon of this database first.';
    END IF;
    -- With these locks nobody is writing, and every row that was written is seen.
    LOCK TABLE
        assetlink_internal.change_log_0, assetlink_internal.change_log_1, assetlink_internal.change_log_2
        IN ACCESS EXCLUSIVE MODE;
    SELECT b.* INTO newest FROM assetlink_internal.batch b ORDER BY b.batch_id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no cursor yet'
            USING ERRCODE = 'no_data_found', HINT = 'Start a daemon: it reads every source by itself.';
    END IF;
    -- Up to where everything was taken in, in the numbers of the cluster that the cursor is of.
    bases := newest.snapshot || ARRAY(
        SELECT (r ->> 'from')::pg_snapshot FROM jsonb_array_elements(newest.ranges) r WHERE r ->> 'kind' = 'log');
    is_native := (
        SELECT l.xmin::text::bigint = l.written_by::text::numeric % 4294967296 FROM assetlink_internal.lineage l);
    -- Records are read again anyway. What else is in the log and was not taken in, or was written since, is kept.
    kept := ARRAY(
        SELECT (l.xid, l.seq, l.topic, l.source_id, l.key, l.event, coalesce(l.version, l.logged_at), l.record, l.cause,
            l.logged_at)::assetlink_internal.change_log_0
        FROM (
            SELECT t.*, t.xmin AS writer FROM assetlink_internal.change_log_0 t
            UNION ALL
            SELECT t.*, t.xmin FROM assetlink_internal.change_log_1 t
            UNION ALL
            SELECT t.*, t.xmin FROM assetlink_internal.change_log_2 t
        ) l
        WHERE (l.topic NOT IN ('record', 'source') OR l.event IS NOT NULL)
            AND (
                (l.writer::text::bigint = l.xid::text::numeric % 4294967296) IS DISTINCT FROM coalesce(is_native, false)
                OR EXISTS (SELECT FROM unnest(bases) AS b (s) WHERE NOT pg_visible_in_snapshot(l.xid, b.s)))
        ORDER BY l.logged_at, l.xid, l.seq);
    TRUNCATE assetlink_internal.change_log_0, assetlink_internal.change_log_1, assetlink_internal.change_log_2;
    INSERT INTO assetlink_internal.change_log_0 (topic, source_id, key, event, version, record, cause, logged_at)
    SELECT k.topic, k.source_id, k.key, k.event, k.version, k.record, k.cause, k.logged_at
    FROM unnest(kept) WITH ORDINALITY AS k (xid, seq, topic, source_id, key, event, version, record, cause, logged_at, n)
    ORDER BY k.n;
    PERFORM setval('assetlink_internal.log_current', 0, true);
    PERFORM assetlink_internal.log_change('source', s.source_id, NULL, 'rebase')
    FROM assetlink_internal.source s
    WHERE s.detached_at IS NULL
    ORDER BY s.source_id;
    -- Whoever led before must not write any more, and the next leader notes where it is.
    INSERT INTO assetlink_internal.lease AS l (holder, epoch, expires_at) VALUES ('rebase', newest.epoch + 1, '-infinity')
    ON CONFLICT (only_one) DO UPDATE
    SET holder = excluded.holder, epoch = greatest(l.epoch + 1, excluded.epoch), expires_at = excluded.expires_at
    RETURNING l.epoch INTO next_epoch;
    DELETE FROM assetlink_internal.lineage;
    -- The log has only what is new: the cursor begins before all of it.
    rebased_at := greatest(clock_timestamp(), newest.committed_at + interval '1 microsecond');
    WITH inserted AS (
        INSERT INTO assetlink_internal.audit (batch_id, at, actor, action, reason, rule_set_version, evidence, cause)
        VALUES (
            newest.batch_id + 1, rebased_at, session_user, 'rebase', btrim(reason), newest.rule_set_version,
            jsonb_build_object('old_snapshot', newest.snapshot::text, 'kept', cardinality(kept))::text, '{}')
        RETURNING audit.*
    )
    INSERT INTO assetlink_internal.batch (
        batch_id, epoch, snapshot, ranges, committed_at, rule_set_version, changes, audit_rows, links, previous_digest,
        digest)
    SELECT
        newest.batch_id + 1, next_epoch, '3:3:',
        coalesce(
            (
                SELECT jsonb_agg(r ORDER BY n)
                FROM jsonb_array_elements(newest.ranges) WITH ORDINALITY e (r, n)
                WHERE r ->> 'kind' NOT IN ('log', 'read')),
            '[]'),
        rebased_at, newest.rule_set_version, 0, 1, newest.links, newest.digest,
        assetlink_internal.batch_digest(
            newest.digest, newest.batch_id + 1, assetlink_internal.audit_bytes(i::assetlink_internal.audit))
    FROM inserted i;
    RETURN newest.batch_id + 1;
END
$$;
