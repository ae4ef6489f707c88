# Sourced by the lint scripts: linters at pinned versions, fetched once into the project's cache.
# shellcheck shell=bash
linters=${XDG_CACHE_HOME:-$HOME/.cache}/meltano-pods/linters

go_tool() { # PACKAGE VERSION; prints the program's path
    local name=${1##*/}
    local at=$linters/$name-$2
    if [[ ! -x $at/$name ]]; then
        if ! command -v go >/dev/null; then
            echo "Install Go (https://go.dev/doc/install): it builds $name $2, once." >&2
            exit 1
        fi
        echo "Building $name $2" >&2
        GOBIN=$at go install "$1@$2"
    fi
    echo "$at/$name"
}

python_tools() { # PACKAGE==VERSION...; prints the environment's folder
    local all="$*"
    local at=$linters/python-${all// /-}
    if [[ ! -e $at/.done ]]; then
        echo "Installing $all" >&2
        python3 -m venv --clear "$at"
        "$at/bin/pip" install --quiet --disable-pip-version-check "$@"
        touch "$at/.done"
    fi
    echo "$at"
}
