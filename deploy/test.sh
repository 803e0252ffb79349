#!/usr/bin/env bash
# Passes all tests, from nothing: installs missing system packages, builds, checks the style, tests.
#
# usage: deploy/test.sh [options]
#   --fast           only the style and the pure core, without a database
#   --filter REGEX   only the tests whose names match
#   --no-install     install no system package; say what is missing instead
#
# Tests that need a database start a PostgreSQL of their own in a temporary folder and stop it with themselves.
# ASSETLINK_TEST_CONNINFO names another one instead, by a keyword string of a superuser.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
for piece in common packages build tidy; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done

FAST=no INSTALL=yes FILTER=''

parse_options() {
    while (($#)); do
        case $1 in
            --fast) FAST=yes ;;
            --no-install) INSTALL=no ;;
            --filter)
                (($# > 1)) || fail "$1 needs a value"
                FILTER=$2
                shift
                ;;
            -h | --help) usage "deploy/test.sh" && exit 0 ;;
            *) fail "unknown option $1" "deploy/test.sh --help lists them." ;;
        esac
        shift
    done
}

check_style() {
    say "Style"
    swift format lint --strict --recursive --parallel Package.swift Sources Tests ||
        fail "the style differs from .swift-format" "swift format -i --recursive Package.swift Sources Tests"
    tidy_check || fail "the repository is untidy"
}

build_tests() {
    say "Building the tests"
    local log status=0
    log=$(mktemp)
    swift build --build-tests >"$log" 2>&1 || status=$?
    if ((status)); then
        grep -E 'error:' "$log" | sort -u | head -n 40 >&2 || tail_of "$log" "the build"
        rm -f "$log"
        fail "the tests do not build"
    fi
    rm -f "$log"
}

# run_tests TITLE ARGUMENT…: the summary and every failure; the whole log where something failed.
run_tests() {
    local title=$1
    shift
    say "$title"
    swift test --skip-build --disable-xctest --quiet "$@" || fail "$title: tests failed"
}

# Alert rules need promtool, which Debian has only beside a Prometheus that would be started.
check_alerts() {
    say "The alert rules"
    local fetch=() status=0
    if ! has promtool && [[ ! -x var/prometheus/usr/bin/promtool ]]; then
        if [[ $INSTALL == no ]] || ! has apt-get; then
            note "not checked: there is no promtool (deploy/prometheus/test.sh --fetch unpacks Debian's)"
            return 0
        fi
        fetch=(--fetch)
    fi
    deploy/prometheus/test.sh "${fetch[@]}" || status=$?
    ((status == 0 || status == 3)) || fail "the alert rules do not pass their tests"
}

# A package of the programs just built: what is in it, not that they run elsewhere (deploy/deb/test.sh without --quick).
check_package() {
    say "The Debian package"
    if ! has apt-get || { [[ $INSTALL == no ]] && ! { has dh && has lintian; }; }; then
        note "not checked: debhelper and lintian are not here"
        return 0
    fi
    local programs
    programs=$(products_folder debug)
    deploy/deb/test.sh --quick --programs "$programs" || fail "the package is not as it should be"
}

# Without Patroni its scenario says that it is skipped.
fetch_patroni() {
    [[ $INSTALL == yes ]] || return 0
    deploy/patroni/cluster.sh fetch || note "Patroni or etcd could not be had: failover under it is not tested"
}

# What differs most between majors; the whole suites are deploy/versions/test.sh.
check_newest_postgres() {
    say "The newest major of PostgreSQL"
    local status=0
    deploy/versions/test.sh --short || status=$?
    ((status == 0 || status == 3)) || fail "tests fail on the newest major of PostgreSQL"
}

# Tables of another database, from the newest major of PostgreSQL where it can be had.
check_replication() {
    say "Replication from another database"
    local status=0
    deploy/replication/test.sh --from newest || status=$?
    if ((status == 3)); then
        status=0
        deploy/replication/test.sh || status=$?
    fi
    ((status == 0)) || fail "replication from another database fails"
}

main() {
    parse_options "$@"
    need_swift
    ensure_packages "$INSTALL"
    # Without these the faults that need them are skipped, and say so.
    if [[ $FAST == no && $INSTALL == yes ]] && has apt-get; then
        ensure_packages yes faults
        ensure_pgtap
    fi
    check_style
    build_tests
    if [[ -n $FILTER ]]; then
        run_tests "Tests of $FILTER" --filter "$FILTER"
    else
        run_tests "The pure core" --filter LinkCoreTests --filter LinkRulesTests
        run_tests "The service loop, simulated" --filter LinkSimulationTests
        # One after the other: on two cores a test that waits for a daemon must not wait for another test's sums.
        if [[ $FAST == no ]]; then
            run_tests "The libpq layer" --filter PostgresTests
            run_tests "The fleet and the CLI" --filter SampleFleetTests --filter LinkCommandsTests
            run_tests "The store" --filter LinkStoreTests
            run_tests "The decoders, over what nobody meant" --filter LinkFuzzTests
            run_tests "Properties, and controls that must fail" --filter LinkPropertyTests
            run_tests "The daemon" --filter LinkServiceTests
            run_tests "Health and metrics" --filter LinkHealthTests
            run_tests "The service manager" --filter SystemdTests
            run_tests "Configuration" --filter LinkConfigurationTests
            check_alerts
            check_package
            check_newest_postgres
            check_replication
            fetch_patroni
            run_tests "Faults, in their short forms" --filter LinkFaultTests
            run_tests "The benchmark, on a small world" --filter LinkBenchTests
        fi
    fi
    say "Passed in $(elapsed)"
}

main "$@"
