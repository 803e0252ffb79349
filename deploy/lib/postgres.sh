# shellcheck shell=bash
# A private PostgreSQL: its folder, its port, its process; no other cluster is touched.
#
# postgres_start sets PG_FOLDER, PG_PORT, PG_SOCKET (a folder), PG_CONNINFO (as superuser) and PG_PASSFILE.

PG_FOLDER='' PG_PORT='' PG_SOCKET='' PG_USER='' PG_BIN='' PG_PASSFILE='' PG_CONNINFO=''
# Only a folder with this file in it is ever removed.
readonly PG_MARK=.made-by-assetlinkd

# as_server_user COMMAND…: PostgreSQL refuses to run as root.
as_server_user() {
    if [[ -n $PG_USER ]]; then
        setpriv --reuid="$PG_USER" --regid="$(id -g "$PG_USER")" --clear-groups -- "$@"
    else
        "$@"
    fi
}

# choose_server_user: root needs somebody else to run the server.
choose_server_user() {
    ((EUID == 0)) || return 0
    local user
    for user in postgres nobody; do
        if id "$user" >/dev/null 2>&1; then PG_USER=$user && return 0; fi
    done
    fail "root cannot run PostgreSQL, and there is no user postgres or nobody to run it" \
        "Run this as an ordinary user."
}

# make_folder WANTED: the folder, or one under /tmp where the server's user cannot reach the wanted one.
make_folder() {
    [[ $1 != *[\'\\]* ]] || fail "the folder's name must not contain quotes or backslashes: $1"
    if [[ -d $1 && ! -e $1/$PG_MARK && -n $(ls -A "$1") ]]; then
        fail "$1 is there already, and not of our making" "Name a folder that is empty or not there yet."
    fi
    mkdir -p "$1" || fail "cannot make the folder $1"
    PG_FOLDER=$(cd "$1" && pwd)
    own_folder
    as_server_user test -w "$PG_FOLDER" 2>/dev/null && return 0
    rm -rf "${PG_FOLDER:?}/$PG_MARK" && rmdir "$PG_FOLDER"
    note "user $PG_USER cannot enter $1; taking a folder under ${TMPDIR:-/tmp}"
    PG_FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/assetlinkd-demo-XXXXXX")
    own_folder
}

# own_folder: marks it as ours to remove, and closes it to everybody but the server's user (and root).
own_folder() {
    touch "$PG_FOLDER/$PG_MARK" && chmod 700 "$PG_FOLDER"
    [[ -z $PG_USER ]] || chown "$PG_USER" "$PG_FOLDER"
}

# port_is_free PORT: whether nobody answers there on loopback.
port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# choose_port WANTED: that one or none; without one, any that is free.
choose_port() {
    if [[ -n $1 ]]; then
        port_is_free "$1" || fail "port $1 is taken" "Leave --port out, and a free one is chosen."
        PG_PORT=$1
        return 0
    fi
    local try
    for try in {1..50}; do
        PG_PORT=$((20000 + (RANDOM + try) % 30000))
        if port_is_free "$PG_PORT"; then return 0; fi
    done
    fail "no free port found"
}

# postgres_start FOLDER PORT: makes a cluster in the folder and starts it.
postgres_start() {
    choose_server_user
    PG_BIN=$(postgres_programs)
    make_folder "$1"
    need_space "$PG_FOLDER" 500
    choose_port "$2"
    # A socket's path is limited to 107 bytes.
    PG_SOCKET=$PG_FOLDER
    ((${#PG_SOCKET} < 85)) || PG_SOCKET=$(as_server_user mktemp -d "/tmp/assetlinkd-XXXXXX")
    PG_PASSFILE=$PG_FOLDER/pgpass
    init_cluster
    start_server
    PG_CONNINFO="host='$PG_SOCKET' port=$PG_PORT user=postgres dbname=assetlink"
    "$PG_BIN/psql" -qX "${PG_CONNINFO/dbname=assetlink/dbname=postgres}" -c 'CREATE DATABASE assetlink'
}

# init_cluster: on the socket, whose folder is closed to others, without a password; on loopback with one.
init_cluster() {
    local password
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && printf '127.0.0.1:%s:*:postgres:%s\n' "$PG_PORT" "$password" >"$PG_PASSFILE")
    printf '%s\n' "$password" >"$PG_FOLDER/password"
    [[ -z $PG_USER ]] || chown "$PG_USER" "$PG_FOLDER/password"
    as_server_user "$PG_BIN/initdb" -D "$PG_FOLDER/data" -U postgres -E UTF8 --locale=C.UTF-8 --no-sync \
        --auth-local=trust --auth-host=scram-sha-256 --pwfile="$PG_FOLDER/password" >"$PG_FOLDER/initdb.log" 2>&1 || {
        tail_of "$PG_FOLDER/initdb.log" initdb
        fail "initdb failed in $PG_FOLDER"
    }
    rm -f "$PG_FOLDER/password"
}

start_server() {
    as_server_user "$PG_BIN/pg_ctl" -D "$PG_FOLDER/data" -l "$PG_FOLDER/data/server.log" -w -t 60 start \
        -o "-c listen_addresses=127.0.0.1 -p $PG_PORT -k '$PG_SOCKET' -c shared_buffers=256MB" \
        >"$PG_FOLDER/start.log" 2>&1 || {
        tail_of "$PG_FOLDER/data/server.log" PostgreSQL
        fail "PostgreSQL did not start in $PG_FOLDER"
    }
}

# postgres_stop: ends it; does nothing when none was started.
postgres_stop() {
    [[ -n $PG_FOLDER && -f $PG_FOLDER/data/postmaster.pid ]] || return 0
    as_server_user "$PG_BIN/pg_ctl" -D "$PG_FOLDER/data" -m fast -w -t 30 stop >/dev/null 2>&1 ||
        as_server_user "$PG_BIN/pg_ctl" -D "$PG_FOLDER/data" -m immediate -w stop >/dev/null 2>&1 || true
}

# postgres_remove: its folder goes too; only what postgres_start made.
postgres_remove() {
    [[ -n $PG_FOLDER && -e $PG_FOLDER/$PG_MARK ]] || return 0
    rm -rf "$PG_FOLDER"
    # The default's parent, when nothing else is in it.
    rmdir var 2>/dev/null || true
    [[ $PG_SOCKET == "$PG_FOLDER" || -z $PG_SOCKET ]] || rm -rf "$PG_SOCKET"
}
