-- What became of discovery payloads: to read, to try again, and the conflicts that they open.
SET LOCAL ROLE assetlink_owner;

-- ---------------------------------------------------------------------------------------------------------------------
-- Conflicts of identity: several CIs match one item.

ALTER TABLE assetlink_internal.conflict DROP CONSTRAINT conflict_kind_check;
ALTER TABLE assetlink_internal.conflict ADD CONSTRAINT conflict_kind_check CHECK (kind IN (
    'duplicate_asset', 'contradicting_evidence', 'duplicate_ci', 'asset_already_linked', 'duplicate_ci_identity'));
COMMENT ON COLUMN assetlink_internal.conflict.kind
    IS 'duplicate_asset, contradicting_evidence, duplicate_ci, asset_already_linked or duplicate_ci_identity.';

CREATE OR REPLACE VIEW assetlink_internal.conflict_ci (conflict_id, ci_ref, since) AS
SELECT k.conflict_id, d.ci_ref, d.since
FROM assetlink_internal.conflict k
JOIN assetlink_internal.ci_decision d ON d.conflict_id = k.conflict_id
WHERE k.closed_at IS NULL
    AND k.asset_ref IS NULL
UNION ALL
SELECT k.conflict_id, d.ci_ref, CASE WHEN d.state = 'conflicted' THEN d.since ELSE k.opened_at END
FROM assetlink_internal.conflict k
JOIN assetlink_internal.ci_decision d ON d.claim_asset = k.asset_ref AND d.source_id = k.ci_source_id
WHERE k.closed_at IS NULL
UNION ALL
-- The CIs that one of the items matches.
SELECT DISTINCT k.conflict_id, c.ci_ref, k.opened_at
FROM assetlink_internal.conflict k
JOIN assetlink_internal.discovery_item i ON i.conflict_id = k.conflict_id AND i.state = 'conflict'
CROSS JOIN LATERAL unnest(i.matches) AS m (id)
JOIN assetlink_internal.ci c ON c.source_id = k.ci_source_id AND c.key = m.id AND c.deleted_at IS NULL
WHERE k.closed_at IS NULL
    AND k.kind = 'duplicate_ci_identity';

CREATE OR REPLACE VIEW assetlink.conflict_queue AS
SELECT
    k.conflict_id,
    k.kind,
    k.matched_on,
    k.opened_at AS since,
    s.name AS asset_source,
    a.key AS asset_id,
    (SELECT count(*) FROM assetlink_internal.conflict_ci m WHERE m.conflict_id = k.conflict_id) AS cis,
    (
        SELECT count(DISTINCT m.asset_ref)
        FROM assetlink_internal.conflict_asset m
        WHERE m.conflict_id = k.conflict_id
    ) AS assets,
    CASE k.kind
        WHEN 'duplicate_asset' THEN 'Several assets match: retire or correct the wrong ones, or resolve_conflict naming the asset to keep.'
        WHEN 'contradicting_evidence' THEN 'A stronger identifier says otherwise: correct it, resolve_conflict naming the asset if it is right, block the pair if not.'
        WHEN 'duplicate_ci' THEN 'Several CIs claim the asset: merge or retire the wrong ones, resolve_conflict naming the CI to keep, or set_composite.'
        WHEN 'asset_already_linked' THEN 'The asset is pinned to another CI: unpin that one, correct this one, or resolve_conflict naming the CI to keep.'
        WHEN 'duplicate_ci_identity' THEN 'A discovered machine is not told apart from these CIs: merge, correct or retire the wrong ones; it is tried again by itself.'
    END AS remedy
FROM assetlink_internal.conflict k
LEFT JOIN assetlink_internal.asset a ON a.asset_ref = k.asset_ref
LEFT JOIN assetlink_internal.source s ON s.source_id = a.source_id
WHERE k.closed_at IS NULL
ORDER BY k.opened_at, k.conflict_id;

