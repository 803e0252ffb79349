#!/usr/bin/env bash
# A PostgreSQL cluster of three nodes under Patroni and etcd, on loopback: a worked example, and what the tests break.
#
# usage: deploy/patroni/cluster.sh run FOLDER [--asynchronous]
#                                  starts it, prints how to reach it and "ready", stops and removes it at the end of its
#                                  standard input (Ctrl-D) or on Ctrl-C
#        deploy/patroni/cluster.sh primary FOLDER         the node that leads
#        deploy/patroni/cluster.sh list FOLDER            patronictl's table
#        deploy/patroni/cluster.sh crash FOLDER NODE      SIGKILL to the node's PostgreSQL; its Patroni lives
#        deploy/patroni/cluster.sh kill FOLDER NODE       SIGKILL to all of it, as when its host is gone
#        deploy/patroni/cluster.sh start FOLDER NODE      its Patroni again
#        deploy/patroni/cluster.sh freeze FOLDER NODE     stops all of it where it stands, as a host that hangs
#        deploy/patroni/cluster.sh thaw FOLDER NODE       lets it go on
#        deploy/patroni/cluster.sh lag FOLDER NODE        stops only what sends the primary's log; thaw ends it
#        deploy/patroni/cluster.sh whole FOLDER           whether every node follows the primary
#        deploy/patroni/cluster.sh stop FOLDER            stops and removes it
#        deploy/patroni/cluster.sh fetch                  gets Patroni (PyPI) and etcd (Debian) into ./var/patroni
#
# FOLDER is made, and gone afterwards. Nodes are n1, n2, n3; each has a Unix socket in FOLDER/NODE (no password) and a
# port on 127.0.0.1 (password in FOLDER/pgpass). Only processes that it started itself are touched, by their ids.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for piece in common packages postgres patroni; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done

readonly HERE=deploy/patroni PROGRAMS_FOLDER=var/patroni NODES=(n1 n2 n3)

