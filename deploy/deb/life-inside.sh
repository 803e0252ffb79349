#!/bin/bash
# What life.sh runs inside the Debian that it made: as root, in namespaces of its own, where systemd is not process 1.
set -euo pipefail
# systemctl enables units, and says that it starts none.
export SYSTEMD_OFFLINE=1
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd /srv/trial
touch daemon.log

say() { printf '   %s\n' "$*"; }
fail() { printf '\nerror: %s\n' "$*" >&2 && exit 1; }

# quietly COMMAND…: what it says only where it fails.
quietly() { "$@" >/srv/trial/said 2>&1 || { tail -n 30 /srv/trial/said >&2 && fail "failed: $*"; }; }

# block FILE NUMBER: that block of commands of a runbook.
block() {
    awk -v wanted="$2" '/^```sh$/ { number++; inside = 1; next } /^```$/ { inside = 0; next } inside && number == wanted' \
        "/srv/trial/runbooks/$1.md"
}

# follow FILE NUMBER…: runs those blocks as they stand in the runbook.
follow() {
    local file=$1 number commands
    shift
    for number in "$@"; do
        commands=$(block "$file" "$number")
        [[ -n $commands ]] || fail "$file.md has no block $number"
        bash -euo pipefail -c "$commands" >/srv/trial/said 2>&1 || { cat /srv/trial/said >&2 && fail "$file.md, block $number"; }
    done
}

# blocks FILE: how many there are.
blocks() { grep -c '^```sh$' "/srv/trial/runbooks/$1.md"; }

# fingerprint: of all that the database holds.
fingerprint() { runuser -u postgres -- pg_dump inventory | grep -v '^\\\(un\)\?restrict' | sha256sum; }

# In this namespace, where there are only the processes of this script.
no_daemon() { ! pgrep -x assetlinkd >/dev/null; }

nothing_runs() { no_daemon || fail "$1: a daemon runs that nobody started"; }

# wait_for SECONDS WHAT COMMAND…: until the command succeeds.
wait_for() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        ((SECONDS < deadline)) || { cat /srv/trial/daemon.log >&2 && fail "waited for $what"; }
        sleep 0.2
    done
}

# As the runbook has set it.
answers_ready() {
    local status
    exec 3<>/dev/tcp/127.0.0.1/9187
    printf 'GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:9187\r\nConnection: close\r\n\r\n' >&3
    read -r _ status _ <&3
    exec 3>&-
    [[ $status == 200 ]]
} 2>/dev/null

has_links() {
    [[ $(runuser -u postgres -- psql -XAtc "SELECT count(*) > 50 FROM assetlink.link WHERE status = 'active'" inventory) == t ]]
}

daemon_is_ready() {
    kill -0 "$DAEMON" 2>/dev/null || { cat /srv/trial/daemon.log >&2 && fail "the daemon has ended"; }
    grep -qw ready /srv/trial/daemon.log
}

# The daemon as the unit has it: its line, its user, its environment.
start_daemon() {
    local line
    read -ra line < <(sed -n 's/^ExecStart=//p' /lib/systemd/system/assetlinkd.service)
    # shellcheck source=/dev/null
    (set -a && source /etc/assetlinkd/environment && exec runuser -u assetlinkd -- "${line[@]}") >/srv/trial/daemon.log 2>&1 &
    DAEMON=$!
    wait_for 60 "a daemon that is ready" daemon_is_ready
}

stop_daemon() {
    pkill -x assetlinkd
    wait_for 30 "the daemon's end" no_daemon
}

# what the machine would have: PostgreSQL with its default rules of access, systemd, curl's stand-in bash.
prepare() {
    quietly apt-get update
    quietly apt-get install --yes --no-install-recommends postgresql systemd procps
    printf "listen_addresses = ''\n" >>/etc/postgresql/15/main/conf.d/quiet.conf
    quietly pg_ctlcluster 15 main start
}

