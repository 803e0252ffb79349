-- What operators do. Each function checks its arguments, inserts into the list of acts and into the change log, and
-- returns the act's id at once; the batch that takes the act in does the rest, and audits it.
SET LOCAL ROLE assetlink_owner;

-- ---------------------------------------------------------------------------------------------------------------------
-- Shared; granted to nobody: the functions below run as their owner.

CREATE FUNCTION assetlink_internal.source_of_side(source text, side text, even_detached boolean DEFAULT false)
RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found assetlink_internal.source := assetlink_internal.source_named(source);
BEGIN
    IF found.side <> source_of_side.side THEN
        RAISE EXCEPTION 'source % has %, not %', quote_literal(source),
            CASE found.side WHEN 'ci' THEN 'CIs' ELSE 'assets' END,
            CASE found.side WHEN 'ci' THEN 'assets' ELSE 'CIs' END
            USING ERRCODE = 'wrong_object_type',
                HINT = 'Name a source of CIs for the CI, and a source of assets for the asset.';
    END IF;
    IF found.detached_at IS NOT NULL AND NOT even_detached THEN
        RAISE EXCEPTION 'source % was detached at %', quote_literal(source), found.detached_at
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Attach it again first.';
    END IF;
    RETURN found.source_id;
END
$$;
COMMENT ON FUNCTION assetlink_internal.source_of_side(text, text, boolean)
    IS 'The number of a source that must be of that side, or an error.';

CREATE FUNCTION assetlink_internal.known_ci(ci_source text, ci_id text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number integer := assetlink_internal.source_of_side(ci_source, 'ci');
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM assetlink_internal.ci c
        WHERE c.source_id = number AND c.key = ci_id AND c.deleted_at IS NULL)
    THEN
        RAISE EXCEPTION 'CI % of source % is not known', coalesce(quote_literal(ci_id), 'null'), quote_literal(ci_source)
            USING ERRCODE = 'no_data_found',
                HINT = 'See assetlink.ci_state. A CI that was just added is known once the daemon has read it; a deleted one is not.';
    END IF;
    RETURN number;
END
$$;
COMMENT ON FUNCTION assetlink_internal.known_ci(text, text) IS 'The number of the source of a CI that must be known, or an error.';

CREATE FUNCTION assetlink_internal.known_asset(asset_source text, asset_id text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number integer := assetlink_internal.source_of_side(asset_source, 'asset');
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM assetlink_internal.asset a
        WHERE a.source_id = number AND a.key = asset_id AND a.standing < 2)
    THEN
        RAISE EXCEPTION 'asset % of source % is not known', coalesce(quote_literal(asset_id), 'null'), quote_literal(asset_source)
            USING ERRCODE = 'no_data_found',
                HINT = 'See assetlink.asset_state. An asset that was just added is known once the daemon has read it; a deleted one is not.';
    END IF;
    RETURN number;
END
$$;
COMMENT ON FUNCTION assetlink_internal.known_asset(text, text)
    IS 'The number of the source of an asset that must be known, or an error.';

