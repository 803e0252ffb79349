# shellcheck shell=bash
# The system packages that the project needs, on Debian and what descends from it.

# packages_missing [faults|deb]: which of libpq-dev, pkg-config and postgresql are not there, by what is really needed of
# them; and of what the fault suite takes beside them. For a Debian package: only what makes and checks one.
packages_missing() {
    local missing=()
    if [[ ${1:-} == deb ]]; then
        has dh || missing+=(debhelper)
        has dpkg-buildpackage || missing+=(dpkg-dev)
        has objdump || missing+=(binutils)
        has lintian || missing+=(lintian)
        printf '%s\n' "${missing[@]}"
        return
    fi
    [[ -n $(find /usr/include -name libpq-fe.h -print -quit 2>/dev/null) ]] || missing+=(libpq-dev)
    has pkg-config || missing+=(pkg-config)
    [[ -n $(postgres_programs) ]] || missing+=(postgresql)
    # What checks proofs and test vectors of the audit.
    has python3 || missing+=(python3)
    if [[ ${1:-} == faults ]]; then
        [[ -x /usr/sbin/pgbouncer ]] || missing+=(pgbouncer)
        has faketime || missing+=(faketime)
    fi
    printf '%s\n' "${missing[@]}"
}

# ensure_packages MAY_INSTALL [faults|deb]: installs what is missing, saying so.
ensure_packages() {
    local missing=()
    mapfile -t missing < <(packages_missing "${2:-}" | sed '/^$/d')
    ((${#missing[@]})) || return 0
    has apt-get || fail "missing: ${missing[*]}" \
        "This is not Debian. Install the libpq headers, pkg-config and a PostgreSQL server (15 or later)," \
        "for example: dnf install libpq-devel pkgconf postgresql-server"
    [[ $1 == yes ]] || fail "missing: ${missing[*]}" "apt-get install ${missing[*]}"
    say "Installing ${missing[*]} with apt-get"
    install_packages "${missing[@]}"
}

# ensure_pgtap: pgTAP for the newest server, for the tests of sql/tests; where it cannot be had, that is said, and those
# tests say that they are left out.
ensure_pgtap() {
    local share major
    share=$("$(postgres_programs)/pg_config" --sharedir 2>/dev/null || true)
    major=$("$(postgres_programs)/postgres" --version | sed 's/.* \([0-9]*\)[.a-z].*/\1/')
    [[ ! -e ${share:-/usr/share/postgresql/$major}/extension/pgtap.control ]] || return 0
    as_root apt-get update -qq
    if apt-cache show "postgresql-$major-pgtap" >/dev/null 2>&1; then
        say "Installing postgresql-$major-pgtap with apt-get"
        apt_install "postgresql-$major-pgtap"
    else
        note "there is no package postgresql-$major-pgtap: the exact privileges are not checked"
    fi
}

# install_packages NAME…: apt-get, as root or through sudo; a server comes without a cluster of its own.
install_packages() {
    as_root apt-get update -qq
    if [[ " $* " == *" postgresql "* ]]; then
        apt_install postgresql-common
        without_main_cluster apt_install "$@"
    else
        apt_install "$@"
    fi
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        fail "apt-get could not install: $*" "Run it by hand to see why: apt-get install $*"
}

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif has sudo; then
        sudo "$@"
    else
        fail "this needs root: $*" \
            "Run it as root, install sudo, or install the packages yourself and use --no-install."
    fi
}

# without_main_cluster COMMAND…: Debian's server package makes and starts a cluster "main" when it is first installed.
# Nobody asked for one here, so that is switched off for the time of the command, and the setting put back.
without_main_cluster() {
    local conf=/etc/postgresql-common/createcluster.conf kept status=0
    kept=$(mktemp)
    cat "$conf" >"$kept" 2>/dev/null || true
    (cat "$kept" && echo 'create_main_cluster = false') | as_root tee "$conf" >/dev/null
    "$@" || status=$?
    as_root tee "$conf" <"$kept" >/dev/null
    rm -f "$kept"
    return "$status"
}

# postgres_programs: the folder of the newest installed server's programs; empty when there is none.
postgres_programs() {
    local folder
    folder=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -name initdb 2>/dev/null | sort -Vr | head -n 1)
    folder=${folder:-$(command -v initdb || true)}
    [[ -z $folder ]] || dirname "$folder"
}