COMMENT ON COLUMN assetlink.conflict.kind
    IS 'duplicate_asset, contradicting_evidence, duplicate_ci, asset_already_linked or duplicate_ci_identity (discovery).';
COMMENT ON COLUMN assetlink.conflict_queue.kind
    IS 'duplicate_asset, contradicting_evidence, duplicate_ci, asset_already_linked or duplicate_ci_identity (discovery).';

-- ---------------------------------------------------------------------------------------------------------------------
-- What became of them

CREATE VIEW assetlink.discovery_payload AS
SELECT
    p.payload_id,
    s.name AS ci_source,
    p.submitted_at,
    p.submitted_by,
    p.finished_at,
    n.items,
    n.pending,
    n.inserted,
    n.updated,
    n.no_change,
    n.parked,
    n.rejected,
    n.conflicts
FROM assetlink_internal.discovery_payload p
JOIN assetlink_internal.source s ON s.source_id = p.source_id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS items,
        count(*) FILTER (WHERE i.state = 'pending') AS pending,
        count(*) FILTER (WHERE i.state = 'inserted') AS inserted,
        count(*) FILTER (WHERE i.state = 'updated') AS updated,
        count(*) FILTER (WHERE i.state = 'no_change') AS no_change,
        count(*) FILTER (WHERE i.state = 'parked') AS parked,
        count(*) FILTER (WHERE i.state = 'rejected') AS rejected,
        count(*) FILTER (WHERE i.state = 'conflict') AS conflicts
    FROM assetlink_internal.discovery_item i
    WHERE i.payload_id = p.payload_id
) n;
COMMENT ON VIEW assetlink.discovery_payload IS 'Identification payloads, with how many of their items fared how.';
COMMENT ON COLUMN assetlink.discovery_payload.payload_id IS 'Its number, as discover returned it.';
COMMENT ON COLUMN assetlink.discovery_payload.ci_source IS 'The CI source that it is about.';
COMMENT ON COLUMN assetlink.discovery_payload.submitted_at IS 'When it came.';
COMMENT ON COLUMN assetlink.discovery_payload.submitted_by IS 'Who sent it.';
COMMENT ON COLUMN assetlink.discovery_payload.finished_at IS 'When no item was pending any more; null while some are.';
COMMENT ON COLUMN assetlink.discovery_payload.items IS 'How many items it has.';
COMMENT ON COLUMN assetlink.discovery_payload.pending IS 'Not decided yet.';
COMMENT ON COLUMN assetlink.discovery_payload.inserted IS 'New CIs.';
COMMENT ON COLUMN assetlink.discovery_payload.updated IS 'CIs that were changed.';
COMMENT ON COLUMN assetlink.discovery_payload.no_change IS 'CIs that were as the item says, or discovered later than it.';
COMMENT ON COLUMN assetlink.discovery_payload.parked IS 'They lack something, and are tried again when it comes.';
COMMENT ON COLUMN assetlink.discovery_payload.rejected IS 'They are wrong, or waited too long.';
COMMENT ON COLUMN assetlink.discovery_payload.conflicts IS 'They match several CIs.';

CREATE VIEW assetlink.discovery_result AS
SELECT
    i.payload_id,
    i.item,
    CASE WHEN jsonb_typeof(i.body -> 'className') = 'string' THEN i.body ->> 'className' END AS class_name,
    i.state,
    i.code AS reason_code,
    i.detail,
    s.name AS ci_source,
    i.ci_id,
    i.rule,
    i.entry_priority,
    i.matched_on,
    i.matches,
    i.conflict_id,
    i.rule_set_version,
    i.attempts,
    i.decided_at,
    i.parked_at,
    i.parked_at + nullif(d.value::numeric, 0) * interval '1 day' AS expires_at
