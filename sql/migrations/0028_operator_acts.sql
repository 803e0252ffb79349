-- What operators did and what became of it: an act is recorded at once and taken up by a batch, whose audit rows tell
-- its effect.
SET LOCAL ROLE assetlink_owner;

-- The audit row of an act, found by its number; rows of transitions are not in it.
CREATE INDEX audit_of_act ON assetlink_internal.audit (((evidence::jsonb ->> 'act')::bigint))
WHERE action IN (
    'pin', 'unpin', 'block', 'unblock', 'requeue', 'close_stale_link', 'set_composite', 'unset_composite',
    'trust_identifier', 'distrust_identifier', 'resolve_conflict', 'approve_held', 'drop_held', 'replay_dead_letter',
    'resync', 'detach_source');
COMMENT ON INDEX assetlink_internal.audit_of_act IS 'The batch that took an act up.';

CREATE VIEW assetlink.operator_act AS
SELECT
    d.act_id,
    d.kind,
    cs.name AS ci_source,
    d.ci_id,
    s.name AS asset_source,
    d.asset_id,
    fs.name AS source,
    d.link_id,
    d.conflict_id,
    d.dead_letter_id,
    d.identifier_kind,
    d.identifier_value,
    coalesce(d.decided_by || ' for ' || d.given_name, d.decided_by) AS decided_by,
    d.reason,
    d.decided_at,
    d.expires_at,
    d.part_of,
    t.at AS taken_up_at,
    t.batch_id
FROM assetlink_internal.act d
LEFT JOIN assetlink_internal.source cs ON cs.source_id = d.ci_source_id
LEFT JOIN assetlink_internal.source s ON s.source_id = d.asset_source_id
LEFT JOIN assetlink_internal.source fs ON fs.source_id = d.source_id
LEFT JOIN LATERAL (
    SELECT a.at, a.batch_id
    FROM assetlink_internal.audit a
    WHERE (a.evidence::jsonb ->> 'act')::bigint = d.act_id
        AND a.action IN (
            'pin', 'unpin', 'block', 'unblock', 'requeue', 'close_stale_link', 'set_composite', 'unset_composite',
            'trust_identifier', 'distrust_identifier', 'resolve_conflict', 'approve_held', 'drop_held',
            'replay_dead_letter', 'resync', 'detach_source')
    ORDER BY a.batch_id
    LIMIT 1
) t ON true;

COMMENT ON VIEW assetlink.operator_act IS 'Everything that operators ever did, and the batch that took it up.';
COMMENT ON COLUMN assetlink.operator_act.act_id IS 'Its number, as the function that recorded it returned it.';
COMMENT ON COLUMN assetlink.operator_act.kind IS 'What was done: the name of the function, or unset_composite.';
COMMENT ON COLUMN assetlink.operator_act.ci_source IS 'The CI''s source; null where it is about no CI.';
COMMENT ON COLUMN assetlink.operator_act.ci_id IS 'The CI''s id in its source, as text; null where it is about no CI.';
COMMENT ON COLUMN assetlink.operator_act.asset_source IS 'The asset''s source; null where it is about no asset.';
COMMENT ON COLUMN assetlink.operator_act.asset_id IS 'The asset''s id in its source, as text; null where it is about no asset.';
COMMENT ON COLUMN assetlink.operator_act.source IS 'The source that is held, read again or detached.';
COMMENT ON COLUMN assetlink.operator_act.link_id IS 'The stale link that is closed.';
COMMENT ON COLUMN assetlink.operator_act.conflict_id IS 'The conflict that is resolved.';
COMMENT ON COLUMN assetlink.operator_act.dead_letter_id IS 'The rejected event that is replayed.';
COMMENT ON COLUMN assetlink.operator_act.identifier_kind IS 'The kind of the identifier that is trusted or not.';
COMMENT ON COLUMN assetlink.operator_act.identifier_value IS 'Its canonical value.';
COMMENT ON COLUMN assetlink.operator_act.decided_by IS 'The database role, and the person that a trusted front end named.';
COMMENT ON COLUMN assetlink.operator_act.reason IS 'Why, in the operator''s words.';
COMMENT ON COLUMN assetlink.operator_act.decided_at IS 'When it was recorded.';
COMMENT ON COLUMN assetlink.operator_act.expires_at IS 'When it ends by itself; null: never.';
COMMENT ON COLUMN assetlink.operator_act.part_of IS 'The act that it is a part of: a resolved conflict makes pins and blocks.';
COMMENT ON COLUMN assetlink.operator_act.taken_up_at IS 'When a batch took it up; null: not yet.';
COMMENT ON COLUMN assetlink.operator_act.batch_id IS 'That batch; its rows in the audit are the effect.';

GRANT SELECT ON assetlink.operator_act TO assetlink_reader, assetlink_operator, assetlink_daemon;
