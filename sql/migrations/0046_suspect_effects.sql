-- What trusting a suspect value would do, in numbers.
SET LOCAL ROLE assetlink_owner;

CREATE OR REPLACE VIEW assetlink.suspect_identifier AS
SELECT
    v.kind,
    v.value,
    c.holders AS ci_holders,
    a.holders AS asset_holders,
    v.since,
    CASE
        WHEN a.holders = 0 THEN 'Nothing is linked: no eligible asset holds it.'
        WHEN a.holders > 1 AND c.holders > 0 THEN 'Conflicts of ' || a.holders || ' assets (duplicate_asset) unless other values tell them apart.'
        WHEN c.holders = 1 THEN 'One CI may link to one asset.'
        WHEN c.holders > 1 THEN c.holders || ' CIs claim one asset (duplicate_ci).'
        ELSE 'Nothing is linked: no CI holds it.'
    END AS if_trusted,
    'Correct it at its source, add it to assetlink.placeholder if it means "not filled in", or trust_identifier if it is real.'
        AS remedy,
    CASE WHEN a.holders = 1 THEN c.links ELSE 0 END AS links_gained,
    CASE WHEN a.holders = 1 THEN c.contested WHEN a.holders > 1 AND c.waiting > 0 THEN 1 ELSE 0 END AS conflicts_opened
FROM assetlink_internal.suspect_value v
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(s.holders), 0)::bigint AS holders,
        coalesce(sum(s.waiting), 0)::bigint AS waiting,
        coalesce(sum(CASE WHEN s.waiting = 1 THEN 1 ELSE 0 END), 0)::bigint AS links,
        count(*) FILTER (WHERE s.waiting > 1) AS contested
    FROM (
        SELECT count(*) AS holders, count(*) FILTER (WHERE d.state = 'orphaned') AS waiting
        FROM assetlink_internal.ci_value h
        LEFT JOIN assetlink_internal.ci_decision d ON d.ci_ref = h.ci_ref
        WHERE h.kind = v.kind AND h.value = v.value AND h.counted
        GROUP BY h.source_id) s
) c
CROSS JOIN LATERAL (
    SELECT count(*) AS holders
    FROM assetlink_internal.asset_value h
    WHERE h.kind = v.kind AND h.value = v.value AND h.counted
) a
ORDER BY v.since, v.kind, v.value;
COMMENT ON COLUMN assetlink.suspect_identifier.links_gained IS 'Links that trusting it would make, by this value alone: orphaned CIs that are the only ones of their source with it, where one asset that is not composite holds it. assetlinkctl rules preview --trust says exactly.';
COMMENT ON COLUMN assetlink.suspect_identifier.conflicts_opened IS 'Conflicts that trusting it would open, by this value alone: of several assets one; of one asset one for each source of which several orphaned CIs hold it.';
