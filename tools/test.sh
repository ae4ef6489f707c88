#!/usr/bin/env bash
# Runs the tests part by part and prints how long each took: `tools/test.sh fast|all`.
# A part that fails does not stop the others; the exit status is 1 if any failed.
#
# Parts that need a Docker engine are left out where none runs, unless one may be installed: with
# CI=true or INSTALL_DOCKER=1. There a missing engine fails the run.
#
# Lanes: the cluster's tests, which often wait for pods, and beside them all else, first in one lane,
# then in two; a bit less urgent, for an idle cluster costs half a processor: the sooner it is gone the
# better. Whichever lane is done takes a part that none has begun. What the first lane runs is shown
# as it runs, the others' at the end.
set -uo pipefail
cd "$(dirname "$0")/.."
# Where it is set, each process compiles all that it imports again: twice the processor time.
unset PYTHONDONTWRITEBYTECODE

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
caches=${XDG_CACHE_HOME:-$HOME/.cache}/meltano-pods

part() {
    local name=$1 began=$SECONDS state=ok
    shift
    mkdir "$work/$name" 2>/dev/null || return 0 # another lane's
    printf '\n==> %s\n' "$name"
    times >"$work/$name/before"
    "$@" </dev/null || state=FAILED
    times >"$work/$name/after"
    printf '%-28s %5d s %5d s  %s\n' "$name" $((SECONDS - began)) "$(spent "$name")" "$state" \
        >>"$work/results"
}

# Prints the processor seconds of a part, without its containers: `times` has those of this lane's children.
spent() {
    awk -F '[ms ]+' 'FNR == 2 { sum = $1 * 60 + $2 + $3 * 60 + $4 - sum } END { print int(sum) }' \
        "$work/$1/before" "$work/$1/after"
}

left_out() { # REASON NAME...
    local reason=$1 name
    shift
    for name in "$@"; do
        printf '%-28s     -       -    left out: %s\n' "$name" "$reason" >>"$work/results"
    done
}

have_engine() {
    [[ ${CI:-} == true || ${INSTALL_DOCKER:-} == 1 ]] || docker version >/dev/null 2>&1
}

pytest() { .venv/bin/python -m pytest -q "$@"; }

with_engine() {
    part "Docker, kind, helm, kubectl" .venv/bin/python -m tools.cluster tools
    touch "$work/tools"
    charts_and_api
    part "Chromium" bash tests/cluster/chromium.sh
    KEEP_CLUSTER=1 part "a cluster" \
        pytest -n 2 --dist loadgroup tests/cluster -m "not alone" --durations=10
    # What restarts the node's services, on the same cluster with nothing else on it.
    part "a cluster, restarted" pytest tests/cluster -m alone
}

without_engine() {
    part "helm" .venv/bin/python -m tools.cluster helm
    touch "$work/tools"
    charts_and_api
}

charts_and_api() {
    export HELM=$PWD/.run/cluster/bin/helm
    part "charts" pytest tests/charts
    part "charts, linted" bash tests/charts/lint.sh
    part "Astro, workflows" make astro-check lint-workflows UNPINNED=1
    if [[ ${CI:-} == true ]] || .venv/bin/python -m tests.support.control_plane; then
        part "API server" pytest tests/apiserver
    else
        left_out "no kube-apiserver, see CONTRIBUTING.md" "API server"
    fi
}

fast() {
    # Caches that outlive the clone: without them types alone take half a minute.
    part "lint, types, imports" env MYPY_CACHE_DIR="$caches/mypy" make lint-code
    part "unit tests, docs" pytest -n 2 tests/unit tests/tools tests/runner tests/docs tests/images \
        -m "not meltano and not fault and not images"
    part "DAG integrity" pytest tests/dags
    part "tap-csv" env MYPY_CACHE_DIR="$caches/mypy-plugins" make test-plugins
}

slow() {
    part "plugins of the projects" make plugins
    touch "$work/plugins"
    part "an editor's language server" bash tests/meltano/language_server.sh
    part "reading, as Meltano reads" pytest tests/meltano
    either >"$work/third" 2>&1 &
    either
}

either() {
    until [ -e "$work/tools" ] && [ -e "$work/plugins" ]; do sleep 1; done
    part "Airflow, running" pytest tests/scheduler
    part "make run, as a user" pytest tests/local
    if [ "$engine" = yes ]; then
        part "images" pytest tests/images -m images
        part "astro dev start" pytest tests/astro_dev
    fi
    part "words" make lint-prose
    part "SIGTERM and SIGKILL" pytest tests/runner -m fault
    # Last what keeps two processors busy by itself.
    part "runs with Meltano" pytest -n 2 tests/runner -m meltano
}

part "environments" make .venv/.dev .venv-meltano/.done
if [ "${1:-all}" = all ]; then
    part "PostgreSQL" bash tests/postgresql.sh
    engine=no
    have_engine && engine=yes
    if [ "$engine" = yes ]; then
        { with_engine && either; } >"$work/beside" 2>&1 &
    else
        left_out "no Docker engine" "images" "astro dev start" "Chromium" "a cluster" "a cluster, restarted"
        { without_engine && either; } >"$work/beside" 2>&1 &
    fi
    renice --priority 5 $$ >/dev/null
    fast
    slow
    wait
    cat "$work/third" "$work/beside"
else
    fast
    part "words" make lint-prose
fi

printf '\n%-28s %7s %7s\n' "" wall processor
cat "$work/results"
failed=$(grep -c ' FAILED$' "$work/results")
passed=$(grep -c ' ok$' "$work/results")
omitted=$(grep -c ' left out: ' "$work/results")
printf '%-28s %5d s\n' "in all" "$SECONDS"
printf '\n%d passed, %d failed, %d left out\n' "$passed" "$failed" "$omitted"
if [ "$omitted" != 0 ]; then
    echo "Docker: start it; as root on Debian, INSTALL_DOCKER=1 installs and starts it."
fi
[ "$failed" = 0 ]
