#!/usr/bin/env bash
# Brings tables of another database here by PostgreSQL's own logical replication, so that assetlinkd can be attached to
# them: the runbook is deploy/docs/runbooks/connect.md.
#
# usage: deploy/replication/replicate.sh COMMAND --from CONNINFO --to CONNINFO --name NAME [options]
#   setup     makes the tables here, a publication there and a subscription here; waits until they are copied
#   status    how far it is, and what stands in its way; ends with 1 when somebody must look
#   resync    where the slot was lost, or the tables differ: a new slot, and only rows that differ are written
#   drop      ends it; the tables stay as they are
#
#   --from CONNINFO    the other database, by keywords (host=… dbname=…): as the owner of its tables with REPLICATION,
#                      or as a superuser
#   --to CONNINFO      assetlinkd's database, as a superuser: only one can make a subscription before PostgreSQL 16
#   --via CONNINFO     how the server here reaches the other database, if not by --from; kept in the subscription, so
#                      name a passfile or a service of the server's instead of writing a password
#   --name NAME        of publication, subscription and slot
#   --table S.T        a table, with its schema; as often as there are tables (setup only)
#
# A table has the name that it has there, its published columns and its primary key, and nothing else: no defaults, no
# checks, no foreign keys, no rights for anybody. Types that are not PostgreSQL's own become text.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=/dev/null
source deploy/lib/common.sh

COMMAND=${1:-} FROM='' TO='' VIA='' NAME='' TABLES=() WORK=''

parse_options() {
    case $COMMAND in
        -h | --help | '') usage "deploy/replication/replicate.sh" && exit 0 ;;
        setup | status | resync | drop) shift ;;
        *) fail "unknown command $COMMAND" "deploy/replication/replicate.sh --help lists them." ;;
    esac
    while (($#)); do
        (($# > 1)) || fail "$1 needs a value"
        case $1 in
            --from) FROM=$2 ;;
            --to) TO=$2 ;;
            --via) VIA=$2 ;;
            --name) NAME=$2 ;;
            --table) TABLES+=("$2") ;;
            *) fail "unknown option $1" "deploy/replication/replicate.sh --help lists them." ;;
        esac
        shift 2
    done
    [[ -n $FROM && -n $TO ]] || fail "--from and --to are needed"
    [[ $NAME =~ ^[a-z_][a-z0-9_]{0,50}$ ]] || fail "--name takes small letters, digits and underscores"
    VIA=${VIA:-$FROM}
}

# there, here: SQL from standard input or arguments of psql; variables are quoted by psql.
there() { psql -qAtX -v ON_ERROR_STOP=1 -v name="$NAME" -d "$FROM" "$@"; }
here() { psql -qAtX -v ON_ERROR_STOP=1 -v name="$NAME" -v via="$VIA" -d "$TO" "$@"; }

# check_there: what would break writers there later is refused now.
check_there() {
    [[ $(there <<<"SHOW wal_level") == logical ]] || fail "the other server has not wal_level = logical" \
        "Set it in its postgresql.conf and restart it."
    local table problem
    for table in "${TABLES[@]}"; do
        problem=$(there -v table="$table" <<'SQL'
SELECT CASE
    WHEN c.relkind NOT IN ('r', 'p') THEN 'is no table'
    WHEN c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (
        SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary)
    THEN 'has no primary key: every UPDATE and DELETE there would fail. First: ALTER TABLE '
        || c.oid::regclass || ' REPLICA IDENTITY FULL' END
FROM pg_class AS c WHERE c.oid = :'table'::regclass;
SQL
        ) || fail "$table cannot be read there"
        [[ -z $problem ]] || fail "$table $problem"
    done
}

# definition TABLE: the statements that make it here.
definition() {
    there -v table="$1" <<'SQL'
SELECT format('CREATE SCHEMA IF NOT EXISTS %I; CREATE TABLE %I.%I (%s%s);', n.nspname, n.nspname, c.relname,
    (SELECT string_agg(format('%I %s', a.attname, CASE
            WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN format_type(a.atttypid, a.atttypmod)
            ELSE 'text' END), ', ' ORDER BY a.attnum)
        FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''),
    (SELECT ', ' || pg_get_constraintdef(k.oid) FROM pg_constraint AS k WHERE k.conrelid = c.oid AND k.contype = 'p'))
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = :'table'::regclass;
SQL
}