CREATE FUNCTION assetlink_internal.check_expiry(expires_at timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'it would have expired already, at %', expires_at
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a time to come, or null for no expiry.';
    END IF;
    RETURN nullif(expires_at, 'infinity');
END
$$;
COMMENT ON FUNCTION assetlink_internal.check_expiry(timestamptz) IS 'An expiry that must be to come, or an error.';

-- The one place that writes an act.
CREATE FUNCTION assetlink_internal.record_act(wanted assetlink_internal.act, on_behalf_of text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint;
BEGIN
    IF coalesce(btrim(wanted.reason), '') = '' THEN
        RAISE EXCEPTION 'a reason is needed'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Say why: it is kept in the audit.';
    END IF;
    IF on_behalf_of IS NOT NULL THEN
        IF NOT pg_has_role(session_user, 'assetlink_delegate', 'MEMBER') THEN
            RAISE EXCEPTION 'role % may not act for another person', quote_ident(session_user)
                USING ERRCODE = 'insufficient_privilege',
                    HINT = 'Leave on_behalf_of out, or have the role granted assetlink_delegate.';
        END IF;
        IF btrim(on_behalf_of) = '' THEN
            RAISE EXCEPTION 'on_behalf_of is empty'
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the person, or pass null.';
        END IF;
    END IF;
    INSERT INTO assetlink_internal.act (
        kind, ci_source_id, ci_id, asset_source_id, asset_id, link_id, conflict_id, dead_letter_id, source_id,
        identifier_kind, identifier_value, reason, decided_by, given_name, expires_at, part_of)
    VALUES (
        wanted.kind, wanted.ci_source_id, wanted.ci_id, wanted.asset_source_id, wanted.asset_id, wanted.link_id,
        wanted.conflict_id, wanted.dead_letter_id, wanted.source_id, wanted.identifier_kind, wanted.identifier_value,
        btrim(wanted.reason), session_user, btrim(on_behalf_of), wanted.expires_at, wanted.part_of)
    RETURNING act_id INTO number;
    PERFORM assetlink_internal.log_change('act', NULL, number::text, 'operator');
    RETURN number;
END
$$;
COMMENT ON FUNCTION assetlink_internal.record_act(assetlink_internal.act, text)
    IS 'Stores an act with who did it and for whom, and queues it; returns its id.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Pins and blocks.

CREATE FUNCTION assetlink.pin(
    ci_source text, ci_id text, asset_source text, asset_id text, reason text,
    expires_at timestamptz DEFAULT NULL, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    wanted.kind := 'pin';
    wanted.ci_source_id := assetlink_internal.known_ci(ci_source, ci_id);
    wanted.ci_id := ci_id;
    wanted.asset_source_id := assetlink_internal.known_asset(asset_source, asset_id);
    wanted.asset_id := asset_id;
    wanted.reason := reason;
    wanted.expires_at := assetlink_internal.check_expiry(expires_at);
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.pin(text, text, text, text, text, timestamptz, text)
    IS 'This CI is this asset, whatever its rule says. A new pin of the CI replaces the older; a block of the pair ends. Returns the decision''s id.';

CREATE FUNCTION assetlink.unpin(ci_source text, ci_id text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
    number integer := assetlink_internal.source_of_side(ci_source, 'ci', true);
BEGIN
    -- In force, or so new that no batch has taken it in.
    SELECT p.ci_source_id, p.ci_id, p.asset_source_id, p.asset_id
    INTO wanted.ci_source_id, wanted.ci_id, wanted.asset_source_id, wanted.asset_id
    FROM assetlink_internal.act p
    WHERE p.kind = 'pin'
        AND p.ci_source_id = number
        AND p.ci_id = unpin.ci_id
        AND NOT EXISTS (SELECT FROM assetlink_internal.act_end e WHERE e.act_id = p.act_id)
        AND NOT EXISTS (
            SELECT
            FROM assetlink_internal.act u
            WHERE u.kind = 'unpin' AND u.ci_source_id = p.ci_source_id AND u.ci_id = p.ci_id AND u.act_id > p.act_id)
    ORDER BY p.act_id DESC
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'CI % of source % is not pinned', coalesce(quote_literal(ci_id), 'null'), quote_literal(ci_source)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.operator_decision.';
    END IF;
    wanted.kind := 'unpin';
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.unpin(text, text, text, text)
    IS 'Ends the pin of a CI, which is then decided by its rule again. Returns the act''s id.';

CREATE FUNCTION assetlink.block(
    ci_source text, ci_id text, asset_source text, asset_id text, reason text,
    expires_at timestamptz DEFAULT NULL, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    wanted.kind := 'block';
    wanted.ci_source_id := assetlink_internal.known_ci(ci_source, ci_id);
    wanted.ci_id := ci_id;
    wanted.asset_source_id := assetlink_internal.known_asset(asset_source, asset_id);
    wanted.asset_id := asset_id;
    wanted.reason := reason;
    wanted.expires_at := assetlink_internal.check_expiry(expires_at);
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.block(text, text, text, text, text, timestamptz, text)
    IS 'This CI is never this asset: its link to it is closed, a pin of the pair ends. Returns the decision''s id.';

CREATE FUNCTION assetlink.unblock(
    ci_source text, ci_id text, asset_source text, asset_id text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    wanted.kind := 'unblock';
    wanted.ci_source_id := assetlink_internal.source_of_side(ci_source, 'ci', true);
    wanted.ci_id := ci_id;
    wanted.asset_source_id := assetlink_internal.source_of_side(asset_source, 'asset', true);
    wanted.asset_id := asset_id;
    wanted.reason := reason;
    PERFORM
    FROM assetlink_internal.act b
    WHERE b.kind = 'block'
        AND (b.ci_source_id, b.ci_id, b.asset_source_id, b.asset_id)
            = (wanted.ci_source_id, wanted.ci_id, wanted.asset_source_id, wanted.asset_id)
        AND NOT EXISTS (SELECT FROM assetlink_internal.act_end e WHERE e.act_id = b.act_id)
        AND NOT EXISTS (
            SELECT
            FROM assetlink_internal.act u
            WHERE u.kind = 'unblock'
                AND (u.ci_source_id, u.ci_id, u.asset_source_id, u.asset_id)
                    = (b.ci_source_id, b.ci_id, b.asset_source_id, b.asset_id)
                AND u.act_id > b.act_id);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'CI % and asset % are not blocked',
            coalesce(quote_literal(ci_id), 'null'), coalesce(quote_literal(asset_id), 'null')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.operator_decision.';
    END IF;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.unblock(text, text, text, text, text, text)
    IS 'Ends the block of a CI and an asset. Returns the act''s id.';

CREATE FUNCTION assetlink.requeue(ci_source text, ci_id text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    wanted.kind := 'requeue';
    wanted.ci_source_id := assetlink_internal.known_ci(ci_source, ci_id);
    wanted.ci_id := ci_id;
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.requeue(text, text, text, text)
    IS 'Has a CI read and decided again. Returns the act''s id.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Conflicts and stale links.

-- Of several assets one is kept: the CIs are blocked from the others, and a single CI is pinned to it (several would
-- then claim it together, which is the next conflict to resolve). Of several CIs one is kept: it is pinned, the others
-- are blocked.
CREATE FUNCTION assetlink.resolve_conflict(
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
COMMENT ON FUNCTION assetlink.resolve_conflict(bigint, text, text, text, text)
    IS 'Keeps one asset (duplicate_asset, contradicting_evidence) or one CI (duplicate_ci, asset_already_linked) of an open conflict, by pins and blocks that are part of this act. Returns its id.';

CREATE FUNCTION assetlink.close_stale_link(link_id bigint, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    l assetlink_internal.link;
    wanted assetlink_internal.act;
BEGIN
    SELECT t.* INTO l FROM assetlink_internal.link t WHERE t.link_id = close_stale_link.link_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no link %', link_id
            USING ERRCODE = 'no_data_found', HINT = 'See assetlink.stale_link.';
    END IF;
    IF l.status <> 'stale' THEN
        RAISE EXCEPTION 'link % is %, not stale', link_id, l.status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = CASE l.status
                    WHEN 'active' THEN 'An active link ends by a block of the pair, or by what its records say.'
                    ELSE 'It was closed already: see assetlink.link.'
                END;
    END IF;
    wanted.kind := 'close_stale_link';
    wanted.link_id := l.link_id;
    wanted.ci_source_id := l.ci_source_id;
    wanted.ci_id := l.ci_id;
    wanted.asset_source_id := l.asset_source_id;
    wanted.asset_id := l.asset_id;
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.close_stale_link(bigint, text, text) IS 'Closes a stale link. Returns the act''s id.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Assets and identifiers.

CREATE FUNCTION assetlink.set_composite(
    asset_source text, asset_id text, composite boolean, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
    latest text;
BEGIN
    IF composite IS NULL THEN
        RAISE EXCEPTION 'composite is null'
            USING ERRCODE = 'null_value_not_allowed', HINT = 'true: several CIs may be this asset; false: one only.';
    END IF;
    wanted.asset_source_id := assetlink_internal.known_asset(asset_source, asset_id);
    wanted.asset_id := asset_id;
    wanted.reason := reason;
    IF composite THEN
        wanted.kind := 'set_composite';
    ELSE
        SELECT a.kind INTO latest
        FROM assetlink_internal.act a
        WHERE a.kind IN ('set_composite', 'unset_composite')
            AND a.asset_source_id = wanted.asset_source_id
            AND a.asset_id = wanted.asset_id
        ORDER BY a.act_id DESC
        LIMIT 1;
        IF latest IS DISTINCT FROM 'set_composite' THEN
            RAISE EXCEPTION 'no operator marked asset % of source % as composite',
                quote_literal(asset_id), quote_literal(asset_source)
                USING ERRCODE = 'object_not_in_prerequisite_state',
                    HINT = 'If its source says is_composite, correct it there.';
        END IF;
        wanted.kind := 'unset_composite';
    END IF;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.set_composite(text, text, boolean, text, text)
    IS 'Marks an asset as composite (a stack, a chassis registered as one): every CI that claims it is linked; or takes the mark back. Returns the act''s id.';

-- Finds the stored form of a value that a person may have typed with other letters or punctuation.
CREATE FUNCTION assetlink_internal.same_identifier(kind text, stored text, typed text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE
        WHEN stored = typed THEN true
        WHEN kind IN ('uuid', 'mac')
            THEN regexp_replace(stored, '[^0-9a-f]', '', 'g') = regexp_replace(lower(typed), '[^0-9a-f]', '', 'g')
        WHEN kind IN ('serial', 'asset_tag') THEN stored = upper(btrim(typed))
        ELSE false
    END
$$;
COMMENT ON FUNCTION assetlink_internal.same_identifier(text, text, text) IS 'Whether a typed value means a stored canonical one.';

CREATE FUNCTION assetlink.trust_identifier(kind text, value text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
    listed integer;
BEGIN
    IF NOT EXISTS (SELECT FROM assetlink.suspect_limit l WHERE l.kind = trust_identifier.kind) THEN
        RAISE EXCEPTION 'identifiers of kind % are never suspect', coalesce(quote_literal(kind), 'null')
            USING ERRCODE = 'invalid_parameter_value',
                HINT = assetlink_internal.did_you_mean(
                    coalesce(kind, ''), ARRAY(SELECT l.kind FROM assetlink.suspect_limit l ORDER BY l.kind));
    END IF;
    SELECT p.id INTO listed
    FROM assetlink.placeholder p
    WHERE p.kind = trust_identifier.kind
        AND NOT p.is_pattern
        AND p.manufacturer IS NULL
        AND lower(btrim(p.value)) = lower(btrim(trust_identifier.value))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% % is placeholder % and cannot be trusted', kind, quote_literal(value), listed
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'If it is real after all, delete it from assetlink.placeholder.';
    END IF;
    IF EXISTS (
        SELECT
        FROM assetlink_internal.trusted_value t
        WHERE t.kind = trust_identifier.kind
            AND assetlink_internal.same_identifier(t.kind, t.value, trust_identifier.value))
    THEN
        RAISE EXCEPTION '% % is trusted already', kind, quote_literal(value)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'distrust_identifier takes it back.';
    END IF;
    SELECT s.value INTO wanted.identifier_value
    FROM assetlink_internal.suspect_value s
    WHERE s.kind = trust_identifier.kind
        AND assetlink_internal.same_identifier(s.kind, s.value, trust_identifier.value)
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% % is not suspect', kind, coalesce(quote_literal(value), 'null')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.suspect_identifier.';
    END IF;
    wanted.kind := 'trust_identifier';
    wanted.identifier_kind := kind;
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.trust_identifier(text, text, text, text)
    IS 'Declares a suspect value real: it gives match keys however many hold it. Returns the act''s id.';

CREATE FUNCTION assetlink.distrust_identifier(kind text, value text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    SELECT t.value INTO wanted.identifier_value
    FROM assetlink_internal.trusted_value t
    WHERE t.kind = distrust_identifier.kind
        AND assetlink_internal.same_identifier(t.kind, t.value, distrust_identifier.value)
    LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% % is not trusted', coalesce(kind, 'null'), coalesce(quote_literal(value), 'null')
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Only what trust_identifier declared can be taken back.';
    END IF;
    wanted.kind := 'distrust_identifier';
    wanted.identifier_kind := kind;
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.distrust_identifier(text, text, text, text)
    IS 'Takes trust_identifier back: the value is suspect again while too many hold it. Returns the act''s id.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Feeds.

CREATE FUNCTION assetlink_internal.held_source(source text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found assetlink_internal.source := assetlink_internal.source_named(source);
BEGIN
    IF NOT EXISTS (SELECT FROM assetlink_internal.held_change h WHERE h.source_id = found.source_id)
        AND NOT EXISTS (
            SELECT
            FROM assetlink_internal.source_status s
            WHERE s.source_id = found.source_id AND s.status = 'held')
    THEN
        RAISE EXCEPTION 'source % is not held', quote_literal(source)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See assetlink.held_change and assetlink.feed_status.';
    END IF;
    RETURN found.source_id;
END
$$;
COMMENT ON FUNCTION assetlink_internal.held_source(text) IS 'The number of a source that must be held by the breaker, or an error.';

CREATE FUNCTION assetlink.approve_held(source text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    wanted.kind := 'approve_held';
    wanted.source_id := assetlink_internal.held_source(source);
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.approve_held(text, text, text)
    IS 'Lets the held changes of a source through. Returns the act''s id.';

CREATE FUNCTION assetlink.drop_held(source text, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wanted assetlink_internal.act;
BEGIN
    wanted.kind := 'drop_held';
    wanted.source_id := assetlink_internal.held_source(source);
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.drop_held(text, text, text)
    IS 'Forgets the held changes of a source until its next resync. Returns the act''s id.';

CREATE FUNCTION assetlink.replay_dead_letter(id bigint, reason text, on_behalf_of text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    letter assetlink_internal.dead_letter;
    wanted assetlink_internal.act;
BEGIN
    SELECT d.* INTO letter FROM assetlink_internal.dead_letter d WHERE d.id = replay_dead_letter.id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no dead letter %', id
            USING ERRCODE = 'no_data_found', HINT = 'See assetlink.dead_letter.';
    END IF;
    IF letter.replayed_at IS NOT NULL THEN
        RAISE EXCEPTION 'dead letter % was replayed at %', id, letter.replayed_at
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'If it failed again, it is a new dead letter.';
    END IF;
    wanted.kind := 'replay_dead_letter';
    wanted.dead_letter_id := letter.id;
    wanted.source_id := letter.source_id;
    wanted.reason := reason;
    RETURN assetlink_internal.record_act(wanted, on_behalf_of);
END
$$;
COMMENT ON FUNCTION assetlink.replay_dead_letter(bigint, text, text)
    IS 'Puts a rejected event back into its feed. Returns the act''s id.';
