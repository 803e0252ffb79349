-- Lineage: what tells a physical copy of the database, which goes on, from a logical one, whose cursor means nothing.
SET LOCAL ROLE assetlink_owner;

-- No daemon has written a row so far.
ALTER TABLE assetlink_internal.lineage
    ADD COLUMN timeline integer NOT NULL,
    ADD COLUMN server_version integer NOT NULL,
    ADD COLUMN written_by xid8 NOT NULL;
COMMENT ON COLUMN assetlink_internal.lineage.timeline IS 'The timeline: another one after a failover or a recovery to a point in time.';
COMMENT ON COLUMN assetlink_internal.lineage.server_version IS 'server_version_num: pg_upgrade changes it and the system identifier, and nothing of the log.';
COMMENT ON COLUMN assetlink_internal.lineage.written_by IS 'The transaction that wrote this row. The row''s xmin is the same in every physical copy, and another one in a restored dump.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The way on from a copy.

CREATE FUNCTION assetlink.rebase(reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
    leader text;
    newest assetlink_internal.batch;
    is_native boolean;
    base pg_snapshot;
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
    SELECT s INTO base
    FROM (
        SELECT newest.snapshot AS s
        UNION ALL
        SELECT (r ->> 'from')::pg_snapshot FROM jsonb_array_elements(newest.ranges) r WHERE r ->> 'kind' = 'log'
    ) o
    ORDER BY pg_snapshot_xmax(s)
    LIMIT 1;
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
                OR NOT pg_visible_in_snapshot(l.xid, base))
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
COMMENT ON FUNCTION assetlink.rebase(text)
    IS 'Begins a new cursor in a database that was restored from a dump or copied from another cluster, and has every source read again. Refused while a daemon leads. Returns the number of the batch that says so in the audit.';
REVOKE ALL ON FUNCTION assetlink.rebase(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink.rebase(text) TO assetlink_operator;

-- ---------------------------------------------------------------------------------------------------------------------
-- What the daemon is doing, for status.

CREATE OR REPLACE VIEW assetlink.daemon_status AS
SELECT
    CASE WHEN l.expires_at > clock_timestamp() THEN l.holder END AS leader,
    l.epoch,
    l.expires_at AS lease_expires_at,
    l.details ->> 'version' AS version,
    b.batch_id AS last_batch,
    b.committed_at AS last_batch_at,
    b.rule_set_version,
    coalesce(p.backlog, 0) AS backlog,
    clock_timestamp() - p.oldest AS oldest_unprocessed_age,
    la.committed_at AS last_applied_at,
    la.committed_at - la.oldest_logged_at AS last_applied_lag,
    coalesce(jsonb_array_length(b.ranges), 0) AS open_ranges,
    CASE WHEN x.held IS NULL THEN 'closed' ELSE 'open' END AS breaker,
    x.held AS held_sources,
    x.broken AS broken_sources,
    (SELECT count(*) FROM assetlink_internal.dead_letter d WHERE d.replayed_at IS NULL) AS dead_letters,
    l.details,
    CASE WHEN l.expires_at > clock_timestamp() THEN l.details ->> 'mode' END AS mode,
    CASE WHEN l.expires_at > clock_timestamp() THEN l.details ->> 'reason' END AS mode_reason,
    coalesce(
        (SELECT n.xmin::text::bigint <> n.written_by::text::numeric % 4294967296 FROM assetlink_internal.lineage n),
        false) AS is_copy
FROM (SELECT) one
LEFT JOIN assetlink_internal.lease l ON true
LEFT JOIN (
    SELECT b.batch_id, b.committed_at, b.rule_set_version, b.ranges
    FROM assetlink_internal.batch b
    ORDER BY b.batch_id DESC
    LIMIT 1
) b ON true
LEFT JOIN (
    SELECT b.committed_at, b.oldest_logged_at
    FROM assetlink_internal.batch b
    WHERE b.oldest_logged_at IS NOT NULL
    ORDER BY b.batch_id DESC
    LIMIT 1
) la ON true
CROSS JOIN (SELECT count(*) AS backlog, min(w.logged_at) AS oldest FROM assetlink_internal.pending_change w) p
CROSS JOIN (
    SELECT
        array_agg(s.name ORDER BY s.name) FILTER (WHERE st.status = 'held') AS held,
        array_agg(s.name ORDER BY s.name) FILTER (WHERE st.status = 'broken') AS broken
    FROM assetlink_internal.source_status st
    JOIN assetlink_internal.source s ON s.source_id = st.source_id
) x;
COMMENT ON COLUMN assetlink.daemon_status.mode IS 'How the leader learns of changes: doorbell (writers ring while it sleeps) or polling (it looks every 50 ms).';
COMMENT ON COLUMN assetlink.daemon_status.mode_reason IS 'Why it polls: asked, no-notifications, two-phase (prepared transactions write to attached tables) or notify-queue (PostgreSQL''s notification queue fills up).';
COMMENT ON COLUMN assetlink.daemon_status.is_copy IS 'The database was restored from a dump, or copied: no daemon works here before assetlinkctl rebase.';