installed() {
    follow install 1
    nothing_runs "installed"
    [[ -z $(find /etc/systemd/system -name 'assetlinkd*' 2>/dev/null) ]] || fail "a unit was enabled unasked"
    [[ $(stat -c '%a %U %G' /etc/assetlinkd) == "750 root assetlinkd" ]] || fail "/etc/assetlinkd is $(stat -c '%a %U %G' /etc/assetlinkd)"
    [[ $(stat -c '%a %U' /etc/assetlinkd/credentials) == "700 root" ]] || fail "the credentials' folder is open"
    [[ -z $(find /etc/assetlinkd -type f) ]] || fail "there are settings that nobody made"
    [[ $(getent passwd assetlinkd | cut -d: -f 7) == /usr/sbin/nologin ]] || fail "no user assetlinkd, or it can log in"
    [[ $(runuser -u postgres -- psql -XAtc "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'assetlink%'") == 0 ]] ||
        fail "the installation made roles in the database"
    say "installed: nothing enabled, nothing started, no database touched"
}

run_install() {
    local numbers
    # The last looks at the daemon, which systemd would have started by then.
    mapfile -t numbers < <(seq 2 $(($(blocks install) - 1)))
    follow install "${numbers[@]}"
    [[ -L /etc/systemd/system/multi-user.target.wants/assetlinkd.service ]] || fail "the runbook did not enable the unit"
    systemd-analyze verify --man=no /lib/systemd/system/assetlinkd.service 2>&1 | grep -i assetlinkd && fail "the unit is wrong"
    start_daemon
    follow install "$(blocks install)"
    grep -q '^Daemon .*version' /srv/trial/said || fail "status does not know the daemon: $(cat /srv/trial/said)"
    wait_for 30 "ready over HTTP" answers_ready
    runuser -u postgres -- assetlinkctl fleet load --machines 200 --database dbname=inventory >/dev/null
    wait_for 60 "links" has_links
    say "install.md followed: $(blocks install) blocks, and 200 machines linked"
    say "resident, with the endpoint: $(awk '/VmRSS/ { print $2 " kB" }' "/proc/$(pgrep -x assetlinkd)/status")"
}

# upgrade VERSION: the package of that release, where the runbook looks for it.
upgraded() {
    rm -f /srv/trial/assetlinkd_*.deb
    cp "/srv/trial/later/assetlinkd_$1_all-same.deb" /srv/trial/
    local pid
    pid=$(pgrep -x assetlinkd)
    follow upgrade 3
    [[ $(pgrep -x assetlinkd) == "$pid" ]] || fail "another daemon runs than before the upgrade"
    [[ $(dpkg-query --show --showformat='${Version}' assetlinkd) == "$1" ]] || fail "$1 was not installed"
}

run_upgrade() {
    local numbers
    follow upgrade 1 2
    upgraded 9.0.0
    grep -q 'another schema' /srv/trial/said && fail "the schema is the same, but the package says otherwise"
    # The release of this test has no other schema: the runbook's migration finds nothing to do.
    follow upgrade 4
    stop_daemon && start_daemon
    mapfile -t numbers < <(seq 5 "$(blocks upgrade)")
    follow upgrade "${numbers[@]}"
    say "upgrade.md followed: $(blocks upgrade) blocks; the daemon went on meanwhile"
    upgraded 9.1.0
    grep -q 'another schema (9999_later), and nothing was restarted' /srv/trial/said || fail "the new schema was not told of"
    say "another schema: said, and the daemon left alone"
}

left() {
    stop_daemon
    local before
    before=$(fingerprint)
    quietly apt-get remove --yes assetlinkd
    [[ ! -e /usr/sbin/assetlinkd && -f /etc/assetlinkd/assetlinkd.yaml ]] || fail "remove took settings, or left programs"
    [[ $(fingerprint) == "$before" ]] || fail "remove touched the database"
    quietly apt-get install --yes "./assetlinkd_9.1.0_all-same.deb"
    nothing_runs "installed again"
    quietly apt-get purge --yes assetlinkd
    [[ ! -e /etc/assetlinkd ]] || fail "purge left settings"
    find / -xdev \( -path /srv/trial -o -path /var/lib/postgresql -o -path /var/log -o -path /var/cache -o -path /var/lib/apt \) \
        -prune -o -name '*assetlinkd*' -print >/srv/trial/left
    [[ ! -s /srv/trial/left ]] || fail "purge left $(paste -sd ' ' /srv/trial/left)"
    getent passwd assetlinkd >/dev/null || fail "purge took the user away"
    [[ $(fingerprint) == "$before" ]] || fail "purge touched the database"
    say "removed, installed again, purged: the database is the same to the last byte"
}

prepare
installed
run_install
run_upgrade
left
pg_ctlcluster 15 main stop
