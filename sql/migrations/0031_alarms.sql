-- What somebody should look at before it hurts: found out when asked, nothing is stored.
SET LOCAL ROLE assetlink_owner;

INSERT INTO assetlink.setting VALUES ('long_transaction_seconds', '60');
COMMENT ON COLUMN assetlink.setting.name
    IS 'coverage_target_percent, tombstone_days, stale_retention_days, long_transaction_seconds (older ones show in assetlink.alarm).';

-- Who holds locks on our tables. The age of a session is shown only to members of pg_read_all_stats, which the daemon's
-- role is not unless somebody grants it; that it is old is then known by its transaction's number, which is below one that
-- a batch of that time saw.
CREATE FUNCTION assetlink_internal.open_transactions()
RETURNS TABLE (
    pid integer, gid text, xid xid8, who text, since timestamptz, is_long boolean, writes_log boolean,
    changes_ours boolean, reads_log boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH figure AS (
        SELECT s.value::numeric * interval '1 second' AS limit, pg_snapshot_xmax(pg_current_snapshot()) AS next
        FROM assetlink.setting AS s WHERE s.name = 'long_transaction_seconds'
    ),
    earlier AS (
        SELECT f.limit, f.next, coalesce((
            SELECT pg_snapshot_xmax(b.snapshot) FROM assetlink_internal.batch AS b
            WHERE b.committed_at < clock_timestamp() - f.limit ORDER BY b.committed_at DESC LIMIT 1), '3'::xid8) AS xmax
        FROM figure AS f
    ),
    held AS (
        SELECT l.pid, l.virtualtransaction,
            bool_or(c.relname LIKE 'change\_log\__' AND l.mode <> 'AccessShareLock') AS writes_log,
            bool_or(c.relname NOT LIKE 'change\_log\__' AND l.mode <> 'AccessShareLock') AS changes_ours,
            bool_or(c.relname LIKE 'change\_log\__' AND l.mode = 'AccessShareLock'
                AND c.relname <> 'change_log_' || (SELECT r.last_value FROM assetlink_internal.log_current AS r)
                AND pg_relation_size(c.oid) > 0) AS reads_log
        FROM pg_catalog.pg_locks AS l
        JOIN pg_catalog.pg_class AS c ON c.oid = l.relation AND c.relkind = 'r'
            AND c.relnamespace = 'assetlink_internal'::regnamespace
        WHERE l.locktype = 'relation' AND l.granted
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
        GROUP BY l.pid, l.virtualtransaction
    ),
    named AS (
        SELECT h.*, x.transactionid, p.gid, p.owner, p.prepared, a.usename, a.application_name, a.xact_start,
            coalesce(x.transactionid, a.backend_xmin) AS number
        FROM held AS h
        LEFT JOIN LATERAL (
            SELECT l.transactionid FROM pg_catalog.pg_locks AS l
            WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock'
                AND l.virtualtransaction = h.virtualtransaction
            ORDER BY age(l.transactionid) DESC LIMIT 1) AS x ON true
        LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON h.pid IS NULL AND p.transaction = x.transactionid
        LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = h.pid
    ),
    counted AS (
        -- 32 bits of the number are kept by the server; it is never above the next one.
        SELECT n.*, e.limit, e.xmax, CASE
            WHEN n.number IS NULL THEN NULL
            WHEN n.number::text::bigint <= e.next::text::bigint % 4294967296
                THEN e.next::text::bigint - e.next::text::bigint % 4294967296 + n.number::text::bigint
            ELSE e.next::text::bigint - e.next::text::bigint % 4294967296 - 4294967296 + n.number::text::bigint END AS whole
        FROM named AS n CROSS JOIN earlier AS e
    )
    SELECT c.pid, c.gid, CASE WHEN c.transactionid IS NOT NULL THEN c.whole::text::xid8 END,
        coalesce(c.usename, c.owner)::text || coalesce(' (' || nullif(c.application_name, '') || ')', ''),
        coalesce(c.xact_start, c.prepared),
        coalesce(coalesce(c.xact_start, c.prepared) < clock_timestamp() - c.limit, false)
            OR coalesce(c.whole < c.xmax::text::bigint, false),
        c.writes_log, c.changes_ours, c.reads_log
    FROM counted AS c
    WHERE coalesce(c.application_name, '') NOT LIKE 'assetlinkd %' AND c.pid IS DISTINCT FROM pg_backend_pid()
$$;
COMMENT ON FUNCTION assetlink_internal.open_transactions()
    IS 'Transactions of others that hold locks on our tables: who, since when, whether for long, and on what.';

CREATE FUNCTION assetlink_internal.capture_refusals()
RETURNS TABLE (function_name text, finding text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT f.name, r.finding
    FROM (
        SELECT p.oid::regprocedure::text AS name, p.proowner, p.prosecdef FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'assetlink_internal'::regnamespace AND p.proname ~ '^capture_\d+_\d+$'
    ) AS f
    CROSS JOIN LATERAL (
        SELECT format('%s may not write %s', pg_get_userbyid(f.proowner), t.name)
        FROM (VALUES ('assetlink_internal.change_log_0'), ('assetlink_internal.change_log_1'),
            ('assetlink_internal.change_log_2')) AS t (name)
        WHERE has_table_privilege(f.proowner, to_regclass(t.name), 'INSERT') IS NOT TRUE
        UNION ALL
        SELECT format('%s may not read %s', pg_get_userbyid(f.proowner), s.name)
        FROM (VALUES ('assetlink_internal.log_current'), ('assetlink_internal.bell')) AS s (name)
        WHERE has_sequence_privilege(f.proowner, to_regclass(s.name), 'SELECT') IS NOT TRUE
        UNION ALL
        SELECT format('%s may not use assetlink_internal.change_seq', pg_get_userbyid(f.proowner))
        WHERE has_sequence_privilege(f.proowner, to_regclass('assetlink_internal.change_seq'), 'USAGE') IS NOT TRUE
        UNION ALL
        SELECT format('%s may not use schema assetlink_internal', pg_get_userbyid(f.proowner))
        WHERE NOT has_schema_privilege(f.proowner, 'assetlink_internal', 'USAGE')
        UNION ALL
        SELECT 'it runs as whoever writes' WHERE NOT f.prosecdef
    ) AS r (finding)
$$;
COMMENT ON FUNCTION assetlink_internal.capture_refusals()
    IS 'Trigger functions that cannot write the log: whoever writes to their tables is refused.';

-- Owned by the daemon's role (below): it may look into the schemas of sources.
CREATE FUNCTION assetlink_internal.alarms()
RETURNS TABLE (alarm text, severity text, subject text, detail text, remedy text, since timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bound record;
BEGIN
    RETURN QUERY
        SELECT k.alarm, 'warning',
            CASE WHEN o.gid IS NOT NULL THEN format('prepared transaction %L', o.gid) ELSE format('pid %s', o.pid) END
                || coalesce(', xid ' || o.xid::text, '') || coalesce(', ' || o.who, ''),
            k.detail,
            CASE WHEN o.gid IS NOT NULL THEN format('COMMIT PREPARED %1$L or ROLLBACK PREPARED %1$L', o.gid)
                ELSE format('Let it end, or SELECT pg_terminate_backend(%s)', o.pid) END,
            o.since
        FROM assetlink_internal.open_transactions() AS o
        CROSS JOIN LATERAL (VALUES
            (o.writes_log, 'open_writer', 'It changed attached tables and is not over: its changes are taken in when it commits.'),
            (o.changes_ours, 'locked_links', 'It holds locks on our tables: records whose links it locks wait.'),
            (o.reads_log, 'log_reader', 'It has read a change log that is to be emptied: the log keeps its room until it ends.')
        ) AS k (found, alarm, detail)
        WHERE o.is_long AND k.found;
    RETURN QUERY
        SELECT 'oldest_prepared_xact', 'warning',
            format('prepared transaction %L of database %s, xid %s, %s', p.gid, p.database, p.transaction, p.owner),
            'A forgotten prepared transaction holds its locks, and keeps PostgreSQL from tidying up in every database.',
            format('COMMIT PREPARED %1$L or ROLLBACK PREPARED %1$L', p.gid), p.prepared
        FROM pg_catalog.pg_prepared_xacts AS p
        WHERE p.prepared < clock_timestamp() - (
            SELECT s.value::numeric * interval '1 second' FROM assetlink.setting AS s WHERE s.name = 'long_transaction_seconds')
        ORDER BY p.prepared LIMIT 1;
    FOR bound IN SELECT s.source_id, s.name FROM assetlink_internal.source AS s WHERE s.detached_at IS NULL AND s.kind = 'bound' LOOP
        BEGIN
            RETURN QUERY
                SELECT 'capture', f.severity, format('source %s', bound.name), string_agg(f.finding, '; ' ORDER BY f.finding),
                    format('assetlinkctl sources check %s', bound.name), NULL::timestamptz
                FROM assetlink_internal.trigger_findings(bound.source_id) AS f GROUP BY f.severity;
        EXCEPTION WHEN OTHERS THEN
            RETURN QUERY SELECT 'capture', 'error', format('source %s', bound.name),
                format('Its triggers cannot be looked at: %s', SQLERRM), format('assetlinkctl sources check %s', bound.name),
                NULL::timestamptz;
        END;
    END LOOP;
    RETURN QUERY
        SELECT 'capture_refused', 'error', format('function %s', r.function_name),
            format('Writers of its table are refused, as it cannot log what they change: %s.', string_agg(r.finding, ', ')),
            'Give schema assetlink_internal and what is in it back to assetlink_owner, or attach the source again.',
            NULL::timestamptz
        FROM assetlink_internal.capture_refusals() AS r GROUP BY r.function_name;
    RETURN QUERY
        SELECT 'notify_queue', CASE WHEN u.used > 0.5 THEN 'error' ELSE 'warning' END, 'the notification queue',
            format('It is %s %% full: a session that listens does not end its transaction. Full, it fails every writer that rings.',
                round((u.used * 100)::numeric)),
            'pg_stat_activity shows who idles in a transaction; end that session.', NULL::timestamptz
        FROM pg_catalog.pg_notification_queue_usage() AS u (used) WHERE u.used > 0.25;
END
$$;
COMMENT ON FUNCTION assetlink_internal.alarms() IS 'What assetlink.alarm shows.';

CREATE VIEW assetlink.alarm AS
SELECT a.alarm, a.severity, a.subject, a.detail, a.remedy, a.since
FROM assetlink_internal.alarms() AS a
ORDER BY a.severity, a.since NULLS LAST, a.alarm, a.subject;
COMMENT ON VIEW assetlink.alarm
    IS 'What somebody should look at before it hurts, as of now: transactions left open, triggers that do not fire, writers refused.';
COMMENT ON COLUMN assetlink.alarm.alarm
    IS 'open_writer, locked_links, log_reader, oldest_prepared_xact, capture, capture_refused or notify_queue.';
COMMENT ON COLUMN assetlink.alarm.severity IS 'error: changes are missed or writers refused; warning: something waits.';
COMMENT ON COLUMN assetlink.alarm.subject IS 'Who or what: pid and xid, source, function.';
COMMENT ON COLUMN assetlink.alarm.detail IS 'What it means.';
COMMENT ON COLUMN assetlink.alarm.remedy IS 'What to do.';
COMMENT ON COLUMN assetlink.alarm.since IS 'Since when; of sessions only where assetlink_daemon is granted pg_read_all_stats.';

GRANT SELECT ON assetlink.alarm TO assetlink_reader, assetlink_operator, assetlink_daemon;
GRANT EXECUTE ON FUNCTION assetlink_internal.alarms() TO assetlink_reader, assetlink_operator, assetlink_owner;
GRANT EXECUTE ON FUNCTION
    assetlink_internal.open_transactions(),
    assetlink_internal.capture_refusals(),
    assetlink_internal.trigger_findings(integer),
    assetlink_internal.relation_tree(oid),
    assetlink_internal.qualified_name(oid)
TO assetlink_daemon;

SET LOCAL ROLE NONE;
GRANT CREATE ON SCHEMA assetlink_internal TO assetlink_daemon;
ALTER FUNCTION assetlink_internal.alarms() OWNER TO assetlink_daemon;
REVOKE CREATE ON SCHEMA assetlink_internal FROM assetlink_daemon;
