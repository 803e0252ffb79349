-- What others may read: owner-rights views, schema-qualified, ids as text, keyed so that one record is an index probe.
SET LOCAL ROLE assetlink_owner;

-- ---------------------------------------------------------------------------------------------------------------------
-- Shared by the views below.

-- UNION, not UNION ALL: a ring of classes ends the walk.
CREATE VIEW assetlink_internal.class_age (class, aged_after_days) AS
WITH RECURSIVE up (class, next, days) AS (
    SELECT c.class, c.parent, c.aged_after_days
    FROM assetlink.ci_class c
    UNION
    SELECT up.class, p.parent, p.aged_after_days
    FROM up
    JOIN assetlink.ci_class p ON p.class = up.next
    WHERE up.days IS NULL
)
SELECT up.class, coalesce(max(up.days), 60)
FROM up
GROUP BY up.class;

-- Each branch is a probe by conflict and a probe by asset. An asset may appear more than once.
CREATE VIEW assetlink_internal.conflict_asset (conflict_id, asset_ref, ci_ref) AS
SELECT k.conflict_id, k.asset_ref, NULL::bigint
FROM assetlink_internal.conflict k
WHERE k.closed_at IS NULL
    AND k.asset_ref IS NOT NULL
UNION ALL
SELECT d.conflict_id, d.candidate_asset, d.ci_ref
FROM assetlink_internal.ci_decision d
WHERE d.state = 'conflicted'
    AND d.reason = 'contradicting_evidence'
    AND d.conflict_id IS NOT NULL
    AND d.candidate_asset IS NOT NULL
UNION ALL
SELECT d.conflict_id, ak.asset_ref, d.ci_ref
FROM assetlink_internal.ci_decision d
JOIN assetlink_internal.source s ON s.source_id = d.source_id
JOIN assetlink_internal.ci_key ck ON ck.ci_ref = d.ci_ref AND ck.space_id = d.entry_space
JOIN assetlink_internal.asset_key ak ON ak.space_id = ck.space_id AND ak.key = ck.key AND ak.standing = 0
WHERE d.state = 'conflicted'
    AND d.reason = 'duplicate_asset'
    AND d.conflict_id IS NOT NULL
    AND (s.asset_sources IS NULL OR ak.source_id = ANY (s.asset_sources))
    AND NOT EXISTS (
        SELECT
        FROM assetlink_internal.ci c
        JOIN assetlink_internal.asset a ON a.asset_ref = ak.asset_ref
        JOIN assetlink_internal.pair_in_force p
            ON (p.kind, p.ci_source_id, p.ci_id, p.asset_source_id, p.asset_id)
                = ('block', c.source_id, c.key, a.source_id, a.key)
        WHERE c.ci_ref = d.ci_ref);

-- Every CI in an open conflict, the winner of an asset-side one too.
CREATE VIEW assetlink_internal.conflict_ci (conflict_id, ci_ref, since) AS
SELECT k.conflict_id, d.ci_ref, d.since
FROM assetlink_internal.conflict k
JOIN assetlink_internal.ci_decision d ON d.conflict_id = k.conflict_id
WHERE k.closed_at IS NULL
    AND k.asset_ref IS NULL
UNION ALL
SELECT k.conflict_id, d.ci_ref, CASE WHEN d.state = 'conflicted' THEN d.since ELSE k.opened_at END
FROM assetlink_internal.conflict k
JOIN assetlink_internal.ci_decision d ON d.claim_asset = k.asset_ref AND d.source_id = k.ci_source_id
WHERE k.closed_at IS NULL;

-- Changes that no batch has taken in: what the newest batch's snapshot does not see.
CREATE VIEW assetlink_internal.pending_change (source_id, topic, key, cause, logged_at) AS
SELECT w.source_id, w.topic, w.key, w.cause, w.logged_at
FROM (
    SELECT coalesce(
        (SELECT b.snapshot FROM assetlink_internal.batch b ORDER BY b.batch_id DESC LIMIT 1),
        '1:1:'::pg_snapshot) AS snapshot
) n
CROSS JOIN LATERAL (
    SELECT pg_snapshot_xmax(n.snapshot) AS xmax, ARRAY(SELECT pg_snapshot_xip(n.snapshot)) AS xip
) x
CROSS JOIN LATERAL (
    SELECT l.source_id, l.topic, l.key, l.cause, l.logged_at
    FROM assetlink_internal.change_log_0 l
    WHERE l.xid >= x.xmax OR l.xid = ANY (x.xip)
    UNION ALL
    SELECT l.source_id, l.topic, l.key, l.cause, l.logged_at
    FROM assetlink_internal.change_log_1 l
    WHERE l.xid >= x.xmax OR l.xid = ANY (x.xip)
    UNION ALL
    SELECT l.source_id, l.topic, l.key, l.cause, l.logged_at
    FROM assetlink_internal.change_log_2 l
    WHERE l.xid >= x.xmax OR l.xid = ANY (x.xip)
) w;

