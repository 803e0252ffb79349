#!/usr/bin/env bash
# Kills, freezes and thaws the primary of a Patroni cluster under load, over and over, with two daemons at work; then
# looks for every acknowledged row, compares every link with the decision from scratch, and verifies the audit.
#
# usage: deploy/patroni/test.sh [options]
#   --short           once through, as deploy/test.sh does with the other faults
#   --asynchronous    instead: how much of what was acknowledged is lost without synchronous mode
#   --seed N          the same load again
#   --for TIME        again and again until it is over (default: twelve faults)
#
# The long form takes ten minutes, as a host that hangs is succeeded after 20 s at the least: deploy/test.sh leaves it
# out for that. It gets Patroni from PyPI and etcd from Debian into ./var/patroni, installs and starts nothing else, and
# ends what it started; ends with 3 where they cannot be had.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for piece in common build; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done

main() {
    local words=(--only patroni-synchronous --for 1s)
    while (($#)); do
        case $1 in
            --short) words+=(--short) ;;
            --asynchronous) words+=(--only patroni-asynchronous) ;;
            --seed | --for)
                (($# > 1)) || fail "$1 needs a value"
                words+=("$1" "$2")
                shift
                ;;
            -h | --help) usage "deploy/patroni/test.sh" && exit 0 ;;
            *) fail "unknown option $1" "deploy/patroni/test.sh --help lists them." ;;
        esac
        shift
    done
    deploy/patroni/cluster.sh fetch || {
        note "Patroni or etcd could not be had: nothing is tested"
        exit 3
    }
    exec deploy/soak "${words[@]}"
}

main "$@"
