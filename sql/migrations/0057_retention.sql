-- works from: 0056
-- Retention: what is over and may go, by settings of which each is 0 (for ever) as shipped, because it loses history.
SET LOCAL ROLE assetlink_owner;

INSERT INTO assetlink.setting VALUES
    ('closed_link_days', '0'), ('closed_conflict_days', '0'), ('forgotten_record_days', '0'),
    ('replayed_dead_letter_days', '0'), ('coverage_history_days', '0');
COMMENT ON COLUMN assetlink.setting.name
    IS 'coverage_target_percent, tombstone_days, stale_retention_days, discovery_parked_days, discovery_result_days, long_transaction_seconds, and of retention: closed_link_days, closed_conflict_days, forgotten_record_days, replayed_dead_letter_days, coverage_history_days.';

-- Housekeeping looks for the oldest first.
CREATE INDEX link_closed ON assetlink_internal.link (closed_at) WHERE status = 'closed';
COMMENT ON INDEX assetlink_internal.link_closed IS 'Closed links by age, for retention.';
CREATE INDEX conflict_closed ON assetlink_internal.conflict (closed_at) WHERE closed_at IS NOT NULL;
COMMENT ON INDEX assetlink_internal.conflict_closed IS 'Closed conflicts by age, for retention.';
CREATE INDEX ci_tombstone ON assetlink_internal.ci (deleted_at) WHERE deleted_at IS NOT NULL;
COMMENT ON INDEX assetlink_internal.ci_tombstone IS 'Deleted CIs by age, for retention.';
CREATE INDEX dead_letter_replayed ON assetlink_internal.dead_letter (replayed_at) WHERE replayed_at IS NOT NULL;
COMMENT ON INDEX assetlink_internal.dead_letter_replayed IS 'Replayed dead letters by age, for retention.';

-- ---------------------------------------------------------------------------------------------------------------------
-- What is over, by the settings as they are now; oldest first. One place says it, for the plan and for the deed.

CREATE FUNCTION assetlink_internal.kept_since(setting text) RETURNS timestamptz
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT clock_timestamp() - nullif(
        CASE
            WHEN s.name <> 'tombstone_days' THEN coalesce(nullif(current_setting('assetlink.asked_days', true), ''), s.value)
            ELSE s.value
        END::numeric, 0) * interval '1 day'
    FROM assetlink.setting s
    WHERE s.name = setting
$$;
COMMENT ON FUNCTION assetlink_internal.kept_since(text) IS 'What is older than this is over, by a setting in days, or by what the plan was asked; null = kept for ever.';

CREATE VIEW assetlink_internal.outlived_link AS
SELECT l.link_id AS id, l.closed_at AS at
FROM assetlink_internal.link l
WHERE l.status = 'closed' AND l.closed_at < (SELECT assetlink_internal.kept_since('closed_link_days'));
COMMENT ON VIEW assetlink_internal.outlived_link IS 'Closed links whose time is over.';
COMMENT ON COLUMN assetlink_internal.outlived_link.id IS 'The link.';
COMMENT ON COLUMN assetlink_internal.outlived_link.at IS 'When it was closed.';

CREATE VIEW assetlink_internal.outlived_conflict AS
SELECT c.conflict_id AS id, c.closed_at AS at
FROM assetlink_internal.conflict c
WHERE c.closed_at < (SELECT assetlink_internal.kept_since('closed_conflict_days'))
    AND NOT EXISTS (SELECT FROM assetlink_internal.discovery_item i WHERE i.conflict_id = c.conflict_id);
COMMENT ON VIEW assetlink_internal.outlived_conflict IS 'Closed conflicts whose time is over, and that no item of discovery names.';
COMMENT ON COLUMN assetlink_internal.outlived_conflict.id IS 'The conflict.';
COMMENT ON COLUMN assetlink_internal.outlived_conflict.at IS 'When it was closed.';

