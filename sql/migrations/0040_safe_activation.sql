-- Where the coming into force of a version of the rules has got to, and that the breaker may hold it.
SET LOCAL ROLE assetlink_owner;

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
    CASE WHEN x.held IS NULL AND a.r ->> 'held' IS NULL THEN 'closed' ELSE 'open' END AS breaker,
    x.held AS held_sources,
    x.broken AS broken_sources,
    (SELECT count(*) FROM assetlink_internal.dead_letter d WHERE d.replayed_at IS NULL) AS dead_letters,
    l.details,
    CASE WHEN l.expires_at > clock_timestamp() THEN l.details ->> 'mode' END AS mode,
    CASE WHEN l.expires_at > clock_timestamp() THEN l.details ->> 'reason' END AS mode_reason,
    coalesce(
        (SELECT n.xmin::text::bigint <> n.written_by::text::numeric % 4294967296 FROM assetlink_internal.lineage n),
        false) AS is_copy,
    CASE
        WHEN b.rule_set_version < (SELECT max(m.version) FROM assetlink_internal.rule_set m) THEN 'waiting'
        WHEN (a.r ->> 'phase')::integer < 2 THEN 'keys'
        WHEN a.r ->> 'held' IS NOT NULL THEN 'held'
        WHEN a.r IS NOT NULL THEN 'decisions'
    END AS activation_phase,
    (a.r ->> 'done')::bigint AS activation_done,
    (a.r ->> 'total')::bigint AS activation_total
FROM (SELECT) one
LEFT JOIN assetlink_internal.lease l ON true
LEFT JOIN (
    SELECT b.batch_id, b.committed_at, b.rule_set_version, b.ranges
    FROM assetlink_internal.batch b
    ORDER BY b.batch_id DESC
    LIMIT 1
) b ON true
LEFT JOIN LATERAL (
    SELECT r FROM jsonb_array_elements(b.ranges) r WHERE r ->> 'kind' = 'reevaluate' LIMIT 1
) a ON true
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
COMMENT ON COLUMN assetlink.daemon_status.activation_phase IS 'A version of the rules comes into force: waiting (not taken up yet), keys (match keys are made; changes wait), decisions (CIs are decided again; changes go on), held (it would end too many links: approve_activation or drop_activation); null: none does.';
COMMENT ON COLUMN assetlink.daemon_status.activation_done IS 'Records done of activation_total; CIs count in both phases.';
COMMENT ON COLUMN assetlink.daemon_status.activation_total IS 'Records to do, counted when it began.';
COMMENT ON COLUMN assetlink.daemon_status.breaker IS 'open while a source or the rules in force are held, else closed.';

CREATE OR REPLACE VIEW assetlink.held_change AS
SELECT *
FROM (
    SELECT
        s.name AS source,
        s.side,
        nullif(h.key, '') AS id,
        h.held_at AS since,
        h.batch_id,
        st.detail,
        'Look at what changed at the source; then approve_held lets it through, drop_held forgets it until the next resync.'
            AS remedy
    FROM assetlink_internal.held_change h
    JOIN assetlink_internal.source s ON s.source_id = h.source_id
    LEFT JOIN assetlink_internal.source_status st ON st.source_id = h.source_id
    UNION ALL
    SELECT
        NULL,
        NULL,
        'rule set version ' || b.rule_set_version,
        a.at,
        a.batch_id,
        r ->> 'held',
        'Look at what the rules end; then approve_activation lets it through, drop_activation goes back to version '
            || (r ->> 'replaces') || '.'
    FROM (SELECT * FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1) b
    CROSS JOIN LATERAL jsonb_array_elements(b.ranges) r
    LEFT JOIN LATERAL (
        SELECT x.at, x.batch_id
        FROM assetlink_internal.audit x
        WHERE x.action = 'activation_held'
        ORDER BY x.audit_id DESC
        LIMIT 1
    ) a ON true
    WHERE r ->> 'kind' = 'reevaluate' AND r ->> 'held' IS NOT NULL
) h
ORDER BY h.since, h.source, h.id;
COMMENT ON COLUMN assetlink.held_change.source IS 'The held source; null: the rules in force.';
COMMENT ON COLUMN assetlink.held_change.id IS 'The record''s id; null: the whole source; of the rules, their version.';
CREATE INDEX audit_activation_held ON assetlink_internal.audit (audit_id) WHERE action = 'activation_held';
COMMENT ON INDEX assetlink_internal.audit_activation_held IS 'When the breaker held rules.';

CREATE FUNCTION assetlink_internal.held_activation() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held jsonb;
BEGIN
    SELECT r
    INTO held
    FROM (SELECT * FROM assetlink_internal.batch ORDER BY batch_id DESC LIMIT 1) b
    CROSS JOIN LATERAL jsonb_array_elements(b.ranges) r
    WHERE r ->> 'kind' = 'reevaluate' AND r ->> 'held' IS NOT NULL
        AND b.rule_set_version = (SELECT max(m.version) FROM assetlink_internal.rule_set m);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the rules in force are not held'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.held_change and assetlink.daemon_status.';
    END IF;
    RETURN held;
END
$$;
COMMENT ON FUNCTION assetlink_internal.held_activation() IS 'Where the rules stand that the breaker holds, or an error.';

CREATE FUNCTION assetlink.approve_activation(reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    PERFORM assetlink_internal.held_activation();
    wanted.kind := 'approve_held';
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.approve_activation(text, text)
    IS 'Lets the rules in force end the links that they end, when the breaker holds them. Returns the act''s id.';

CREATE FUNCTION assetlink.drop_activation(reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN assetlink.rollback_rule_set(
        (assetlink_internal.held_activation() ->> 'replaces')::bigint, reason, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.drop_activation(text, text)
    IS 'Goes back to the rules before those that the breaker holds. Returns the new version''s number.';

GRANT EXECUTE ON FUNCTION assetlink.approve_activation(text, text), assetlink.drop_activation(text, text)
TO assetlink_operator;
