#!/usr/bin/env bash
# Makes the Debian package: programs with the Swift runtime inside, pages, completions, units, schema, documents, SBOM.
#
# usage: deploy/deb/build.sh [options]
#   --output FOLDER     where the package goes (default: var/deb)
#   --programs FOLDER   take assetlinkd and assetlinkctl from there instead of building them: for trying the package
#                       out only, as programs of an ordinary build need the Swift toolchain's libraries
#   --jobs N            compile that many files at a time
#   --no-install        install no system package; say what is missing instead
#
# Two runs on the same commit with the same tools make the same package, byte for byte: times are SOURCE_DATE_EPOCH, by
# default the commit's. The version is that of the programs (Schema.programVersion). Needs debhelper and dpkg-dev.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for piece in common packages build; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done

OUTPUT=var/deb PROGRAMS='' INSTALL=yes JOBS=() SCRATCH=.build/static

# What the linker is told: nothing that the program does not use, addresses that need no table of their own to be moved,
# and no names for programs that would load into it. It makes the daemon a quarter smaller.
readonly STATIC=(
    --configuration release --static-swift-stdlib
    -Xswiftc -Xfrontend -Xswiftc -function-sections -Xswiftc -Xfrontend -Xswiftc -internalize-at-link
    -Xcc -ffunction-sections -Xcc -fdata-sections
    -Xswiftc -use-ld=lld -Xlinker --no-export-dynamic -Xlinker -z -Xlinker pack-relative-relocs
    -Xlinker -z -Xlinker now
)

parse_options() {
    while (($#)); do
        case $1 in
            --output | --programs | --jobs)
                (($# > 1)) || fail "$1 needs a value"
                case $1 in
                    --output) OUTPUT=$2 ;;
                    --programs) PROGRAMS=$2 ;;
                    --jobs) need_number --jobs "$2" && JOBS=(--jobs "$2") ;;
                esac
                shift
                ;;
            --no-install) INSTALL=no ;;
            -h | --help) usage "deploy/deb/build.sh" && exit 0 ;;
            *) fail "unknown option $1" "deploy/deb/build.sh --help lists them." ;;
        esac
        shift
    done
}

# build_static: the programs, with the Swift runtime inside.
build_static() {
    local log product
    log=$(mktemp)
    for product in assetlinkd assetlinkctl; do
        swift build "${STATIC[@]}" "${JOBS[@]}" --scratch-path "$SCRATCH" --product "$product" >"$log" 2>&1 || {
            grep -E 'error:' "$log" | sort -u | head -n 20 >&2 || tail_of "$log" "the build"
            rm -f "$log"
            fail "the build of $product failed"
        }
    done
    rm -f "$log"
    PROGRAMS=$SCRATCH/release
}