FROM assetlink_internal.discovery_item i
JOIN assetlink_internal.discovery_payload p ON p.payload_id = i.payload_id
JOIN assetlink_internal.source s ON s.source_id = p.source_id
LEFT JOIN assetlink.setting d ON d.name = 'discovery_parked_days' AND i.state = 'parked';
COMMENT ON VIEW assetlink.discovery_result IS 'Items of identification payloads, and what became of each.';
COMMENT ON COLUMN assetlink.discovery_result.payload_id IS 'The payload.';
COMMENT ON COLUMN assetlink.discovery_result.item IS 'Its place in items, from 0.';
COMMENT ON COLUMN assetlink.discovery_result.class_name IS 'The class that it names.';
COMMENT ON COLUMN assetlink.discovery_result.state IS 'pending, inserted, updated, no_change, parked, rejected or conflict.';
COMMENT ON COLUMN assetlink.discovery_result.reason_code IS 'Why it is parked, rejected or in conflict.';
COMMENT ON COLUMN assetlink.discovery_result.detail IS 'The same in words.';
COMMENT ON COLUMN assetlink.discovery_result.ci_source IS 'The source of the CI.';
COMMENT ON COLUMN assetlink.discovery_result.ci_id IS 'The CI that it is; null where there is none.';
COMMENT ON COLUMN assetlink.discovery_result.rule IS 'The rule by which it was identified.';
COMMENT ON COLUMN assetlink.discovery_result.entry_priority IS 'The entry that matched; null: by its known id, or inserted.';
COMMENT ON COLUMN assetlink.discovery_result.matched_on IS 'The keys that matched, each a list of canonical values.';
COMMENT ON COLUMN assetlink.discovery_result.matches IS 'In conflict: the CIs that match.';
COMMENT ON COLUMN assetlink.discovery_result.conflict_id IS 'In conflict: the conflict, once it is opened.';
COMMENT ON COLUMN assetlink.discovery_result.rule_set_version IS 'The rules that it was decided by.';
COMMENT ON COLUMN assetlink.discovery_result.attempts IS 'How often it was decided.';
COMMENT ON COLUMN assetlink.discovery_result.decided_at IS 'When it was last decided.';
COMMENT ON COLUMN assetlink.discovery_result.parked_at IS 'Since when it waits.';
COMMENT ON COLUMN assetlink.discovery_result.expires_at IS 'Parked: when it is given up; null: never.';

CREATE VIEW assetlink.discovery_relation_result AS
SELECT
    r.payload_id,
    r.kind,
    r.relation,
    r.parent_item,
    r.child_item,
    r.type,
    r.state,
    r.code AS reason_code,
    r.detail,
    r.decided_at
FROM assetlink_internal.discovery_relation r;
COMMENT ON VIEW assetlink.discovery_relation_result IS 'Relations and references of identification payloads, and what became of each.';
COMMENT ON COLUMN assetlink.discovery_relation_result.payload_id IS 'The payload.';
COMMENT ON COLUMN assetlink.discovery_relation_result.kind IS 'relation, or reference of referenceItems.';
COMMENT ON COLUMN assetlink.discovery_relation_result.relation IS 'Its place in its list, from 0.';
COMMENT ON COLUMN assetlink.discovery_relation_result.parent_item IS 'The parent, or the item that is referred to; null where it names none.';
COMMENT ON COLUMN assetlink.discovery_relation_result.child_item IS 'The child, or the item that refers; null where it names none.';
COMMENT ON COLUMN assetlink.discovery_relation_result.type IS 'The type, or the field of the reference.';
COMMENT ON COLUMN assetlink.discovery_relation_result.state IS 'pending, inserted, updated, no_change, parked or rejected.';
COMMENT ON COLUMN assetlink.discovery_relation_result.reason_code IS 'Why it is parked or rejected.';
COMMENT ON COLUMN assetlink.discovery_relation_result.detail IS 'The same in words.';
COMMENT ON COLUMN assetlink.discovery_relation_result.decided_at IS 'When it was last decided.';

