-- works from: 0052
-- A new installation has no statistics, and then all indexes that a lookup may use look the same to the planner. A partial
-- index may be used wherever its condition holds, even read whole: lookups of live CIs by source and key read ci_discovered
-- instead, half of the time of a first link of 30,000 CIs. What is looked for by its last discovery has one; with that in the
-- condition no other lookup implies it.
SET LOCAL ROLE assetlink_owner;

DROP INDEX assetlink_internal.ci_discovered;
CREATE INDEX ci_discovered ON assetlink_internal.ci (last_discovered_at, class, ci_ref, source_id)
    WHERE deleted_at IS NULL AND last_discovered_at IS NOT NULL;
COMMENT ON INDEX assetlink_internal.ci_discovered IS 'CIs by last discovery, for aged links.';
