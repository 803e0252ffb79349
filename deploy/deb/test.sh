#!/usr/bin/env bash
# Checks the Debian package: what is in it, lintian, the SBOM; and its whole life in a Debian of its own.
#
# usage: deploy/deb/test.sh [options]
#   --quick             only what CI has time for: a package of the programs that are built already (.build/debug), its
#                       list of files, lintian, pages, completions, the SBOM
#   --programs FOLDER   with --quick: where the programs are
#   --package FILE      the package to check, instead of building one
#   --twice             build it twice from nothing, and compare the two byte for byte
#   --keep              leave the Debian in var/deb/debian for a look around
#   --no-install        install no system package; say what is missing instead
#
# CI leaves out all but --quick: the static build takes ten minutes, and a Debian (debootstrap, a download of 150 MB) two
# more. Needs root for chroot. In that Debian, with Debian's own PostgreSQL, the commands of the runbooks install.md and
# upgrade.md are run as they stand there; systemd is installed, but is not process 1.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for piece in common packages; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done
# shellcheck source=/dev/null
source deploy/deb/life.sh

QUICK=no PROGRAMS=.build/debug PACKAGE='' TWICE=no INSTALL=yes
# Read by life.sh.
export KEEP=no
WORK=''

parse_options() {
    while (($#)); do
        case $1 in
            --quick) QUICK=yes ;;
            --twice) TWICE=yes ;;
            --keep) KEEP=yes ;;
            --no-install) INSTALL=no ;;
            --programs | --package)
                (($# > 1)) || fail "$1 needs a value"
                if [[ $1 == --programs ]]; then PROGRAMS=$2; else PACKAGE=$(realpath "$2"); fi
                shift
                ;;
            -h | --help) usage "deploy/deb/test.sh" && exit 0 ;;
            *) fail "unknown option $1" "deploy/deb/test.sh --help lists them." ;;
        esac
        shift
    done
}

# build_one FOLDER ARGUMENT…: sets PACKAGE.
build_one() {
    local folder=$1
    shift
    [[ $INSTALL == yes ]] || set -- "$@" --no-install
    deploy/deb/build.sh --output "$folder" "$@"
    PACKAGE=$(realpath "$folder"/assetlinkd_*.deb)
}

# Every path; of units, migrations, documents and pages of commands, which are many, that all and no others are there.
check_files() {
    say "The files"
    local all=$WORK/all packed units
    dpkg-deb --contents "$PACKAGE" | awk '{ print $1, $2, $6, $7, $8 }' | sed 's/ *$//' >"$all"
    if grep '^d' "$all" | grep -v '^drwxr-xr-x root/root '; then fail "a folder has other rights than usual"; fi
    grep -v '^d' "$all" |
        sed -E 's#(/sql/migrations/)[0-9]+_.*#\1NNNN.sql#; s#(assetlinkctl)-[a-z-]+(\.1\.gz)#\1-COMMAND\2#;
            s#(/assetlinkd/docs/).*#\1DOCUMENT#; s#(/systemd/system/)assetlinkd.*#\1UNIT#' |
        LC_ALL=C sort -u >"$WORK/files"
    diff -u deploy/deb/files.txt "$WORK/files" ||
        fail "the package has other files than deploy/deb/files.txt says" "Name them there, or leave them out."
    packed=$(grep -c '/sql/migrations/.*\.sql$' "$all")
    [[ $packed == "$(find sql/migrations -name '*.sql' | wc -l)" ]] || fail "$packed migrations were packed"
    units=$(sed -n 's#.*/systemd/system/##p' "$all" | grep . | sort)
    diff <(find systemd -name '*.service' -o -name '*.timer' -o -name '*.target' | sed 's#systemd/##' | sort) <(echo "$units") ||
        fail "the units of the package are not those of systemd/"
    note "as expected, with $packed migrations"
}

# lintian's errors and warnings; of its opinions on sections and wording, none.
check_lintian() {
    say "lintian"
    local hush=''
    # Programs of an ordinary build look for libraries in the toolchain's folder.
    [[ $1 == no ]] || hush=custom-library-search-path
    lintian --allow-root --fail-on error,warning --tag-display-limit 0 ${hush:+--suppress-tags "$hush"} "$PACKAGE"
    note "nothing to say, but for what debian/assetlinkd.lintian-overrides gives reasons for"
}

