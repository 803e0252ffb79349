-- The rotation of the change log: emptied by TRUNCATE, never by DELETE.
SET LOCAL ROLE assetlink_owner;

CREATE FUNCTION assetlink_internal.log_is_unused(which integer)
RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Not "has no visible row": one that is being written counts.
    SELECT pg_relation_size(format('assetlink_internal.change_log_%s', which)::regclass) = 0
$$;
COMMENT ON FUNCTION assetlink_internal.log_is_unused(integer) IS 'Whether a log table has not a single page.';

CREATE FUNCTION assetlink_internal.switch_log()
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    next_table integer := ((SELECT c.last_value FROM assetlink_internal.log_current AS c) + 1) % 3;
BEGIN
    IF NOT assetlink_internal.log_is_unused(next_table) THEN
        RETURN false;
    END IF;
    PERFORM setval('assetlink_internal.log_current', next_table, true);
    RETURN true;
END
$$;
COMMENT ON FUNCTION assetlink_internal.switch_log()
    IS 'Lets writers append to the next log table, if that is empty; takes no lock.';

CREATE FUNCTION assetlink_internal.empty_log(which integer, base_xmax xid8, base_xip xid8[])
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_table regclass;
    is_needed boolean;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- An older snapshot would not see the rows of a writer that was waited out.
        RAISE EXCEPTION 'empty_log needs READ COMMITTED' USING ERRCODE = 'active_sql_transaction';
    ELSIF which IS NULL OR which NOT IN (0, 1, 2) OR base_xmax IS NULL OR base_xip IS NULL THEN
        RAISE EXCEPTION 'empty_log needs a table of 0, 1, 2 and a snapshot' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    log_table := format('assetlink_internal.change_log_%s', which)::regclass;
    IF which = (SELECT c.last_value FROM assetlink_internal.log_current AS c) THEN
        RETURN false;
    ELSIF assetlink_internal.log_is_unused(which) THEN
        RETURN true;
    END IF;
    BEGIN
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', log_table);
    EXCEPTION WHEN lock_not_available THEN
        RETURN false;
    END;
    -- With the lock no writer is under way, and this statement's snapshot sees all that committed before.
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %1$s WHERE xid >= $1) OR EXISTS (SELECT FROM %1$s WHERE xid = ANY ($2))', log_table)
        INTO is_needed USING base_xmax, base_xip;
    IF is_needed THEN
        RETURN false;
    END IF;
    EXECUTE format('TRUNCATE %s', log_table);
    RETURN true;
END
$$;
COMMENT ON FUNCTION assetlink_internal.empty_log(integer, xid8, xid8[])
    IS 'Empties a log table that is not the current one, if no row of it is new to the oldest snapshot still needed '
       '(its xmax and running transactions); false: not now. The caller commits at once.';
GRANT EXECUTE ON FUNCTION
    assetlink_internal.log_is_unused(integer),
    assetlink_internal.switch_log(),
    assetlink_internal.empty_log(integer, xid8, xid8[])
TO assetlink_daemon;
