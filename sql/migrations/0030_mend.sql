-- What somebody changed by hand in links and decisions is put back as the audit has it; the audit is the one record that
-- nobody can rewrite unseen. What the decision is now is then the batch's to find, as of any other CI.
SET LOCAL ROLE assetlink_owner;

-- Each link as the audit tells it: its last status, and what its row must therefore say.
CREATE FUNCTION assetlink_internal.audited_link(source text, ci text)
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
    FROM (SELECT DISTINCT ON (step.link_id) step.* FROM step ORDER BY step.link_id, step.audit_id) AS f
    JOIN (SELECT DISTINCT ON (step.link_id) step.* FROM step ORDER BY step.link_id, step.audit_id DESC) AS l
        ON l.link_id = f.link_id
    LEFT JOIN step AS e ON e.link_id = f.link_id AND e.audit_id = e.last_active
    LEFT JOIN LATERAL (
        SELECT min(step.at) AS at, (array_agg(step.reason ORDER BY step.audit_id DESC))[1] AS reason FROM step
        WHERE step.link_id = f.link_id AND step.to_state = 'stale' AND step.audit_id > step.last_active) AS s ON true
$$;
COMMENT ON FUNCTION assetlink_internal.audited_link(text, text) IS 'The links of a CI as the audit tells them.';

CREATE FUNCTION assetlink_internal.drifted(refs bigint[])
RETURNS SETOF bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.ci_ref
    FROM unnest(refs) AS k (ref)
    CROSS JOIN LATERAL (SELECT * FROM assetlink_internal.ci AS c WHERE c.ci_ref = k.ref AND c.deleted_at IS NULL OFFSET 0) AS c
    LEFT JOIN LATERAL (
        SELECT * FROM assetlink_internal.ci_decision AS d WHERE d.ci_ref = k.ref OFFSET 0) AS d ON true
    LEFT JOIN LATERAL (
        SELECT * FROM assetlink_internal.link AS l WHERE l.ci_ref = k.ref AND l.status <> 'closed' OFFSET 0) AS l ON true
    LEFT JOIN LATERAL (
        SELECT * FROM assetlink_internal.asset AS a WHERE a.asset_ref = l.asset_ref OFFSET 0) AS a ON true
    WHERE d.ci_ref IS NULL
        OR (d.link_id, d.link_asset, d.link_status, d.link_reason)
            IS DISTINCT FROM (l.link_id, l.asset_ref, l.status, l.stale_reason)
        OR (l.asset_source_id, l.asset_id, l.ci_source_id, l.ci_id)
            IS DISTINCT FROM (a.source_id, a.key, CASE WHEN l.link_id IS NOT NULL THEN c.source_id END,
                CASE WHEN l.link_id IS NOT NULL THEN c.key END)
        OR (d.state = 'linked') <> (d.link_status IS NOT DISTINCT FROM 'active')
        OR d.state = 'linked' AND d.claim_asset IS DISTINCT FROM d.link_asset
$$;
COMMENT ON FUNCTION assetlink_internal.drifted(bigint[])
    IS 'CIs whose stored decision and open link contradict each other: no batch leaves that behind.';

CREATE FUNCTION assetlink_internal.mend(refs bigint[])
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
BEGIN
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
            WHERE l.ci_ref = ci.ci_ref AND l.link_id NOT IN (
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
            WHERE t.status = 'closed' OR t.link_id = open_link
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
        WHERE a.ci_source = ci.name AND a.ci_id = ci.key AND a.action = 'link' AND a.reason <> 'evidence';
        RETURN QUERY SELECT * FROM assetlink_internal.mend_decision(ci.ci_ref, ci.source_id, ci.name, ci.key);
    END LOOP;
END
$$;
COMMENT ON FUNCTION assetlink_internal.mend(bigint[])
    IS 'Puts back links and decisions of CIs that were changed by hand, as the audit tells them; one row for each thing put back.';

CREATE FUNCTION assetlink_internal.mend_decision(ref bigint, source_id integer, source text, ci text)
RETURNS TABLE (ci_ref bigint, link_id bigint, asset_source text, asset_id text, found text, restored text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    told record;
    was assetlink_internal.ci_decision;
BEGIN
    SELECT a.to_state, a.reason, a.at, a.asset_source, a.asset_id, r.asset_ref, l.link_id, l.asset_ref AS link_asset,
        l.status AS link_status, l.stale_reason, l.method = 'manual' AS is_manual,
        (a.evidence::jsonb ->> 'conflict')::bigint AS conflict_id
    INTO told
    FROM assetlink_internal.audit AS a
    LEFT JOIN assetlink_internal.source AS s ON s.name = a.asset_source
    LEFT JOIN assetlink_internal.asset AS r ON r.source_id = s.source_id AND r.key = a.asset_id
    LEFT JOIN assetlink_internal.link AS l ON l.ci_ref = mend_decision.ref AND l.status <> 'closed'
    WHERE a.ci_source = mend_decision.source AND a.ci_id = mend_decision.ci AND a.action = 'ci_state'
    ORDER BY a.audit_id DESC LIMIT 1;
    IF told.to_state IS NULL THEN
        RETURN;
    END IF;
    SELECT d.* INTO was FROM assetlink_internal.ci_decision AS d WHERE d.ci_ref = mend_decision.ref;
    IF (was.state, was.reason, CASE was.state WHEN 'linked' THEN was.claim_asset END, was.link_id, was.link_asset,
            was.link_status, was.link_reason)
        IS NOT DISTINCT FROM (told.to_state, told.reason, told.asset_ref, told.link_id, told.link_asset,
            told.link_status, told.stale_reason)
    THEN
        RETURN;
    END IF;
    INSERT INTO assetlink_internal.ci_decision AS d (
        ci_ref, source_id, state, reason, since, claim_asset, claim_manual, conflict_id, link_id, link_asset,
        link_status, link_reason, link_manual)
    VALUES (
        mend_decision.ref, mend_decision.source_id, told.to_state, told.reason, told.at, told.asset_ref,
        coalesce(told.is_manual AND told.asset_ref IS NOT NULL, false), told.conflict_id, told.link_id,
        told.link_asset, told.link_status, told.stale_reason, told.is_manual)
    ON CONFLICT (ci_ref) DO UPDATE SET
        state = excluded.state, reason = excluded.reason, since = excluded.since,
        claim_asset = CASE excluded.state WHEN 'linked' THEN excluded.claim_asset ELSE d.claim_asset END,
        conflict_id = excluded.conflict_id, link_id = excluded.link_id, link_asset = excluded.link_asset,
        link_status = excluded.link_status, link_reason = excluded.link_reason, link_manual = excluded.link_manual;
    UPDATE assetlink_internal.asset AS a
    SET ci_count = (SELECT count(*) FROM assetlink_internal.ci_decision AS d
        WHERE d.claim_asset = a.asset_ref AND d.state = 'linked')
    WHERE a.asset_ref IN (was.claim_asset, told.asset_ref);
    RETURN QUERY SELECT mend_decision.ref, told.link_id, told.asset_source, told.asset_id,
        CASE WHEN was.ci_ref IS NULL THEN 'decision gone' ELSE concat_ws(' ', was.state, was.reason) END,
        concat_ws(' ', told.to_state, told.reason);
END
$$;
COMMENT ON FUNCTION assetlink_internal.mend_decision(bigint, integer, text, text)
    IS 'Puts a CI''s stored decision back as the audit and its link tell it; what else it holds is decided again.';

GRANT EXECUTE ON FUNCTION assetlink_internal.drifted(bigint[]), assetlink_internal.mend(bigint[]) TO assetlink_daemon;
