#!/usr/bin/env bash
# Checks the alert rules and plays their unit tests with promtool.
#
# usage: deploy/prometheus/test.sh [--fetch]
#   --fetch   where there is no promtool, take Debian's package and unpack it into ./var: nothing is installed, and
#             no Prometheus is started, as installing the package would; ends with 3 where it cannot be had
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=/dev/null
source deploy/lib/common.sh
# shellcheck source=/dev/null
source deploy/lib/packages.sh

promtool=$(command -v promtool || true)
unpacked=var/prometheus/usr/bin/promtool
[[ -n $promtool || ! -x $unpacked ]] || promtool=$PWD/$unpacked
if [[ -z $promtool && ${1:-} == --fetch ]]; then
    has apt-get || fail "there is no promtool, and this is not Debian" "Install Prometheus 2.42 or later."
    mkdir -p var/prometheus
    # The lists of packages may be old, or not there at all.
    (cd var/prometheus && { apt-get download -qq prometheus 2>/dev/null ||
        { as_root apt-get update -qq && apt-get download -qq prometheus; }; } &&
        dpkg-deb -x prometheus_*.deb . && rm -f prometheus_*.deb) || {
        note "Debian's package prometheus could not be had: the alert rules are not checked"
        exit 3
    }
    promtool=$PWD/$unpacked
fi
[[ -n $promtool ]] || fail "there is no promtool" "deploy/prometheus/test.sh --fetch unpacks Debian's"
"$promtool" check rules deploy/prometheus/assetlinkd.rules.yml
"$promtool" test rules deploy/prometheus/assetlinkd.rules.test.yml
