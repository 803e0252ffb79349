# shellcheck shell=bash
# The daemon, as a child of the script.

DAEMON_PID='' DAEMON_LOG=''

# daemon_start PROGRAM CONNINFO LOG: starts it and waits until it listens.
daemon_start() {
    DAEMON_LOG=$3
    "$1" --database "$2" >"$DAEMON_LOG" 2>&1 &
    DAEMON_PID=$!
    wait_until 60 daemon_has_spoken
    grep -qw ready "$DAEMON_LOG" || fail "assetlinkd did not become ready"
}

# daemon_has_spoken: it is ready, or it is no more.
daemon_has_spoken() { grep -qw ready "$DAEMON_LOG" || ! kill -0 "$DAEMON_PID" 2>/dev/null; }

# daemon_stop: SIGTERM, and SIGKILL after 20 s; does nothing when none was started.
daemon_stop() {
    [[ -n $DAEMON_PID ]] || return 0
    kill -TERM "$DAEMON_PID" 2>/dev/null || true
    if ! wait_until 20 daemon_is_gone; then kill -KILL "$DAEMON_PID" 2>/dev/null || true; fi
    wait "$DAEMON_PID" 2>/dev/null || true
    DAEMON_PID=''
}

daemon_is_gone() { ! kill -0 "$DAEMON_PID" 2>/dev/null; }
