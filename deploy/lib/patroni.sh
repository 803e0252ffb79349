# shellcheck shell=bash
# Patroni from PyPI, in an environment of its own, and Debian's etcd, unpacked: nothing is installed, nothing is started.

# Debian 12's Patroni 3.0.2 let an old primary that stood still take the lead back and lose what was acknowledged.
readonly PATRONI_WANTED='patroni[etcd3]~=4.1.5'

# patroni_is_there FOLDER: whether fetch_patroni has been through.
patroni_is_there() { [[ -x $1/venv/bin/patroni && -x $(etcd_program "$1") ]]; }

# etcd_program FOLDER: the one that is installed, or the one that was unpacked.
etcd_program() { command -v etcd || echo "$1/etcd/usr/bin/etcd"; }

# fetch_patroni FOLDER: gets both; false where they cannot be had, with the reason on standard error.
fetch_patroni() {
    local folder=$1 python
    patroni_is_there "$folder" && return 0
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    python=$(patroni_python) || { echo "there is no python3 with venv: apt-get install python3-venv" >&2 && return 1; }
    if [[ ! -x $folder/venv/bin/patroni ]]; then
        if ! { "$python" -m venv "$folder/venv" &&
            "$folder/venv/bin/pip" install --quiet "$PATRONI_WANTED" psycopg2-binary; } >"$folder/pip.log" 2>&1; then
            tail -n 3 "$folder/pip.log" >&2
            rm -rf "$folder/venv"
            return 1
        fi
    fi
    if [[ ! -x $(etcd_program "$folder") ]]; then
        has apt-get || { echo "there is no etcd, and this is not Debian" >&2 && return 1; }
        mkdir -p "$folder/etcd"
        # Not installed: the package would start a service.
        (cd "$folder" && { apt-get download -qq etcd-server 2>/dev/null ||
            { as_root apt-get update -qq && apt-get download -qq etcd-server; }; } &&
            dpkg-deb -x etcd-server_*.deb etcd && rm -f etcd-server_*.deb) >"$folder/apt.log" 2>&1 || {
            tail -n 3 "$folder/apt.log" >&2
            return 1
        }
    fi
    chmod -R a+rX "$folder"
}

# patroni_python: an interpreter that can make environments and that the server's user can run.
patroni_python() {
    local python
    choose_server_user
    for python in /usr/bin/python3 "$(command -v python3)"; do
        if as_server_user "$python" -c 'import ensurepip, venv' 2>/dev/null; then echo "$python" && return 0; fi
    done
    return 1
}
