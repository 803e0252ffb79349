# shellcheck shell=bash
# Shared by the scripts of this folder: words to the person, the clock, waiting with a deadline.

# say TEXT…: what happens now.
say() { printf '\n\033[1m== %s\033[0m (%s)\n' "$*" "$(elapsed)"; }

# note TEXT…: a detail of it.
note() { printf '   %s\n' "$*"; }

# fail TEXT…: why it cannot go on and what to do; ends the script, which cleans up after itself.
fail() {
    printf '\nerror: %s\n' "$1" >&2
    shift
    if (($#)); then printf '       %s\n' "$@" >&2; fi
    exit 1
}

# elapsed: time since the script began, as 3m07s.
elapsed() { printf '%dm%02ds' $((SECONDS / 60)) $((SECONDS % 60)); }

# has COMMAND: whether it can be run.
has() { command -v "$1" >/dev/null 2>&1; }

# usage FILE: the comment at the head of a script, as help.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1" | sed '/^set -/,$d'; }

# wait_until SECONDS COMMAND…: polls until the command succeeds; false at the deadline.
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

# tail_of FILE TITLE: its last lines, for the person who reads why something failed.
tail_of() {
    [[ -s $1 ]] || return 0
    printf '\n--- the last lines of %s (%s)\n' "$2" "$1" >&2
    tail -n 25 "$1" >&2
}

# need_number NAME VALUE: refuses anything but a positive number.
need_number() {
    [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || fail "$1 takes a positive number, not \"$2\""
}

# need_space FOLDER MEGABYTES: refuses to start what would fill the disk.
need_space() {
    local free
    free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
    ((free >= $2)) || fail "only $free MB free at $1, $2 MB are needed" "Make room, or choose another place."
}