-- The canonical form of a serial number as far as SQL can tell: good enough for suggestions and hints, never for a link.
CREATE FUNCTION assetlink_internal.serial_form(raw text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT nullif(upper(regexp_replace(
        btrim(regexp_replace(normalize(raw, NFKC),
            U&'[\0001-\001F\007F-\009F\00AD\200B-\200F\202A-\202E\2060-\2064\FEFF]', '', 'g')),
        '\s+', ' ', 'g') COLLATE "C"), '')
$$;

-- By serial number: as far as it is watched for suspects, and as far as an entry compares single serials, whose keys are
-- the canonical values themselves.
CREATE VIEW assetlink_internal.asset_serial (value, asset_ref) AS
SELECT v.value, v.asset_ref
FROM assetlink_internal.asset_value v
WHERE v.kind = 'serial'
UNION ALL
SELECT ak.key, ak.asset_ref
FROM assetlink_internal.key_space s
JOIN assetlink_internal.asset_key ak ON ak.space_id = s.space_id
WHERE s.signature IN ('serial_number', 'serials[any]');

-- ---------------------------------------------------------------------------------------------------------------------
-- States.

-- The inherited asset is worked out only where it is asked for: the join to it falls away otherwise.
CREATE VIEW assetlink.ci_state AS
SELECT
    s.name AS ci_source,
    x.key AS ci_id,
    x.ci_class,
    x.name,
    x.state,
    x.reason,
    x.since,
    ls.name AS asset_source,
    la.key AS asset_id,
    x.link_id,
    CASE WHEN x.state = 'linked' THEN CASE WHEN x.claim_manual THEN 'manual' ELSE 'automatic' END END AS method,
    CASE WHEN x.state = 'linked' AND NOT x.claim_manual THEN x.rule END AS rule,
    CASE WHEN x.state = 'linked' AND NOT x.claim_manual THEN x.entry_priority END AS entry_priority,
    CASE WHEN x.state = 'linked' AND NOT x.claim_manual THEN x.matched_on END AS matched_on,
    ia.key AS inherited_asset_id,
    x.last_discovered_at,
    ins.name AS inherited_asset_source
FROM (
    SELECT
        c.source_id, c.key, c.ci_class, c.name, c.last_discovered_at,
        d.state, d.reason, d.since, d.link_id, d.claim_manual, d.rule, d.entry_priority, d.matched_on,
        CASE WHEN d.state = 'linked' THEN d.claim_asset END AS linked_asset,
        CASE WHEN d.reason = 'class_excluded' AND c.parent_ci_id IS NOT NULL THEN (
            -- Up the parents to the end, or until one comes again: only so a ring that the CI is on is seen.
            WITH RECURSIVE up AS (
                SELECT 1 AS depth, p.ci_ref, p.parent_ci_id, pd.state, pd.claim_asset
                FROM assetlink_internal.ci p
                JOIN assetlink_internal.ci_decision pd ON pd.ci_ref = p.ci_ref
                WHERE p.source_id = c.source_id AND p.key = c.parent_ci_id
                UNION ALL
                SELECT up.depth + 1, p.ci_ref, p.parent_ci_id, pd.state, pd.claim_asset
                FROM up
                JOIN assetlink_internal.ci p ON p.source_id = c.source_id AND p.key = up.parent_ci_id
                JOIN assetlink_internal.ci_decision pd ON pd.ci_ref = p.ci_ref
            ) CYCLE ci_ref SET looped USING path
            SELECT CASE WHEN NOT bool_or(up.ci_ref = c.ci_ref) THEN
                (array_agg(CASE WHEN up.state = 'linked' THEN up.claim_asset END ORDER BY up.depth)
                    FILTER (WHERE up.state IN ('linked', 'conflicted')))[1]
            END
            FROM up
        ) END AS inherited_asset
    FROM assetlink_internal.ci c
    JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref
) x
JOIN assetlink_internal.source s ON s.source_id = x.source_id
LEFT JOIN assetlink_internal.asset la ON la.asset_ref = x.linked_asset
LEFT JOIN assetlink_internal.source ls ON ls.source_id = la.source_id
LEFT JOIN assetlink_internal.asset ia ON ia.asset_ref = x.inherited_asset
LEFT JOIN assetlink_internal.source ins ON ins.source_id = ia.source_id;

CREATE VIEW assetlink.asset_state AS
SELECT
    s.name AS asset_source,
    a.key AS asset_id,
    a.asset_tag,
    a.serial_number,
    a.phase AS lifecycle_phase,
    a.lifecycle_raw,
    CASE
        WHEN a.standing = 1 THEN 'ended'
        WHEN a.ci_count > 0 THEN 'linked'
        WHEN EXISTS (SELECT FROM assetlink_internal.conflict_asset m WHERE m.asset_ref = a.asset_ref) THEN 'conflicted'
        ELSE 'unlinked'
    END AS state,
    a.since,
    a.ci_count
FROM assetlink_internal.asset a
JOIN assetlink_internal.source s ON s.source_id = a.source_id
WHERE a.standing < 2;

-- ---------------------------------------------------------------------------------------------------------------------
-- Links, conflicts, decisions, audit.

CREATE VIEW assetlink.link AS
SELECT
    l.link_id,
    cs.name AS ci_source,
    l.ci_id,
    s.name AS asset_source,
    l.asset_id,
    l.status,
    l.method,
    l.rule,
    l.entry_priority,
    l.matched_on,
    l.linked_at,
    l.linked_by,
    l.stale_at,
    l.stale_reason,
    l.closed_at,
    l.closed_by,
    l.close_reason,
    l.predecessor_link_id
FROM assetlink_internal.link l
JOIN assetlink_internal.source cs ON cs.source_id = l.ci_source_id
JOIN assetlink_internal.source s ON s.source_id = l.asset_source_id;

CREATE VIEW assetlink.link_period AS
SELECT
    p.link_id,
    p.status,
    p.reason,
    f.committed_at AS from_at,
    t.committed_at AS to_at,
    p.from_batch,
    p.to_batch
FROM assetlink_internal.link_period p
LEFT JOIN assetlink_internal.batch f ON f.batch_id = p.from_batch
LEFT JOIN assetlink_internal.batch t ON t.batch_id = p.to_batch;

CREATE VIEW assetlink.conflict AS
SELECT k.conflict_id, k.kind, k.matched_on, k.opened_at, k.closed_at, k.close_reason, k.closed_by
FROM assetlink_internal.conflict k;

CREATE VIEW assetlink.conflict_member AS
SELECT m.conflict_id, 'ci'::text AS side, s.name AS source, c.key AS id, m.since
FROM assetlink_internal.conflict_ci m
JOIN assetlink_internal.ci c ON c.ci_ref = m.ci_ref
JOIN assetlink_internal.source s ON s.source_id = c.source_id
UNION ALL
SELECT m.conflict_id, 'asset'::text, s.name, a.key, k.opened_at
FROM (SELECT DISTINCT ca.conflict_id, ca.asset_ref FROM assetlink_internal.conflict_asset ca) m
JOIN assetlink_internal.conflict k ON k.conflict_id = m.conflict_id
JOIN assetlink_internal.asset a ON a.asset_ref = m.asset_ref
JOIN assetlink_internal.source s ON s.source_id = a.source_id;

CREATE VIEW assetlink.operator_decision AS
SELECT
    d.act_id AS decision_id,
    d.kind,
    cs.name AS ci_source,
    d.ci_id,
    s.name AS asset_source,
    d.asset_id,
    coalesce(d.decided_by || ' for ' || d.given_name, d.decided_by) AS decided_by,
    d.reason,
    d.decided_at,
    d.expires_at,
    e.ended_at,
    e.ended_by,
    CASE
        WHEN e.act_id IS NOT NULL THEN 'ended'
        WHEN d.kind = 'pin' AND (
            NOT EXISTS (
                SELECT
                FROM assetlink_internal.asset a
                WHERE a.source_id = d.asset_source_id AND a.key = d.asset_id AND a.standing = 0)
            OR NOT EXISTS (
                SELECT
                FROM assetlink_internal.ci c
                JOIN assetlink_internal.ci_decision cd ON cd.ci_ref = c.ci_ref
                WHERE c.source_id = d.ci_source_id AND c.key = d.ci_id AND cd.state <> 'excluded'))
            THEN 'void'
        ELSE 'in_force'
    END AS effect,
    e.reason AS end_reason,
    d.part_of,
    e.act_id IS NULL AND NOT EXISTS (
        SELECT
        FROM assetlink_internal.pair_in_force p
        WHERE (p.kind, p.ci_source_id, p.ci_id, p.asset_source_id, p.asset_id)
                = (d.kind, d.ci_source_id, d.ci_id, d.asset_source_id, d.asset_id)
            AND p.act_id = d.act_id) AS pending
FROM assetlink_internal.act d
JOIN assetlink_internal.source cs ON cs.source_id = d.ci_source_id
JOIN assetlink_internal.source s ON s.source_id = d.asset_source_id
LEFT JOIN assetlink_internal.act_end e ON e.act_id = d.act_id
WHERE d.kind IN ('pin', 'block');

CREATE VIEW assetlink.audit AS
SELECT
    a.audit_id,
    a.at,
    a.actor,
    a.action,
    a.ci_source,
    a.ci_id,
    a.asset_source,
    a.asset_id,
    a.link_id,
    a.from_state,
    a.to_state,
    a.reason,
    a.rule_set_version,
    a.evidence::jsonb AS evidence,
    a.cause::jsonb AS cause,
    a.batch_id
FROM assetlink_internal.audit a;

-- ---------------------------------------------------------------------------------------------------------------------
-- Why a CI is what it is.

CREATE VIEW assetlink.ci_evidence AS
SELECT
    s.name AS ci_source,
    c.key AS ci_id,
    c.rule,
    e.p AS entry_priority,
    e.t AS entry_type,
    e.k AS kind,
    e.r AS raw_value,
    e.c AS canonical_value,
    e.s AS suppressed_by,
    n.eligible AS eligible_assets,
    n.ended AS ended_assets,
    n.deleted AS deleted_assets,
    h.sharing AS cis_sharing,
    CASE
        WHEN e.s IS NOT NULL THEN 'suppressed'
        WHEN d.state = 'excluded' OR d.reason = 'incomplete' THEN 'not reached'
        WHEN d.claim_manual THEN 'overruled by pin'
        WHEN d.entry_priority < e.p THEN 'not reached'
        WHEN e.key IS NULL THEN 'no key'
        WHEN y.key IS NULL THEN
            CASE d.reason WHEN 'parent_cycle' THEN 'parent on a ring' ELSE 'parent not linked' END
        WHEN d.entry_priority = e.p AND n.eligible > 0 THEN
            CASE
                WHEN d.state = 'linked' THEN 'matched'
                WHEN d.reason = 'duplicate_asset' THEN 'several assets'
                WHEN d.reason = 'contradicting_evidence' THEN 'contradicted'
                WHEN d.reason = 'duplicate_ci' THEN 'several CIs'
                ELSE 'asset already linked'
            END
        WHEN n.eligible > 0 THEN 'blocked'
        WHEN n.ended > 0 THEN 'asset ended'
        WHEN n.deleted > 0 THEN 'asset deleted'
        ELSE 'no candidate'
    END AS outcome,
    e.a AS attribute,
    e.ty AS serial_type,
    coalesce(y.key, e.key) AS match_key
FROM assetlink_internal.ci c
JOIN assetlink_internal.ci_decision d ON d.ci_ref = c.ci_ref
JOIN assetlink_internal.source s ON s.source_id = c.source_id
CROSS JOIN LATERAL jsonb_to_recordset(c.evidence) AS e (
    p integer, t text, k text, a text, ty text, r text, c text, s text, sp integer, key text)
-- The key of a dependent entry starts with the parent's asset, which was not known when the values were read: it is the
-- stored key that ends like the one in the evidence.
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN e.t <> 'dependent' OR e.key IS NULL THEN e.key
        ELSE (
            SELECT ck.key
            FROM assetlink_internal.ci_key ck
            WHERE ck.ci_ref = c.ci_ref AND ck.space_id = e.sp
            ORDER BY right(ck.key, length(e.key) - 1) = substr(e.key, 2) DESC
            LIMIT 1)
    END AS key
) y
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE ak.standing = 0) AS eligible,
        count(*) FILTER (WHERE ak.standing = 1) AS ended,
        count(*) FILTER (WHERE ak.standing = 2) AS deleted
    FROM assetlink_internal.asset_key ak
    WHERE ak.space_id = e.sp
        AND ak.key = y.key
        AND (s.asset_sources IS NULL OR ak.source_id = ANY (s.asset_sources))
) n
CROSS JOIN LATERAL (
    SELECT count(*) AS sharing
    FROM assetlink_internal.ci_key ck
    WHERE ck.space_id = e.sp AND ck.key = y.key
) h;