CREATE FUNCTION assetlink.discovery_results(payload_id bigint)
RETURNS SETOF assetlink.discovery_result
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.*
    FROM assetlink.discovery_result AS r
    JOIN assetlink_internal.discovery_payload AS p ON p.payload_id = r.payload_id
    WHERE p.payload_id = discovery_results.payload_id AND p.submitted_by = session_user
    ORDER BY r.item
$$;
COMMENT ON FUNCTION assetlink.discovery_results(bigint)
    IS 'What became of the items of a payload that the caller sent.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Trying again

CREATE FUNCTION assetlink_internal.holders_digest(source_id integer, spaces integer[], keys text[])
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT md5(string_agg(h.ci_ref || ':' || h.digest, ',' ORDER BY h.ci_ref))
    FROM (
        SELECT DISTINCT c.ci_ref, c.digest
        FROM unnest(spaces, keys) AS k (space, key)
        CROSS JOIN LATERAL (
            SELECT y.ci_ref FROM assetlink_internal.ci_key AS y WHERE y.space_id = k.space AND y.key = k.key
            ORDER BY y.ci_ref LIMIT 100) AS y
        JOIN assetlink_internal.ci AS c ON c.ci_ref = y.ci_ref AND c.source_id = holders_digest.source_id
    ) AS h
$$;
COMMENT ON FUNCTION assetlink_internal.holders_digest(integer, integer[], text[])
    IS 'What tells one set of CIs that hold these keys, with what is known of them, from another.';

CREATE FUNCTION assetlink_internal.retry_discovery()
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    patience interval := (
        SELECT nullif(s.value::numeric, 0) * interval '1 day' FROM assetlink.setting AS s WHERE s.name = 'discovery_parked_days');
    memory interval := (
        SELECT nullif(s.value::numeric, 0) * interval '1 day' FROM assetlink.setting AS s WHERE s.name = 'discovery_result_days');
    rules bigint := (SELECT max(r.version) FROM assetlink_internal.rule_set AS r);
    again bigint := 0;
    payloads bigint[];
    ended boolean := false;
    opened boolean;