-- Not while anything could still ask what the record was: keys (until tombstone_days are over), a link, a decision.
CREATE VIEW assetlink_internal.outlived_asset AS
SELECT a.asset_ref AS id, a.deleted_at AS at
FROM assetlink_internal.asset a
WHERE a.deleted_at < (SELECT assetlink_internal.kept_since('forgotten_record_days'))
    AND a.deleted_at < (SELECT assetlink_internal.kept_since('tombstone_days'))
    AND NOT EXISTS (SELECT FROM assetlink_internal.asset_key k WHERE k.asset_ref = a.asset_ref)
    AND NOT EXISTS (
        SELECT FROM assetlink_internal.link l WHERE l.asset_source_id = a.source_id AND l.asset_id = a.key)
    AND NOT EXISTS (
        SELECT FROM assetlink_internal.pair_in_force p WHERE p.asset_source_id = a.source_id AND p.asset_id = a.key)
    AND NOT EXISTS (
        SELECT FROM assetlink_internal.composite_mark m WHERE m.asset_source_id = a.source_id AND m.asset_id = a.key)
    AND NOT EXISTS (SELECT FROM assetlink_internal.ci_decision d WHERE d.candidate_asset = a.asset_ref)
    AND NOT EXISTS (SELECT FROM assetlink_internal.ci_decision d WHERE d.claim_asset = a.asset_ref)
    AND NOT EXISTS (SELECT FROM assetlink_internal.conflict c WHERE c.asset_ref = a.asset_ref AND c.closed_at IS NULL);
COMMENT ON VIEW assetlink_internal.outlived_asset IS 'Rows of deleted assets that nothing refers to and whose time is over.';
COMMENT ON COLUMN assetlink_internal.outlived_asset.id IS 'The asset.';
COMMENT ON COLUMN assetlink_internal.outlived_asset.at IS 'When it was deleted.';

CREATE VIEW assetlink_internal.outlived_ci AS
SELECT c.ci_ref AS id, c.deleted_at AS at
FROM assetlink_internal.ci c
WHERE c.deleted_at < (SELECT assetlink_internal.kept_since('forgotten_record_days'))
    AND NOT EXISTS (SELECT FROM assetlink_internal.ci_key k WHERE k.ci_ref = c.ci_ref)
    AND NOT EXISTS (SELECT FROM assetlink_internal.ci_decision d WHERE d.ci_ref = c.ci_ref)
    AND NOT EXISTS (SELECT FROM assetlink_internal.link l WHERE l.ci_source_id = c.source_id AND l.ci_id = c.key)
    AND NOT EXISTS (
        SELECT FROM assetlink_internal.pair_in_force p WHERE p.ci_source_id = c.source_id AND p.ci_id = c.key);
COMMENT ON VIEW assetlink_internal.outlived_ci IS 'Rows of deleted CIs that nothing refers to and whose time is over.';
COMMENT ON COLUMN assetlink_internal.outlived_ci.id IS 'The CI.';
COMMENT ON COLUMN assetlink_internal.outlived_ci.at IS 'When it was deleted.';

CREATE VIEW assetlink_internal.outlived_dead_letter AS
SELECT d.id, d.replayed_at AS at
FROM assetlink_internal.dead_letter d
WHERE d.replayed_at < (SELECT assetlink_internal.kept_since('replayed_dead_letter_days'));
COMMENT ON VIEW assetlink_internal.outlived_dead_letter IS 'Dead letters that were replayed and whose time is over; the others stay until somebody replays them.';
COMMENT ON COLUMN assetlink_internal.outlived_dead_letter.id IS 'The dead letter.';
COMMENT ON COLUMN assetlink_internal.outlived_dead_letter.at IS 'When it was replayed.';

CREATE VIEW assetlink_internal.outlived_snapshot AS
SELECT s.taken_at, s.class, s.taken_at AS at
FROM assetlink_internal.coverage_snapshot s
WHERE s.taken_at < (SELECT assetlink_internal.kept_since('coverage_history_days'));
COMMENT ON VIEW assetlink_internal.outlived_snapshot IS 'Snapshots of coverage whose time is over.';
COMMENT ON COLUMN assetlink_internal.outlived_snapshot.taken_at IS 'When it was taken.';
COMMENT ON COLUMN assetlink_internal.outlived_snapshot.class IS 'Its class.';
COMMENT ON COLUMN assetlink_internal.outlived_snapshot.at IS 'When it was taken.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The deed, a piece at a time; the policy is the settings', which the daemon cannot change.

