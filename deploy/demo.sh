#!/usr/bin/env bash
# Sets up everything from nothing and plays a short day of an asset register against the running daemon.
#
# usage: deploy/demo.sh [options]
#   --machines N     size of the sample fleet (default 2000)
#   --seed S         another fleet of the same kind (default 1)
#   --fleet FILE     your own machines instead: NDJSON, one machine a line
#   --folder FOLDER  where the private PostgreSQL lives (default ./var/demo)
#   --port PORT      its port on loopback (default: any that is free)
#   --release        optimised build: slower to build, faster to run
#   --keep           leave the server and the daemon running until Ctrl-C, to look around
#   --no-install     install no system package; say what is missing instead
#
# It installs missing system packages (apt-get), builds, starts a PostgreSQL of its own, creates the schema, loads a
# fleet, starts assetlinkd, plays the day and shows the coverage. It removes all of it at the end, and on Ctrl-C.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
for piece in common packages build postgres daemon; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done

MACHINES=2000 SEED=1 FLEET='' FOLDER=var/demo PORT='' CONFIGURATION=debug KEEP=no INSTALL=yes DONE=no

parse_options() {
    while (($#)); do
        case $1 in
            --machines | --seed | --fleet | --folder | --port)
                (($# > 1)) || fail "$1 needs a value"
                take_value "$1" "$2"
                shift
                ;;
            --release) CONFIGURATION=release ;;
            --keep) KEEP=yes ;;
            --no-install) INSTALL=no ;;
            -h | --help) usage "deploy/demo.sh" && exit 0 ;;
            *) fail "unknown option $1" "deploy/demo.sh --help lists them." ;;
        esac
        shift
    done
}

take_value() {
    case $1 in
        --machines) need_number "$1" "$2" && MACHINES=$2 ;;
        --seed) need_number "$1" "$2" && SEED=$2 ;;
        --port) need_number "$1" "$2" && PORT=$2 ;;
        --folder) FOLDER=$2 ;;
        --fleet)
            [[ -r $2 ]] || fail "cannot read $2"
            FLEET=$2
            ;;
    esac
}

# clean_up: on every way out; says what the logs had to say when it is not the good one.
clean_up() {
    local status=$?
    trap - EXIT INT TERM
    if [[ $DONE == no && $status -ne 0 ]]; then
        tail_of "$DAEMON_LOG" assetlinkd
        tail_of "$PG_FOLDER/data/server.log" PostgreSQL
    fi
    daemon_stop
    postgres_stop
    postgres_remove
    [[ -z $WORK ]] || rm -rf "$WORK"
    exit "$status"
}

# refuse_second_demo: two demos would share a folder.
refuse_second_demo() {
    [[ -e $FOLDER/$PG_MARK ]] || return 0
    local pid
    pid=$(head -n 1 "$FOLDER/data/postmaster.pid" 2>/dev/null || true)
    if [[ -n $pid ]] && kill -0 "$pid" 2>/dev/null; then
        fail "a demo is running in $FOLDER (PostgreSQL is process $pid)" "Stop it, or give this one a --folder."
    fi
    note "removing what an earlier demo left in $FOLDER"
    rm -rf "$FOLDER"
}

build() {
    local first=''
    [[ -d .build ]] || first='; the first build takes a few minutes'
    say "Building ($CONFIGURATION$first)"
    build_products "$CONFIGURATION" "$WORK/build.log" assetlinkd assetlinkctl
    BIN=$(products_folder "$CONFIGURATION")
}

ctl() { "$BIN/assetlinkctl" "$@" --database "$PG_CONNINFO"; }

load_fleet() {
    if [[ -n $FLEET ]]; then
        say "Loading the machines of $FLEET into the schemas itam and cmdb"
        ctl fleet load --fleet "$FLEET"
    else
        say "Loading a sample fleet of $MACHINES machines into the schemas itam and cmdb"
        ctl fleet load --machines "$MACHINES" --seed "$SEED"
    fi
    say "Discovering the machine this runs on"
    ctl fleet discover-local
}

tell_how_to_go_on() {
    say "Done"
    cat <<TEXT
   Look around:  psql "$PG_CONNINFO"
   or over TCP:  psql "postgresql://postgres@127.0.0.1:$PG_PORT/assetlink?passfile=$PG_PASSFILE"
   for example:  SELECT ci_id, state, reason, asset_id, method, rule FROM assetlink.ci_state LIMIT 20;
                 SELECT * FROM assetlink.orphaned_ci LIMIT 20;
                 UPDATE itam.asset SET state = 'Retired' WHERE … ;   -- and watch assetlink.stale_link
   The CLI:      $BIN/assetlinkctl status --database "$PG_CONNINFO"
   The log:      $DAEMON_LOG
TEXT
}

keep_running() {
    if [[ $KEEP == no ]]; then
        note "All of it is stopped and removed now; --keep leaves it running."
        return 0
    fi
    note "Running until Ctrl-C."
    wait "$DAEMON_PID" || fail "assetlinkd ended by itself"
}

main() {
    parse_options "$@"
    WORK=''
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    need_swift
    ensure_packages "$INSTALL"
    need_space . 2000
    WORK=$(mktemp -d)
    build
    refuse_second_demo
    say "Starting a private PostgreSQL"
    postgres_start "$FOLDER" "$PORT"
    note "in $PG_FOLDER, port $PG_PORT on 127.0.0.1"
    say "Creating the schema"
    ctl migrate
    load_fleet
    say "Starting assetlinkd"
    daemon_start "$BIN/assetlinkd" "$PG_CONNINFO" "$WORK/assetlinkd.log"
    say "A short day of an asset register"
    ctl fleet day
    say "Coverage"
    ctl coverage
    DONE=yes
    tell_how_to_go_on
    keep_running
}

main "$@"