# is_same_server: a slot cannot be made by a transaction of its own server that waits for it.
is_same_server() {
    local sql="SELECT system_identifier FROM pg_control_system()"
    [[ $(there -c "$sql") == "$(here -c "$sql")" ]]
}

setup() {
    ((${#TABLES[@]})) || fail "no --table was named"
    check_there
    local table list slot=true
    for table in "${TABLES[@]}"; do definition "$table" | here -1 -f - || fail "$table could not be made here"; done
    list=$(for table in "${TABLES[@]}"; do
        there -v table="$table" <<<"SELECT format('%I.%I', relnamespace::regnamespace::name, relname)
            FROM pg_class WHERE oid = :'table'::regclass"
    done | paste -sd ,)
    # No row filter and no column list: they can make writes fail there.
    there <<<"CREATE PUBLICATION :\"name\" FOR TABLE $list WITH (publish_via_partition_root = true)"
    if is_same_server; then
        there <<<"SELECT pg_create_logical_replication_slot(:'name', 'pgoutput')" >/dev/null
        slot=false
    fi
    here <<<"CREATE SUBSCRIPTION :\"name\" CONNECTION :'via' PUBLICATION :\"name\" WITH (create_slot = $slot)"
    wait_until 3600 is_copied || fail "the tables are not copied yet" "deploy/replication/replicate.sh status"
    note "copied: $list"
    note "next: assetlink.attach_asset_source or attach_ci_source (deploy/docs/runbooks/connect.md)"
}

# is_copied: every table of the subscription is followed.
is_copied() {
    [[ $(here <<<"SELECT count(*) > 0 AND bool_and(r.srsubstate = 'r') FROM pg_subscription AS s
        JOIN pg_subscription_rel AS r ON r.srsubid = s.oid WHERE s.subname = :'name'") == t ]]
}

status() {
    local problems=0 line
    while IFS='|' read -r level line; do
        printf '%-4s %s\n' "$level" "$line"
        [[ $level != bad ]] || problems=1
    done < <(
        here <<'SQL'
SELECT CASE WHEN s.subenabled AND t.pid IS NOT NULL THEN 'ok' ELSE 'bad' END,
    'subscription ' || CASE WHEN NOT s.subenabled THEN 'is disabled' WHEN t.pid IS NULL
        THEN 'has no worker: it fails and is begun again, the reason is in the server''s log'
        ELSE 'last heard of at ' || coalesce(date_trunc('second', t.last_msg_receipt_time)::text, 'never') END
FROM pg_subscription AS s LEFT JOIN pg_stat_subscription AS t ON t.subid = s.oid AND t.relid IS NULL
WHERE s.subname = :'name';
SELECT CASE WHEN bool_and(r.srsubstate = 'r') THEN 'ok' ELSE 'wait' END,
    count(*) FILTER (WHERE r.srsubstate = 'r') || ' of ' || count(*) || ' tables are copied and followed'
FROM pg_subscription AS s JOIN pg_subscription_rel AS r ON r.srsubid = s.oid WHERE s.subname = :'name';
SELECT CASE WHEN apply_error_count + sync_error_count = 0 THEN 'ok' ELSE 'look' END,
    apply_error_count || ' errors while following, ' || sync_error_count || ' while copying, since the last reset'
FROM pg_stat_subscription_stats WHERE subname = :'name';
SQL
        there <<'SQL'
SELECT CASE WHEN count(*) = 0 OR bool_or(wal_status = 'lost') THEN 'bad' WHEN bool_and(active) THEN 'ok' ELSE 'look' END,
    CASE WHEN count(*) = 0 THEN 'the slot is gone: resync' WHEN bool_or(wal_status = 'lost')
        THEN 'the slot has lost what it needs: resync'
        ELSE 'the slot keeps ' || pg_size_pretty(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)))
            || ' of the log there, and is ' || pg_size_pretty(max(pg_wal_lsn_diff(pg_current_wal_lsn(),
            confirmed_flush_lsn))) || ' behind' END
FROM pg_replication_slots WHERE slot_name = :'name';
SQL
    )
    return "$problems"
}

# forget: the subscription goes, whether or not its slot is there.
forget() {
    here <<<"SELECT count(*) FROM pg_subscription WHERE subname = :'name'" | grep -q 1 || return 0
    here <<'SQL'
ALTER SUBSCRIPTION :"name" DISABLE;
ALTER SUBSCRIPTION :"name" SET (slot_name = NONE);
DROP SUBSCRIPTION :"name";
SQL
    # Its worker may hold the slot for a moment.
    wait_until 30 drop_slot || fail "the slot $NAME could not be dropped there"
}

drop_slot() {
    there <<<"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = :'name'" \
        >/dev/null 2>&1
}

# merge TABLE SNAPSHOT: makes the table here what it was there at the snapshot, by writing only what differs.
merge() {
    local table=$1 columns keys
    columns=$(there -v table="$table" <<<"SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = :'table'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''")
    keys=$(there -v table="$table" <<<"SELECT string_agg(format('%I', a.attname), ', ') FROM pg_index AS i
        JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
        WHERE i.indrelid = :'table'::regclass AND i.indisprimary")
    cat >"$WORK/merge.sql" <<SQL
BEGIN;
CREATE TEMP TABLE fresh ON COMMIT DROP AS SELECT $columns FROM $table WHERE false;
\\copy fresh FROM pstdin
SQL
    if [[ -n $keys ]]; then
        cat >>"$WORK/merge.sql" <<SQL
CREATE INDEX ON fresh ($keys);
ANALYZE fresh;
DELETE FROM $table AS t WHERE NOT EXISTS (SELECT $keys FROM fresh AS f WHERE ($(in_row t "$keys")) = ($(in_row f "$keys")));
INSERT INTO $table AS t ($columns) SELECT $columns FROM fresh
ON CONFLICT ($keys) DO UPDATE SET ($columns) = ROW ($(in_row excluded "$columns"))
WHERE (t.*)::text IS DISTINCT FROM (excluded.*)::text;
COMMIT;
SQL
    else
        # Without a key rows are alike or not: all of them anew, in one transaction.
        printf '%s\n' "DELETE FROM $table;" "INSERT INTO $table ($columns) SELECT $columns FROM fresh;" "COMMIT;" \
            >>"$WORK/merge.sql"
    fi
    there <<SQL | here -f "$WORK/merge.sql"
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET TRANSACTION SNAPSHOT '$2';
COPY (SELECT $columns FROM $table) TO STDOUT;
COMMIT;
SQL
}

# in_row ALIAS COLUMNS: the columns, each of that alias.
in_row() { sed "s/, /, $1./g; s/^/$1./" <<<"$2"; }

resync() {
    local slot snapshot table
    forget
    drop_slot || fail "the slot $NAME could not be dropped there"
    WORK=$(mktemp -d)
    trap 'rm -rf "$WORK"' EXIT
    # The session that makes the slot shows others the tables as of the slot's beginning, for as long as it lives.
    coproc SLOT { psql -qAtX -d "$FROM replication=database"; }
    echo "CREATE_REPLICATION_SLOT \"$NAME\" LOGICAL pgoutput EXPORT_SNAPSHOT;" >&"${SLOT[1]}"
    read -r -t 60 slot <&"${SLOT[0]}" || fail "the slot could not be made there"
    snapshot=$(cut -d '|' -f 3 <<<"$slot")
    while read -r table; do
        merge "$table" "$snapshot"
        note "brought up to date: $table"
    done < <(there <<<"SELECT format('%I.%I', schemaname, tablename) FROM pg_publication_tables WHERE pubname = :'name'")
    echo '\q' >&"${SLOT[1]}"
    here <<<"CREATE SUBSCRIPTION :\"name\" CONNECTION :'via' PUBLICATION :\"name\"
        WITH (create_slot = false, copy_data = false)"
    wait_until 60 is_copied || fail "the subscription does not begin" "deploy/replication/replicate.sh status"
}

drop() {
    forget
    drop_slot || true
    there <<<"DROP PUBLICATION IF EXISTS :\"name\""
    note "the tables stay as they are"
}

parse_options "$@"
"$COMMAND"