# fill FILE WORD=VALUE…: the file with the words in capitals replaced.
fill() {
    local text pair
    text=$(<"$1")
    shift
    for pair in "$@"; do text=${text//${pair%%=*}/${pair#*=}}; done
    printf '%s\n' "$text"
}

# write_as_server FILE: standard input into a file that only the server's user can read.
write_as_server() {
    as_server_user install -m 600 /dev/null "$1"
    as_server_user tee "$1" >/dev/null
}

prepare() {
    local folder=$1 password node etcd_port peer_port
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    choose_port '' && etcd_port=$PG_PORT
    choose_port '' && peer_port=$PG_PORT
    fill "$HERE/etcd.env" "FOLDER=$folder" "ETCD_PORT=$etcd_port" "PEER_PORT=$peer_port" |
        write_as_server "$folder/etcd.env"
    local api_port
    for node in "${NODES[@]}"; do
        as_server_user mkdir -p -m 700 "$folder/$node/conf"
        choose_port '' && api_port=$PG_PORT
        choose_port ''
        if [[ $ASYNCHRONOUS == yes ]]; then
            sed -E 's/^( *synchronous_mode(_strict)?): true/\1: false/' "$HERE/patroni.yml"
        else
            cat "$HERE/patroni.yml"
        fi | write_as_server "$folder/$node/conf/10-cluster.yml"
        fill "$HERE/node.yml" "NAME=$node" "FOLDER=$folder/$node" "ETCD_PORT=$etcd_port" "API_PORT=$api_port" \
            "PG_PORT=$PG_PORT" "PROGRAMS=$PG_BIN" "PASSWORD=$password" |
            write_as_server "$folder/$node/conf/20-node.yml"
        printf '%s\n' "$PG_PORT" | write_as_server "$folder/$node/port"
        printf '127.0.0.1:%s:*:*:%s\n' "$PG_PORT" "$password"
    done | write_as_server "$folder/pgpass"
}

# start_aside LOG PIDFILE COMMAND…: a process of the server's user that outlives this script.
start_aside() {
    local log=$1 file=$2 user=()
    shift 2
    [[ -z $PG_USER ]] || user=(setpriv --reuid="$PG_USER" --regid="$(id -g "$PG_USER")" --clear-groups --)
    (exec "${user[@]}" setsid "$@") >>"$log" 2>&1 </dev/null &
    echo $! >"$file"
    disown
}

# start_etcd FOLDER: one member, on loopback.
start_etcd() {
    (
        set -a
        # shellcheck source=/dev/null
        source "$1/etcd.env"
        set +a
        start_aside "$1/etcd.log" "$1/etcd.pid" "$(etcd_program "$PWD/$PROGRAMS_FOLDER")"
    )
}

# start_node FOLDER NODE: Patroni, which makes or copies the database and starts the server.
start_node() {
    start_aside "$1/$2/patroni.log" "$1/$2/patroni.pid" "$PWD/$PROGRAMS_FOLDER/venv/bin/patroni" "$1/$2/conf"
}

# ask NODE_FOLDER SQL: its answer; nothing where the server does not answer.
ask() {
    PGCONNECT_TIMEOUT=2 "$PG_BIN/psql" -qAtX -h "$1" -p "$(<"$1/port")" -U postgres -d postgres -c "$2" 2>/dev/null || true
}

# primary FOLDER: the node whose server can be written to and holds the lead in etcd's eyes.
primary() {
    local node
    for node in "${NODES[@]}"; do
        [[ $(ask "$1/$node" 'SELECT pg_is_in_recovery()') == f ]] && echo "$node" && return 0
    done
    return 1
}

# is_whole FOLDER: a primary, and as many standbys that follow it as there are. In synchronous mode Patroni has written
# down which of them may succeed; until then COMMITs wait for any standby, and none is promoted.
is_whole() {
    local node wanted
    node=$(primary "$1") || return 1
    # A copy that is being made streams too, under another name.
    wanted="SELECT count(*) = $((${#NODES[@]} - 1)) FROM pg_stat_replication
            WHERE state = 'streaming' AND application_name ~ '^n[0-9]$'"
    [[ $(ask "$1/$node" "$wanted") == t ]] || return 1
    ! grep -q 'synchronous_mode: true' "$1/n1/conf/10-cluster.yml" || [[ $(list "$1") == *'Sync Standby'* ]]
}

# list FOLDER: as Patroni itself sees it.
list() { "$PROGRAMS_FOLDER/venv/bin/patronictl" -c "$1/n1/conf" list; }

# processes FOLDER NODE: Patroni, the postmaster and what it started; of those that are there.
processes() {
    local patroni postmaster
    # A number left behind may be somebody else's by now.
    patroni=$(cat "$1/$2/patroni.pid" 2>/dev/null) && grep -qsF "$1/$2/conf" "/proc/$patroni/cmdline" && echo "$patroni"
    postmaster=$(head -n 1 "$1/$2/data/postmaster.pid" 2>/dev/null) || return 0
    [[ $(readlink "/proc/$postmaster/cwd") == "$1/$2/data" ]] || return 0
    echo "$postmaster"
    ps -o pid= --ppid "$postmaster" || true
}

# signal FOLDER NODE SIGNAL: to all of a node, Patroni first: it would start again what is gone.
signal() {
    local pid
    # Twice: what the postmaster started meanwhile.
    for _ in 1 2; do
        for pid in $(processes "$1" "$2"); do kill "-$3" "$pid" 2>/dev/null || true; done
    done
}

crash() {
    kill -KILL "$(head -n 1 "$1/$2/data/postmaster.pid")"
}

# lag FOLDER NODE: the primary's walsenders stand still; what is in a socket's buffer would arrive all the same.
lag() {
    local pid
    for pid in $(ask "$1/$2" "SELECT pid FROM pg_stat_replication"); do kill -STOP "$pid"; done
}

stop_all() {
    local node
    for node in "${NODES[@]}"; do
        signal "$1" "$node" KILL
        signal "$1" "$node" CONT
    done
    [[ ! -s $1/etcd.pid ]] || kill -KILL "$(<"$1/etcd.pid")" 2>/dev/null || true
}

# run FOLDER: all of it, for as long as somebody holds its standard input open.
run() {
    choose_server_user
    patroni_is_there "$PROGRAMS_FOLDER" || fail "Patroni is not there" "deploy/patroni/cluster.sh fetch"
    make_folder "$1"
    need_space "$PG_FOLDER" 500
    local folder=$PG_FOLDER node
    # shellcheck disable=SC2064  # the folder of now
    trap "stop_all '$folder'; postgres_remove" EXIT
    trap 'exit 130' INT TERM HUP
    prepare "$folder"
    start_etcd "$folder"
    for node in "${NODES[@]}"; do start_node "$folder" "$node"; done
    wait_until 90 is_whole "$folder" || {
        for node in "${NODES[@]}"; do tail_of "$folder/$node/patroni.log" "$node's Patroni"; done
        fail "the cluster did not come up"
    }
    local hosts ports
    hosts=$(printf ',%s' "${NODES[@]/#/$folder/}")
    ports=$(for node in "${NODES[@]}"; do printf ',%s' "$(<"$folder/$node/port")"; done)
    echo "socket: host=${hosts:1} port=${ports:1} target_session_attrs=read-write connect_timeout=2"
    echo "loopback: host=127.0.0.1,127.0.0.1,127.0.0.1 port=${ports:1} target_session_attrs=read-write" \
        "connect_timeout=2 passfile=$folder/pgpass"
    echo "password: $(sed -n '1s/.*://p' "$folder/pgpass")"
    echo "ready"
    exec 1>&2
    read -r _ || true
}

main() {
    local command=${1:-} folder=${2:-} node=${3:-}
    ASYNCHRONOUS=no
    PG_BIN=${ASSETLINK_TEST_PROGRAMS:-$(postgres_programs)}
    case $command in
        -h | --help | '') usage "deploy/patroni/cluster.sh" && exit 0 ;;
        fetch) fetch_patroni "$PROGRAMS_FOLDER" && exit 0 || exit 3 ;;
        run)
            [[ $node != --asynchronous ]] || ASYNCHRONOUS=yes
            run "$folder"
            ;;
        primary) primary "$folder" ;;
        whole) is_whole "$folder" ;;
        stop)
            stop_all "$folder"
            PG_FOLDER=$folder postgres_remove
            ;;
        list) list "$folder" ;;
        start) choose_server_user && start_node "$folder" "$node" ;;
        kill) signal "$folder" "$node" KILL ;;
        freeze) signal "$folder" "$node" STOP ;;
        thaw) signal "$folder" "$node" CONT ;;
        crash | lag) "$command" "$folder" "$node" ;;
        *) fail "unknown command $command" "deploy/patroni/cluster.sh --help lists them." ;;
    esac
}

main "$@"