# lay_out ROOT: the files as they will be on the machine, but for what debhelper places itself.
lay_out() {
    local root=$1 shared=$1/usr/share shell
    install -d "$root/usr/sbin" "$root/usr/bin" "$shared/man/man1" "$shared/man/man5" "$shared/man/man8"
    install -m 755 "$PROGRAMS/assetlinkd" "$root/usr/sbin/assetlinkd"
    install -m 755 "$PROGRAMS/assetlinkctl" "$root/usr/bin/assetlinkctl"
    "$PROGRAMS/assetlinkctl" manual --folder "$shared/man/man1"
    "$PROGRAMS/assetlinkd" --print-manual >"$shared/man/man8/assetlinkd.8"
    "$PROGRAMS/assetlinkd" --print-file-manual >"$shared/man/man5/assetlinkd.yaml.5"

    install -d "$shared/bash-completion/completions" "$shared/zsh/vendor-completions" "$shared/fish/vendor_completions.d"
    for shell in assetlinkd assetlinkctl; do
        "$PROGRAMS/$shell" --generate-completion-script bash | sed '1{/^#!/d}' >"$shared/bash-completion/completions/$shell"
        "$PROGRAMS/$shell" --generate-completion-script zsh >"$shared/zsh/vendor-completions/_$shell"
        "$PROGRAMS/$shell" --generate-completion-script fish >"$shared/fish/vendor_completions.d/$shell.fish"
    done

    install -d "$shared/assetlinkd/sql/migrations" "$shared/assetlinkd/grafana" "$shared/assetlinkd/prometheus"
    install -m 644 sql/migrations/*.sql "$shared/assetlinkd/sql/migrations"
    install -m 644 sql/roles.sql "$shared/assetlinkd/sql"
    install -m 644 deploy/grafana/*.json "$shared/assetlinkd/grafana"
    install -m 644 deploy/prometheus/assetlinkd.rules.yml deploy/prometheus/scrape.example.yml "$shared/assetlinkd/prometheus"
    install -D -m 644 systemd/assetlinkd.catalog "$root/usr/lib/systemd/catalog/assetlinkd.catalog"
    lay_out_documents "$shared/doc/assetlinkd"
}

# lay_out_documents FOLDER: what names a document of the repository names the installed one.
lay_out_documents() {
    local folder=$1
    install -d "$folder/examples"
    cp -r deploy/docs "$folder/docs"
    sed 's#(deploy/docs/#(docs/#g' README.md >"$folder/README.md"
    # Not beside README.md, where debhelper would take it for Debian's own.
    cp CHANGELOG.md "$folder/docs/CHANGELOG.md"
    "$PROGRAMS/assetlinkd" --print-example >"$folder/examples/assetlinkd.yaml"
    cp deploy/deb/examples/* "$folder/examples/"
    find "$folder" -type f -exec chmod 644 {} +
    find "$folder" -type d -exec chmod 755 {} +
}

# arrange STAGE: debian/ with what the tools look for by name.
arrange() {
    local debian=$1/debian unit
    cp -r deploy/deb/debian "$debian"
    for unit in systemd/*.service systemd/*.timer systemd/*.target; do
        unit=${unit#systemd/}
        case $unit in
            assetlinkd.* | assetlinkd@.*) cp "systemd/$unit" "$debian/$unit" ;;
            *) cp "systemd/$unit" "$debian/assetlinkd.$unit" ;;
        esac
    done
    cp systemd/assetlinkd.sysusers.conf "$debian/assetlinkd.sysusers"
    cp systemd/assetlinkd.tmpfiles.conf "$debian/assetlinkd.tmpfiles"
    printf 'root/* /\n' >"$debian/assetlinkd.install"
    cat >"$debian/changelog" <<EOF
assetlinkd ($VERSION) stable; urgency=medium

  * Release $VERSION. What is new:
    /usr/share/doc/assetlinkd/docs/CHANGELOG.md

 -- $(sed -n 's/^Maintainer: //p' "$debian/control")  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
EOF
}

main() {
    parse_options "$@"
    ensure_packages "$INSTALL" deb
    if [[ -z $PROGRAMS ]]; then
        need_swift
        ensure_packages "$INSTALL"
        say "Building the programs with the Swift runtime inside"
        build_static
    fi
    [[ -x $PROGRAMS/assetlinkd && -x $PROGRAMS/assetlinkctl ]] || fail "no programs in $PROGRAMS"
    VERSION=$("$PROGRAMS/assetlinkd" --version)
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
    export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8
    umask 022

    say "Arranging version $VERSION"
    local stage
    stage=$(mktemp -d)
    # shellcheck disable=SC2064
    trap "rm -rf '$stage'" EXIT
    lay_out "$stage/assetlinkd/root"
    arrange "$stage/assetlinkd"
    deploy/deb/sbom.py --programs "$PROGRAMS" --version "$VERSION" --epoch "$SOURCE_DATE_EPOCH" \
        >"$stage/assetlinkd/root/usr/share/doc/assetlinkd/assetlinkd.spdx.json"

    say "Packing"
    # Programs of an ordinary build: where their libraries are, which no package of Debian has.
    if ldd "$PROGRAMS/assetlinkd" | grep -q libswiftCore; then
        TRIAL_LIBRARIES=$(dirname "$(ldd "$PROGRAMS/assetlinkd" | awk '/libswiftCore/ { print $3 }')")
        export TRIAL_LIBRARIES
        note "for trial only: the programs need libraries of the Swift toolchain"
    fi
    (cd "$stage/assetlinkd" && dpkg-buildpackage --build=binary --no-sign --no-check-builddeps) >"$stage/log" 2>&1 || {
        tail_of "$stage/log" dpkg-buildpackage
        fail "the package could not be made"
    }
    mkdir -p "$OUTPUT"
    cp "$stage"/assetlinkd_"$VERSION"_*.{deb,changes,buildinfo} "$OUTPUT/"
    say "Made $(cd "$OUTPUT" && echo "$PWD"/assetlinkd_"$VERSION"_*.deb)"
}

main "$@"
