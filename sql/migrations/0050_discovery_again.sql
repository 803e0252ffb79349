-- What discovery finds in the wrong place, and conflicts that only the CMDB can end.
SET LOCAL ROLE assetlink_owner;

CREATE OR REPLACE FUNCTION assetlink.resolve_conflict(
    conflict_id bigint, keep_source text, keep_id text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    k assetlink_internal.conflict;
    keep_source_id integer;
    keep_ref bigint;
    cis bigint[];
    losers bigint;
    wanted assetlink_internal.act;
    part assetlink_internal.act;
    number bigint;
BEGIN
    SELECT c.* INTO k FROM assetlink_internal.conflict c WHERE c.conflict_id = resolve_conflict.conflict_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no conflict %', conflict_id
            USING ERRCODE = 'no_data_found', HINT = 'See assetlink.conflict_queue.';
    END IF;
    IF k.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'conflict % was closed at %: %', conflict_id, k.closed_at, k.close_reason
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.conflict_queue for open ones.';
    END IF;
    IF k.kind = 'duplicate_ci_identity' THEN
        RAISE EXCEPTION 'conflict % is about CIs that discovery does not tell apart: neither pins nor blocks end it', conflict_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'Merge, correct or retire all but one of its CIs in the CMDB (see assetlink.conflict_member): then the item is tried again by itself, and the conflict is closed.';
    END IF;
    keep_source_id := assetlink_internal.source_of_side(
        keep_source, CASE WHEN k.asset_ref IS NULL THEN 'asset' ELSE 'ci' END);
    cis := ARRAY(
        SELECT m.ci_ref FROM assetlink_internal.conflict_ci m WHERE m.conflict_id = k.conflict_id ORDER BY m.ci_ref);
    IF k.asset_ref IS NULL THEN
        SELECT a.asset_ref INTO keep_ref
        FROM assetlink_internal.asset a
        WHERE a.source_id = keep_source_id
            AND a.key = keep_id
            AND EXISTS (
                SELECT
                FROM assetlink_internal.conflict_asset m
                WHERE m.conflict_id = k.conflict_id AND m.asset_ref = a.asset_ref);
        SELECT count(*) INTO losers
        FROM assetlink_internal.conflict_asset m
        WHERE m.conflict_id = k.conflict_id AND m.asset_ref <> keep_ref;
    ELSE
        SELECT c.ci_ref INTO keep_ref
        FROM assetlink_internal.ci c
        WHERE c.source_id = keep_source_id AND c.key = keep_id AND c.ci_ref = ANY (cis);
        losers := cardinality(cis) - 1;
    END IF;
    IF keep_ref IS NULL THEN
        RAISE EXCEPTION '% of source % is not in conflict %',
            coalesce(quote_literal(keep_id), 'null'), quote_literal(keep_source), conflict_id
            USING ERRCODE = 'no_data_found', HINT = 'See assetlink.conflict_member; keep one of its '
                || CASE WHEN k.asset_ref IS NULL THEN 'assets.' ELSE 'CIs.' END;
    END IF;
    IF losers > 1000 THEN
        RAISE EXCEPTION 'conflict % would need % blocks', conflict_id, losers
            USING ERRCODE = 'program_limit_exceeded',
                HINT = 'Correct the shared identifier at its source, or add it to assetlink.placeholder.';
    END IF;

    wanted.kind := 'resolve_conflict';
    wanted.conflict_id := k.conflict_id;
    wanted.reason := reason;
    IF k.asset_ref IS NULL THEN
        wanted.asset_source_id := keep_source_id;
        wanted.asset_id := keep_id;
    ELSE
        wanted.ci_source_id := keep_source_id;
        wanted.ci_id := keep_id;
    END IF;
    number := assetlink_internal.record_act(wanted, on_behalf_of);

    part.reason := reason;
    part.part_of := number;
    part.conflict_id := k.conflict_id;
    FOR part.kind, part.ci_source_id, part.ci_id, part.asset_source_id, part.asset_id IN
        SELECT p.kind, c.source_id, c.key, a.source_id, a.key
        FROM (
            -- CI-side: losers are the other candidates of each CI.
            SELECT DISTINCT 'block' AS kind, m.ci_ref, m.asset_ref
            FROM assetlink_internal.conflict_asset m
            WHERE k.asset_ref IS NULL AND m.conflict_id = k.conflict_id AND m.asset_ref <> keep_ref
            UNION ALL
            SELECT 'pin', cis[1], keep_ref
            WHERE k.asset_ref IS NULL AND cardinality(cis) = 1
            UNION ALL
            -- Asset-side: losers are the other claimants.
            SELECT 'block', m.ci_ref, k.asset_ref
            FROM unnest(cis) AS m (ci_ref)
            WHERE k.asset_ref IS NOT NULL AND m.ci_ref <> keep_ref
            UNION ALL
            SELECT 'pin', keep_ref, k.asset_ref
            WHERE k.asset_ref IS NOT NULL
        ) p
        JOIN assetlink_internal.ci c ON c.ci_ref = p.ci_ref
        JOIN assetlink_internal.asset a ON a.asset_ref = p.asset_ref
        -- What is pinned or blocked like that already stays as it is.
        WHERE NOT EXISTS (
            SELECT
            FROM assetlink_internal.pair_in_force f
            WHERE (f.kind, f.ci_source_id, f.ci_id, f.asset_source_id, f.asset_id)
                = (p.kind, c.source_id, c.key, a.source_id, a.key))
        ORDER BY p.kind, p.ci_ref, p.asset_ref
    LOOP
        PERFORM assetlink_internal.record_act(part, on_behalf_of);
    END LOOP;
    RETURN number;
END
$$;

-- What is contained in one CI and found in another one has moved.
CREATE OR REPLACE FUNCTION assetlink_internal.discovery_rights()
RETURNS TABLE (object text, is_sequence boolean, privilege text, columns text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
        ('cmdb.ci', false, 'INSERT', NULL),
        ('cmdb.ci', false, 'UPDATE',
            'ci_class, name, serial_number, uuid, asset_tag, manufacturer, model, cloud_resource_id, position, state, '
            'last_discovered_at, discovery_source, attributes'),
        ('cmdb.ci_ci_id_seq', true, 'USAGE', NULL),
        ('cmdb.ci_serial_number', false, 'INSERT', NULL),
        ('cmdb.ci_network_adapter', false, 'INSERT', NULL),
        ('cmdb.ci_relationship', false, 'INSERT', NULL),
        ('cmdb.ci_relationship', false, 'UPDATE', 'parent_ci_id, qualifiers'),
        ('cmdb.ci_related', false, 'SELECT', NULL),
        ('cmdb.ci_related', false, 'INSERT', NULL),
        ('cmdb.ci_related', false, 'UPDATE', '"values", last_discovered_at')
$$;

DO $do$
BEGIN
    IF EXISTS (SELECT FROM assetlink_internal.discovery_target) THEN
        GRANT UPDATE (parent_ci_id) ON cmdb.ci_relationship TO assetlink_daemon;
    END IF;
END
$do$;
