# shellcheck shell=bash
# What the style check looks at beside the code: the top level and the scripts. Lengths, words and imports are tests.

TIDY_FAULTS=0

# tidy_check: all checks; false when any found something.
tidy_check() {
    TIDY_FAULTS=0
    check_top_level
    check_scripts
    ((TIDY_FAULTS == 0))
}

fault() {
    TIDY_FAULTS=$((TIDY_FAULTS + 1))
    printf '   %s\n' "$1"
}

# check_top_level: rooms are few and known.
check_top_level() {
    local folder
    for folder in */; do
        case ${folder%/} in
            Sources | Tests | sql | deploy | systemd | var) ;;
            *) fault "an unknown folder at the top: $folder" ;;
        esac
    done
}

check_scripts() {
    if ! has shellcheck; then
        printf '   skipped: shellcheck is not installed\n'
        return 0
    fi
    shellcheck -x deploy/*.sh deploy/bench deploy/fuzz deploy/idle deploy/soak deploy/lib/*.sh deploy/*/*.sh \
        deploy/container/livez .ci/run || fault "shellcheck found something"
}
