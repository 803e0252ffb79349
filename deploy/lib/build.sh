# shellcheck shell=bash
# The Swift toolchain and the build.

# need_swift: refuses to go on without a toolchain that can read Package.swift.
need_swift() {
    has swift || fail "there is no swift in PATH" \
        "Install the Swift 6.3 toolchain (https://www.swift.org/install/linux/) and put its bin folder into PATH."
    local version
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    [[ $(printf '%s\n6.3\n' "$version" | sort -V | head -n 1) == 6.3 ]] ||
        fail "Swift ${version:-of an unknown version} is too old" "Swift 6.3 or later is needed."
}

# build_products CONFIGURATION LOG PRODUCT…: builds quietly; the log is shown when it fails.
build_products() {
    local configuration=$1 log=$2 product
    shift 2
    for product in "$@"; do
        if ! swift build --configuration "$configuration" --product "$product" >"$log" 2>&1; then
            grep -E 'error:' "$log" | sort -u | head -n 20 >&2 || true
            tail_of "$log" "the build"
            fail "the build of $product failed"
        fi
    done
}

# products_folder CONFIGURATION: where the programs are.
products_folder() { swift build --configuration "$1" --show-bin-path; }
