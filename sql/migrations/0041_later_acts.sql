-- Which of two acts counts is decided by their numbers, not by who commits last: a batch that takes an act in looks for
-- later ones about the same thing. Those about a CI have their index.
SET LOCAL ROLE assetlink_owner;

CREATE INDEX act_of_composite ON assetlink_internal.act (asset_source_id, asset_id, act_id)
WHERE kind IN ('set_composite', 'unset_composite');
COMMENT ON INDEX assetlink_internal.act_of_composite IS 'Later marks of the same asset.';