check_pages() {
    say "Pages and completions"
    dpkg-deb -x "$PACKAGE" "$WORK/root"
    local page shell share=$WORK/root/usr/share
    has man || note "there is no man to set the pages"
    for page in "$share"/man/man*/*.gz; do
        has man || break
        LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>"$WORK/said" >/dev/null || true
        [[ ! -s $WORK/said ]] || fail "$(basename "$page"): $(head -n 1 "$WORK/said")"
    done
    for page in assetlinkd.8 assetlinkd.yaml.5; do
        zcat "$share/man/man${page##*.}/$page.gz" | cmp - "deploy/config/$page" ||
            fail "deploy/config/$page is not what the program prints"
    done
    bash -n "$share/bash-completion/completions/assetlinkctl" "$share/bash-completion/completions/assetlinkd"
    for shell in zsh fish; do
        if has "$shell"; then
            find "$share/$shell" -type f -exec "$shell" -n {} \;
        else
            note "there is no $shell to read its completions"
        fi
    done
    note "$(find "$share/man" -name '*.gz' | wc -l) pages without a warning"
}

# By the validator of the SPDX project, from PyPI; what is linked and asked for is in it in any case.
check_sbom() {
    say "The SBOM"
    local sbom=$WORK/root/usr/share/doc/assetlinkd/assetlinkd.spdx.json name
    for name in hummingbird swift-nio swift-crypto yams boringssl libyaml swift-runtime libpq5 libc6; do
        grep -q "\"name\": \"$name\"" "$sbom" || fail "the SBOM does not have $name"
    done
    if has pyspdxtools; then
        pyspdxtools --infile "$sbom"
    elif python3 -m venv "$WORK/venv" && "$WORK/venv/bin/pip" -q install spdx-tools 2>"$WORK/said"; then
        "$WORK/venv/bin/pyspdxtools" --infile "$sbom"
    else
        note "its structure was not checked: spdx-tools could not be had from PyPI"
        return
    fi
    note "SPDX 2.3, valid, $(grep -c '"SPDXID": "SPDXRef-Package' "$sbom") packages"
}

# A stripped daemon under 25 MB that needs nothing of the toolchain.
check_static() {
    say "The programs"
    local daemon=$WORK/root/usr/sbin/assetlinkd size
    size=$(stat -c %s "$daemon")
    ((size < 25000000)) || fail "the daemon has $size bytes"
    if ldd "$daemon" "$WORK/root/usr/bin/assetlinkctl" | grep -iE 'swift|foundation|dispatch'; then
        fail "a library of the toolchain is needed"
    fi
    objdump -p "$daemon" | grep -q 'NEEDED *libpq.so.5' || fail "libpq is not Debian's"
    note "the daemon has $((size / 1000)) kB; $(dpkg-deb --field "$PACKAGE" Depends)"
}

main() {
    parse_options "$@"
    ensure_packages "$INSTALL" deb
    WORK=$(mktemp -d)
    trap 'leave_debian; rm -rf "$WORK"' EXIT
    if [[ $QUICK == yes ]]; then
        [[ -n $PACKAGE ]] || build_one "$WORK/out" --programs "$PROGRAMS"
        check_files
        check_lintian yes
        check_pages
        check_sbom
        say "Passed in $(elapsed)"
        return
    fi
    if [[ -z $PACKAGE ]]; then
        build_one var/deb
        if [[ $TWICE == yes ]]; then
            mv .build/static ".build/static.first"
            build_one "$WORK/again"
            rm -rf ".build/static.first"
            cmp "$PACKAGE" var/deb/"$(basename "$PACKAGE")" || fail "two builds are not the same"
            note "two builds are the same, byte for byte"
        fi
    fi
    check_files
    check_lintian no
    check_pages
    check_sbom
    check_static
    live_in_debian
    say "Passed in $(elapsed)"
}

main "$@"