BEGIN
    -- Those that were looked at longest ago: a round costs the same however many wait.
    WITH waiting AS (
        SELECT i.payload_id, i.item
        FROM assetlink_internal.discovery_item AS i
        WHERE i.state IN ('parked', 'conflict')
        ORDER BY i.checked_at NULLS FIRST
        LIMIT 1000
        FOR UPDATE SKIP LOCKED
    ), judged AS (
        SELECT i.payload_id, i.item,
            i.parked_at < clock_timestamp() - patience AND (
                i.state = 'parked'
                -- A conflict lasts while somebody is in it: only who is not the last one goes.
                OR EXISTS (
                    SELECT
                    FROM assetlink_internal.discovery_item AS n
                    WHERE n.conflict_id = i.conflict_id AND n.state = 'conflict' AND n.parked_at > i.parked_at)) AS is_over,
            i.rule_set_version IS DISTINCT FROM rules
                OR i.code = 'LOCK_TIMEOUT'
                -- What nothing else tells of: a value that is trusted now, a placeholder that is none any more.
                OR i.decided_at < clock_timestamp() - interval '1 day'
                OR i.watch_digest IS DISTINCT FROM
                    assetlink_internal.holders_digest(p.source_id, i.watch_spaces, i.watch_keys)
                OR i.code = 'MISSING_DEPENDENCY' AND EXISTS (
                    SELECT
                    FROM assetlink_internal.discovery_relation AS r
                    JOIN assetlink_internal.discovery_item AS o ON o.payload_id = r.payload_id AND o.item = r.parent_item
                    WHERE r.payload_id = i.payload_id AND r.child_item = i.item AND o.ci_id IS NOT NULL) AS is_due
        FROM waiting AS w
        JOIN assetlink_internal.discovery_item AS i ON i.payload_id = w.payload_id AND i.item = w.item
        JOIN assetlink_internal.discovery_payload AS p ON p.payload_id = i.payload_id
    ), changed AS (
        UPDATE assetlink_internal.discovery_item AS i
        SET checked_at = clock_timestamp(),
            state = CASE WHEN j.is_over THEN 'rejected' WHEN j.is_due THEN 'pending' ELSE i.state END,
            code = CASE WHEN j.is_over THEN 'ABANDONED' ELSE i.code END,
            detail = CASE WHEN j.is_over THEN concat_ws(': ', 'It waited too long for what it lacks', i.code) ELSE i.detail END
        FROM judged AS j
        WHERE i.payload_id = j.payload_id AND i.item = j.item
        RETURNING i.payload_id, i.state
    )
    SELECT count(*) FILTER (WHERE c.state = 'pending'), array_agg(DISTINCT c.payload_id) FILTER (WHERE c.state = 'pending'),
        coalesce(bool_or(c.state = 'rejected'), false)
    INTO again, payloads, ended
    FROM changed AS c;
    UPDATE assetlink_internal.discovery_payload AS p SET finished_at = NULL
    WHERE p.payload_id = ANY (payloads) AND p.finished_at IS NOT NULL;
    -- What nobody asks for any more: all of it is decided, and long ago.
    DELETE FROM assetlink_internal.discovery_payload AS p
    WHERE p.payload_id IN (
        SELECT o.payload_id
        FROM assetlink_internal.discovery_payload AS o
        WHERE o.finished_at < clock_timestamp() - memory
            AND NOT EXISTS (
                SELECT
                FROM assetlink_internal.discovery_item AS i
                WHERE i.payload_id = o.payload_id AND i.state IN ('pending', 'parked', 'conflict'))
        ORDER BY o.finished_at
        LIMIT 10);
    -- Those that could not be worked on when their time was, too.
    SELECT EXISTS (
        SELECT
        FROM assetlink_internal.discovery_payload AS p
        JOIN assetlink_internal.discovery_target AS t ON t.source_id = p.source_id
        WHERE p.finished_at IS NULL) INTO opened;
    IF opened OR ended THEN
        PERFORM assetlink_internal.log_change('discovery', NULL, NULL, 'retry');
    END IF;
    RETURN again;
END
$$;
COMMENT ON FUNCTION assetlink_internal.retry_discovery()
    IS 'Sets parked items to pending when what they lack may have come, gives up those that waited too long, and forgets what is old; returns how many are tried again.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Who may do what

GRANT EXECUTE ON FUNCTION assetlink.discover(jsonb, text), assetlink.discovery_results(bigint) TO assetlink_emitter;
GRANT EXECUTE ON FUNCTION assetlink.enable_discovery(text, text[]), assetlink.disable_discovery(text) TO assetlink_integrator;
GRANT EXECUTE ON FUNCTION assetlink.check_source(text), assetlink_internal.discovery_findings(integer),
    assetlink_internal.discovery_rights()
TO assetlink_integrator, assetlink_operator;
GRANT SELECT ON assetlink_internal.discovery_target TO assetlink_integrator, assetlink_operator;
GRANT SELECT ON assetlink.discovery_payload, assetlink.discovery_result, assetlink.discovery_relation_result
TO assetlink_reader, assetlink_operator, assetlink_daemon;
-- UPDATE of the target is what LOCK TABLE asks for: one daemon at a time identifies.
GRANT SELECT, UPDATE ON assetlink_internal.discovery_target TO assetlink_daemon;
GRANT SELECT, UPDATE ON
    assetlink_internal.discovery_payload, assetlink_internal.discovery_item, assetlink_internal.discovery_relation
TO assetlink_daemon;
GRANT EXECUTE ON FUNCTION
    assetlink_internal.retry_discovery(), assetlink_internal.holders_digest(integer, integer[], text[]),
    assetlink_internal.check_discovery(jsonb, text), assetlink_internal.discovery_items(jsonb),
    assetlink_internal.discovery_relations(jsonb), assetlink_internal.did_you_mean(text, text[]),
    assetlink_internal.nearest(text, text[])
TO assetlink_daemon;
