-- works from: 0052
-- No function of ours looks names up in its caller's search path: those that were written as texts are bound when they
-- are made (and can still be inlined), those of triggers fix their path. Results are the same.
SET LOCAL ROLE assetlink_owner;

CREATE OR REPLACE FUNCTION assetlink_internal.serial_form(raw text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(
    upper(regexp_replace(
        btrim(regexp_replace(normalize(raw, NFKC),
            U&'[\0001-\001F\007F-\009F\00AD\200B-\200F\202A-\202E\2060-\2064\FEFF]', '', 'g')),
        '\s+', ' ', 'g') COLLATE "C"), '');

CREATE OR REPLACE FUNCTION assetlink_internal.uuid_orders(digits text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT ARRAY[digits, one || substr(digits, 9), left(digits, 8) || two || right(digits, 16), one || two || right(digits, 16)]
    FROM (
        SELECT
            substr(digits, 7, 2) || substr(digits, 5, 2) || substr(digits, 3, 2) || left(digits, 2),
            substr(digits, 11, 2) || substr(digits, 9, 2) || substr(digits, 15, 2) || substr(digits, 13, 2)
    ) w (one, two);
END;

CREATE OR REPLACE FUNCTION assetlink_internal.uuid_form(raw text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN d.digits ~ '^[0-9a-f]{32}$' THEN
        (SELECT min(o.digits COLLATE "C") FROM unnest(assetlink_internal.uuid_orders(d.digits)) o (digits))
    END
    FROM (SELECT translate(regexp_replace(lower(btrim(raw)), '^vmware-', ''), '{}- ', '')) d (digits);
END;

CREATE OR REPLACE FUNCTION assetlink_internal.orphan_step(
    reason text, cause_kind text, cause text, suppressed_by text, asset text, cause_at timestamptz, seen timestamptz
) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE reason
    WHEN 'no_matching_asset' THEN
        coalesce(
            format('Register an asset with %s "%s", or correct one that means it.', translate(cause_kind, '_', ' '), cause),
            'Register the asset under its parent''s, or correct its place there.')
    WHEN 'asset_decommissioned' THEN
        coalesce(format('Asset %s (%s) was decommissioned', asset, cause), 'Its asset was decommissioned')
        || coalesce(to_char(cause_at, ' "on" YYYY-MM-DD'), '')
        || CASE
            WHEN seen > cause_at THEN to_char(seen, '", and the CI was seen since, on "YYYY-MM-DD": ')
                || 'correct the asset''s state, or find out what answers.'
            ELSE '; the CI was not seen since: retire it, or correct the asset''s state if it runs.'
        END
    WHEN 'asset_deleted' THEN
        coalesce(format('Asset %s (%s) was deleted', asset, cause), 'Its asset was deleted')
        || coalesce(to_char(cause_at, ' "on" YYYY-MM-DD'), '')
        || CASE
            WHEN seen > cause_at THEN to_char(seen, '", and the CI was seen since, on "YYYY-MM-DD": ')
                || 'register the asset again.'
            ELSE '; the CI was not seen since: retire it, or register the asset again if it runs.'
        END
    WHEN 'blocked_by_operator' THEN format('Unblock asset %s (decision %s), or pin another.', asset, cause)
    WHEN 'suspect_identifier' THEN
        format('Too many records hold the %s "%s": trust it if it is real, correct it if not.',
            translate(cause_kind, '_', ' '), cause)
    WHEN 'placeholder_identifier' THEN CASE suppressed_by
        WHEN 'malformed' THEN
            format('"%s" cannot be read as a %s: have the real one discovered.', cause, translate(cause_kind, '_', ' '))
        ELSE
            format('The %s "%s" is a placeholder (%s): have the real one discovered.',
                translate(cause_kind, '_', ' '), cause, replace(suppressed_by, 'placeholder ', ''))
        END
    WHEN 'parent_not_linked' THEN format('Get the parent, CI %s, linked first.', cause)
    WHEN 'parent_cycle' THEN format('The parents form a ring: correct the parent, now CI %s.', cause)
    WHEN 'incomplete' THEN format('Fill in what the rule requires: %s.', coalesce(cause, 'see its class'))
    WHEN 'no_identifier' THEN format('Have an identifier discovered that the rule of %s reads, or pin.', cause)
END;

CREATE OR REPLACE FUNCTION assetlink_internal.unusable_value(evidence jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(
    jsonb_path_query_first(evidence, '$[*] ? (@.s starts with "placeholder" || @.s == "malformed")') ->> 'c',
    jsonb_path_query_first(evidence, '$[*] ? (@.s starts with "placeholder" || @.s == "malformed")') ->> 'r');

CREATE OR REPLACE FUNCTION assetlink_internal.unknown_links(reason text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE reason
    WHEN 'placeholder_identifier' THEN 'which asset the real value finds shows only when it is discovered'
    WHEN 'no_identifier' THEN 'which asset an identifier finds shows only when it is discovered'
    WHEN 'incomplete' THEN 'what a complete record matches shows only when it is complete'
    WHEN 'parent_not_linked' THEN 'what they match depends on the asset that the parent gets'
    WHEN 'parent_cycle' THEN 'what they match depends on the parent that is meant'
    WHEN 'no_matching_asset' THEN 'what they match depends on the asset that the parent has'
END;

ALTER FUNCTION assetlink_internal.note_orphan_class() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION assetlink_internal.change_orphan_class() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION assetlink_internal.change_orphan_value() SET search_path = pg_catalog, pg_temp;

COMMENT ON TRIGGER touch ON itam.asset IS 'Keeps updated_at.';
COMMENT ON TRIGGER touch ON cmdb.ci IS 'Keeps updated_at.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Which programs a migration leaves at work.

ALTER TABLE assetlink.schema_version ADD COLUMN IF NOT EXISTS works_from integer;
COMMENT ON COLUMN assetlink.schema_version.works_from IS 'The oldest version whose programs go on working with this migration applied; null = only programs that know it.';