CREATE FUNCTION assetlink_internal.put_away(most integer) RETURNS TABLE (what text, removed bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '50ms'
AS $$
#variable_conflict use_column
DECLARE
    gone bigint[];
BEGIN
    -- What somebody asked a plan counts for nothing here.
    PERFORM set_config('assetlink.asked_days', '', true);
    IF assetlink_internal.kept_since('closed_link_days') IS NOT NULL THEN
        gone := ARRAY(SELECT o.id FROM assetlink_internal.outlived_link o ORDER BY o.at LIMIT most);
        DELETE FROM assetlink_internal.link_period p WHERE p.link_id = ANY (gone);
        DELETE FROM assetlink_internal.link l WHERE l.link_id = ANY (gone) AND l.status = 'closed';
        RETURN QUERY SELECT 'closed_links', cardinality(gone)::bigint;
    END IF;
    IF assetlink_internal.kept_since('closed_conflict_days') IS NOT NULL THEN
        gone := ARRAY(SELECT o.id FROM assetlink_internal.outlived_conflict o ORDER BY o.at LIMIT most);
        DELETE FROM assetlink_internal.conflict c WHERE c.conflict_id = ANY (gone) AND c.closed_at IS NOT NULL;
        RETURN QUERY SELECT 'closed_conflicts', cardinality(gone)::bigint;
    END IF;
    IF assetlink_internal.kept_since('forgotten_record_days') IS NOT NULL THEN
        gone := ARRAY(SELECT o.id FROM assetlink_internal.outlived_asset o ORDER BY o.at LIMIT most);
        DELETE FROM assetlink_internal.asset_value v WHERE v.asset_ref = ANY (gone);
        DELETE FROM assetlink_internal.asset a WHERE a.asset_ref = ANY (gone) AND a.deleted_at IS NOT NULL;
        RETURN QUERY SELECT 'forgotten_assets', cardinality(gone)::bigint;
        gone := ARRAY(SELECT o.id FROM assetlink_internal.outlived_ci o ORDER BY o.at LIMIT most);
        DELETE FROM assetlink_internal.ci_value v WHERE v.ci_ref = ANY (gone);
        DELETE FROM assetlink_internal.ci c WHERE c.ci_ref = ANY (gone) AND c.deleted_at IS NOT NULL;
        RETURN QUERY SELECT 'forgotten_cis', cardinality(gone)::bigint;
    END IF;
    IF assetlink_internal.kept_since('replayed_dead_letter_days') IS NOT NULL THEN
        gone := ARRAY(SELECT o.id FROM assetlink_internal.outlived_dead_letter o ORDER BY o.at LIMIT most);
        DELETE FROM assetlink_internal.dead_letter d WHERE d.id = ANY (gone) AND d.replayed_at IS NOT NULL;
        RETURN QUERY SELECT 'replayed_dead_letters', cardinality(gone)::bigint;
    END IF;
    IF assetlink_internal.kept_since('coverage_history_days') IS NOT NULL THEN
        WITH old AS (
            SELECT o.taken_at, o.class FROM assetlink_internal.outlived_snapshot o ORDER BY o.at LIMIT most
        ), done AS (
            DELETE FROM assetlink_internal.coverage_snapshot s USING old
            WHERE s.taken_at = old.taken_at AND s.class = old.class
            RETURNING 1
        )
        SELECT array_agg(1::bigint) INTO gone FROM done;
        RETURN QUERY SELECT 'coverage_snapshots', coalesce(cardinality(gone), 0)::bigint;
    END IF;
END
$$;
COMMENT ON FUNCTION assetlink_internal.put_away(integer)
    IS 'Removes what is over by the settings of retention, at most so many rows of each kind; says how many of each that is switched on.';

CREATE FUNCTION assetlink.retention_plan(if_days integer DEFAULT NULL)
RETURNS TABLE (what text, setting text, keep_days numeric, due bigint, oldest timestamptz, kept bigint, loses text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('assetlink.asked_days', coalesce(if_days::text, ''), true);
    RETURN QUERY
    SELECT p.what, p.setting, coalesce(if_days, s.value::numeric), p.due, p.oldest, p.everything - p.due, p.loses
    FROM (
        SELECT 1 AS n, 'closed_links' AS what, 'closed_link_days' AS setting, (SELECT count(*) FROM assetlink_internal.outlived_link) AS due,
            (SELECT min(o.at) FROM assetlink_internal.outlived_link o) AS oldest,
            (SELECT count(*) FROM assetlink_internal.link l WHERE l.status = 'closed') AS everything,
            'which links there were: links_as_of and history no longer show them; the audit still does' AS loses
        UNION ALL
        SELECT 2, 'closed_conflicts', 'closed_conflict_days', (SELECT count(*) FROM assetlink_internal.outlived_conflict),
            (SELECT min(o.at) FROM assetlink_internal.outlived_conflict o),
            (SELECT count(*) FROM assetlink_internal.conflict c WHERE c.closed_at IS NOT NULL),
            'which conflicts there were; the audit still shows them'
        UNION ALL
        SELECT 3, 'forgotten_assets', 'forgotten_record_days', (SELECT count(*) FROM assetlink_internal.outlived_asset),
            (SELECT min(o.at) FROM assetlink_internal.outlived_asset o),
            (SELECT count(*) FROM assetlink_internal.asset a WHERE a.deleted_at IS NOT NULL),
            'that these assets ever were; never while a link, a pin or a key refers to them'
        UNION ALL
        SELECT 4, 'forgotten_cis', 'forgotten_record_days', (SELECT count(*) FROM assetlink_internal.outlived_ci),
            (SELECT min(o.at) FROM assetlink_internal.outlived_ci o),
            (SELECT count(*) FROM assetlink_internal.ci c WHERE c.deleted_at IS NOT NULL),
            'that these CIs ever were; never while a link or a pin refers to them'
        UNION ALL
        SELECT 5, 'replayed_dead_letters', 'replayed_dead_letter_days',
            (SELECT count(*) FROM assetlink_internal.outlived_dead_letter),
            (SELECT min(o.at) FROM assetlink_internal.outlived_dead_letter o),
            (SELECT count(*) FROM assetlink_internal.dead_letter d WHERE d.replayed_at IS NOT NULL),
            'which events were rejected and replayed since'
        UNION ALL
        SELECT 6, 'coverage_snapshots', 'coverage_history_days',
            (SELECT count(*) FROM assetlink_internal.outlived_snapshot),
            (SELECT min(o.at) FROM assetlink_internal.outlived_snapshot o),
            (SELECT count(*) FROM assetlink_internal.coverage_snapshot),
            'what coverage was then'
    ) p
    JOIN assetlink.setting s ON s.name = p.setting
    ORDER BY p.n;
    PERFORM set_config('assetlink.asked_days', '', true);
END
$$;
COMMENT ON FUNCTION assetlink.retention_plan(integer)
    IS 'What housekeeping would remove by the settings as they are, or if each were so many days: kind by kind, and what is lost with it; removes nothing. 0 keeps for ever.';

REVOKE ALL ON FUNCTION assetlink_internal.kept_since(text), assetlink_internal.put_away(integer), assetlink.retention_plan(integer)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION assetlink_internal.put_away(integer) TO assetlink_daemon;
GRANT EXECUTE ON FUNCTION assetlink.retention_plan(integer) TO assetlink_reader, assetlink_operator;

-- ---------------------------------------------------------------------------------------------------------------------
-- What was put away on purpose was not changed by hand: it is not put back.

CREATE OR REPLACE FUNCTION assetlink_internal.audited_link(source text, ci text)
RETURNS TABLE (
    link_id bigint, asset_source text, asset_id text, status text, reason text, method text, rule text,
    entry_priority integer, matched_on jsonb, linked_at timestamptz, linked_by text, stale_at timestamptz,
    stale_reason text, closed_at timestamptz, closed_by text, predecessor_link_id bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH step AS (
        SELECT a.*, e.entry,
            max(a.audit_id) FILTER (WHERE a.to_state = 'active') OVER (PARTITION BY a.link_id) AS last_active
        FROM assetlink_internal.audit AS a
        CROSS JOIN LATERAL (SELECT CASE WHEN a.to_state = 'active' THEN a.evidence::jsonb END AS entry) AS e
        WHERE a.ci_source = audited_link.source AND a.ci_id = audited_link.ci AND a.action = 'link'
    )
    SELECT f.link_id, f.asset_source, f.asset_id, l.to_state, CASE WHEN l.to_state <> 'active' THEN l.reason END,
        CASE WHEN e.entry ->> 'rule' IS NULL THEN 'manual' ELSE 'automatic' END, e.entry ->> 'rule',
        (e.entry ->> 'entry')::integer, e.entry -> 'matched_on', f.at, f.actor, s.at, s.reason,
        CASE l.to_state WHEN 'closed' THEN l.at END, CASE l.to_state WHEN 'closed' THEN l.actor END,
        CASE f.reason WHEN 'succeeded' THEN (
            SELECT p.link_id FROM step AS p
            WHERE p.batch_id = f.batch_id AND p.to_state = 'closed' AND p.reason = 'superseded' LIMIT 1) END
    -- Only those whose beginning is in it: earlier parts may have been detached.
    FROM (
        SELECT o.*
        FROM (SELECT DISTINCT ON (step.link_id) step.* FROM step ORDER BY step.link_id, step.audit_id) AS o
        WHERE o.from_state IS NULL
    ) AS f
    JOIN (SELECT DISTINCT ON (step.link_id) step.* FROM step ORDER BY step.link_id, step.audit_id DESC) AS l
        ON l.link_id = f.link_id
    LEFT JOIN step AS e ON e.link_id = f.link_id AND e.audit_id = e.last_active
    LEFT JOIN LATERAL (
        SELECT min(step.at) AS at, (array_agg(step.reason ORDER BY step.audit_id DESC))[1] AS reason FROM step
        WHERE step.link_id = f.link_id AND step.to_state = 'stale' AND step.audit_id > step.last_active) AS s ON true
$$;

CREATE OR REPLACE FUNCTION assetlink_internal.mend(refs bigint[])
RETURNS TABLE (ci_ref bigint, link_id bigint, asset_source text, asset_id text, found text, restored text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ci record;
    told record;
    was record;
    open_link bigint;
    -- Links that were made before are older than the record.
    record_begins timestamptz := (
        SELECT b.committed_at FROM assetlink_internal.batch AS b WHERE b.batch_id > 1 ORDER BY b.batch_id LIMIT 1);
    -- Links that were closed before may have been put away.
    kept_since timestamptz := assetlink_internal.kept_since('closed_link_days');
BEGIN
    IF EXISTS (SELECT FROM assetlink_internal.batch AS b WHERE b.batch_id = 1) THEN record_begins := NULL; END IF;
    FOR ci IN
        SELECT c.ci_ref, c.source_id, c.key, s.name
        FROM assetlink_internal.drifted(refs) AS d (ref)
        JOIN assetlink_internal.ci AS c ON c.ci_ref = d.ref
        JOIN assetlink_internal.source AS s ON s.source_id = c.source_id
        ORDER BY c.ci_ref
    LOOP
        -- Links that the audit does not know were put in by hand; the rest is written as it tells. At most one is open:
        -- the newest, where rows that were deleted by hand had left the audit with more.
        open_link := (SELECT max(t.link_id) FROM assetlink_internal.audited_link(ci.name, ci.key) AS t WHERE t.status <> 'closed');
        FOR was IN
            DELETE FROM assetlink_internal.link AS l
            WHERE l.ci_ref = ci.ci_ref AND (record_begins IS NULL OR l.linked_at >= record_begins) AND l.link_id NOT IN (
                SELECT t.link_id FROM assetlink_internal.audited_link(ci.name, ci.key) AS t
                WHERE t.status = 'closed' OR t.link_id = open_link)
            RETURNING l.*
        LOOP
            DELETE FROM assetlink_internal.link_period AS p WHERE p.link_id = was.link_id;
            RETURN QUERY SELECT ci.ci_ref, was.link_id,
                (SELECT s.name FROM assetlink_internal.source AS s WHERE s.source_id = was.asset_source_id),
                was.asset_id, was.status, NULL::text;
        END LOOP;
        FOR told IN
            SELECT t.*, s.source_id AS asset_source_id, a.asset_ref
            FROM assetlink_internal.audited_link(ci.name, ci.key) AS t
            JOIN assetlink_internal.source AS s ON s.name = t.asset_source
            JOIN assetlink_internal.asset AS a ON a.source_id = s.source_id AND a.key = t.asset_id
            WHERE t.link_id = open_link
                OR (t.status = 'closed' AND (kept_since IS NULL OR t.closed_at >= kept_since))
            ORDER BY t.status <> 'closed', t.link_id
        LOOP
            SELECT l.* INTO was FROM assetlink_internal.link AS l WHERE l.link_id = told.link_id;
            CONTINUE WHEN (CASE told.status WHEN 'closed' THEN ci.ci_ref ELSE was.ci_ref END, was.ci_source_id, was.ci_id, was.asset_ref, was.asset_source_id, was.asset_id,
                    was.status,
                    CASE was.status WHEN 'stale' THEN was.stale_reason WHEN 'closed' THEN was.close_reason END)
                IS NOT DISTINCT FROM (ci.ci_ref, ci.source_id, ci.key, told.asset_ref, told.asset_source_id,
                    told.asset_id, told.status, told.reason);
            INSERT INTO assetlink_internal.link AS l (
                link_id, ci_ref, ci_source_id, ci_id, asset_ref, asset_source_id, asset_id, status, method, rule,
                entry_priority, matched_on, linked_at, linked_by, stale_at, stale_reason, closed_at, closed_by,
                close_reason, predecessor_link_id)
            VALUES (
                told.link_id, ci.ci_ref, ci.source_id, ci.key, told.asset_ref, told.asset_source_id, told.asset_id,
                told.status, told.method, told.rule, told.entry_priority, told.matched_on, told.linked_at,
                told.linked_by, told.stale_at, told.stale_reason, told.closed_at, told.closed_by,
                CASE told.status WHEN 'closed' THEN told.reason END, told.predecessor_link_id)
            ON CONFLICT (link_id) DO UPDATE SET
                ci_ref = excluded.ci_ref, ci_source_id = excluded.ci_source_id, ci_id = excluded.ci_id,
                asset_ref = excluded.asset_ref, asset_source_id = excluded.asset_source_id, asset_id = excluded.asset_id,
                status = excluded.status, method = excluded.method, rule = excluded.rule,
                entry_priority = excluded.entry_priority, matched_on = excluded.matched_on,
                linked_at = excluded.linked_at, linked_by = excluded.linked_by, stale_at = excluded.stale_at,
                stale_reason = excluded.stale_reason, closed_at = excluded.closed_at, closed_by = excluded.closed_by,
                close_reason = excluded.close_reason, predecessor_link_id = excluded.predecessor_link_id;
            RETURN QUERY SELECT ci.ci_ref, told.link_id, told.asset_source, told.asset_id,
                CASE WHEN was.link_id IS NULL THEN 'gone' ELSE concat_ws(' ', was.status,
                    coalesce(was.close_reason, was.stale_reason),
                    CASE WHEN was.asset_ref <> told.asset_ref THEN 'to ' || was.asset_id END) END,
                concat_ws(' ', told.status, told.reason);
        END LOOP;
        -- Periods follow from the audit alone: evidence that was updated makes none.
        DELETE FROM assetlink_internal.link_period AS p
        USING assetlink_internal.audited_link(ci.name, ci.key) AS t WHERE p.link_id = t.link_id;
        INSERT INTO assetlink_internal.link_period (link_id, from_batch, to_batch, status, reason)
        SELECT a.link_id, a.batch_id, lead(a.batch_id) OVER (PARTITION BY a.link_id ORDER BY a.audit_id), a.to_state,
            CASE WHEN a.to_state <> 'active' THEN a.reason END
        FROM assetlink_internal.audit AS a
        WHERE a.ci_source = ci.name AND a.ci_id = ci.key AND a.action = 'link' AND a.reason <> 'evidence'
            AND EXISTS (SELECT FROM assetlink_internal.link AS l WHERE l.link_id = a.link_id)
            AND EXISTS (
                SELECT FROM assetlink_internal.audited_link(ci.name, ci.key) AS t WHERE t.link_id = a.link_id);
        RETURN QUERY SELECT * FROM assetlink_internal.mend_decision(ci.ci_ref, ci.source_id, ci.name, ci.key);
    END LOOP;
END
$$;
