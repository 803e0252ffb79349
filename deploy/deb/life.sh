# shellcheck shell=bash
# The life of the package in a Debian of its own: install, upgrade, remove, purge, and the two runbooks by the letter.
#
# Outside: makes the Debian (debootstrap) and packages of later releases. Everything that runs in it is one script in
# namespaces of its own, which end with it: deploy/deb/life-inside.sh.

DEBIAN=''

# leave_debian: it goes, unless it is to be kept.
leave_debian() {
    [[ -n $DEBIAN && -d $DEBIAN ]] || return 0
    if [[ $KEEP == yes ]]; then
        note "the Debian is still in $DEBIAN"
    else
        rm -rf "${DEBIAN:?}"
    fi
}

# make_debian: a small bookworm with PostgreSQL and systemd, which start nothing.
make_debian() {
    say "A Debian of its own"
    ((EUID == 0)) || fail "a Debian of its own needs root"
    if ! has debootstrap; then
        [[ $INSTALL == yes ]] || fail "missing: debootstrap"
        install_packages debootstrap
    fi
    mkdir -p var/deb
    DEBIAN=$(mktemp -d "$PWD/var/deb/debian.XXXXXX")
    chmod 755 "$DEBIAN"
    local mirror
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
        sed -nE 's#^(deb|URIs:) .*(https?://[^ ]+/debian/?)( .*)?$#\2#p; s#^(deb|URIs:) (https?://[^ ]+/debian/?)( .*)?$#\2#p' |
        sed -n 1p || true)
    debootstrap --variant=minbase bookworm "$DEBIAN" "${mirror:-http://deb.debian.org/debian}" >"$WORK/debootstrap" 2>&1 || {
        tail_of "$WORK/debootstrap" debootstrap
        fail "no Debian could be made"
    }
    cp /etc/apt/apt.conf.d/*proxy* "$DEBIAN/etc/apt/apt.conf.d/" 2>/dev/null || true
    # Security's and the updates' versions of libpq5, as the package was built with them.
    cat >"$DEBIAN/etc/apt/sources.list" <<EOF
deb ${mirror:-http://deb.debian.org/debian} bookworm main
deb ${mirror:-http://deb.debian.org/debian} bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
EOF
    cp /etc/resolv.conf "$DEBIAN/etc/resolv.conf"
    printf '#!/bin/sh\nexit 101\n' >"$DEBIAN/usr/sbin/policy-rc.d"
    chmod 755 "$DEBIAN/usr/sbin/policy-rc.d"
    note "$(du -sh "$DEBIAN" | cut -f 1) in $DEBIAN"
}

# later_release VERSION MIGRATION: the package as a later release would have it, with one more migration or none.
later_release() {
    local tree=$WORK/later
    rm -rf "$tree"
    dpkg-deb -R "$PACKAGE" "$tree"
    sed -i "s/^Version: .*/Version: $1/" "$tree/DEBIAN/control"
    [[ -z $2 ]] || printf -- '-- A later release would have something here.\n' >"$tree/usr/share/assetlinkd/sql/migrations/$2"
    dpkg-deb --root-owner-group -Znone -b "$tree" "$DEBIAN/srv/trial/later/assetlinkd_$1_all-same.deb" >/dev/null
}

live_in_debian() {
    make_debian
    mkdir -p "$DEBIAN/srv/trial/later" "$DEBIAN/srv/trial/runbooks"
    cp "$PACKAGE" "$DEBIAN/srv/trial/"
    cp deploy/docs/runbooks/{install,upgrade}.md deploy/deb/life-inside.sh "$DEBIAN/srv/trial/runbooks/"
    later_release 9.0.0 ''
    later_release 9.1.0 9999_later.sql
    say "Its life there"
    # Processes and mounts of these namespaces end with the script. /proc is what programs find themselves by.
    # shellcheck disable=SC2016
    unshare --mount --pid --fork --kill-child bash -euc '
        mount --make-rprivate /
        mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"
        mount --bind /dev "$1/dev"
        exec chroot "$1" /bin/bash /srv/trial/runbooks/life-inside.sh' _ "$DEBIAN" ||
        fail "the package does not live as it should" "--keep leaves the Debian for a look"
}
