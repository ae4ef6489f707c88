#!/usr/bin/env bash
# Runs the tests part by part and says how long each took: `tools/test.sh fast|all`.
# A part that fails does not stop the others; the exit status is 1 if any failed.
#
# The cluster's tests run beside the rest, for they often wait for pods; their output comes at the end.
set -uo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

part() {
    local name=$1 began=$SECONDS state=ok
    shift
    printf '\n==> %s\n' "$name"
    "$@" </dev/null || state=FAILED
    printf '%-28s %5d s  %s\n' "$name" $((SECONDS - began)) "$state" >>"$work/results"
}

pytest() { .venv/bin/python -m pytest -q "$@"; }

with_docker() {
    part "Docker, kind, helm, kubectl" .venv/bin/python -m tools.cluster tools
    touch "$work/engine"
    export HELM=$PWD/.run/cluster/bin/helm
    part "charts" pytest tests/charts
    part "charts, linted" bash tests/charts/lint.sh
    part "Astro, workflows" make astro-check lint-workflows UNPINNED=1
    part "Chromium" bash tests/cluster/chromium.sh
    part "a cluster" pytest -n 2 --dist loadgroup tests/cluster --durations=10
    rest
}

# What either side may do: whichever is done with its own takes the next, so that none waits long.
rest() {
    mkdir "$work/images" 2>/dev/null && part "images" pytest tests/images -m images
    mkdir "$work/astro" 2>/dev/null && part "astro dev start" pytest tests/astro_dev
}

part "environments" make .venv/.dev .venv-meltano/.done
if [ "${1:-all}" = all ]; then
    part "PostgreSQL" bash tests/postgresql.sh
    with_docker >"$work/beside" 2>&1 &
fi
part "lint, types, imports" make lint
part "unit tests, docs" pytest -n 2 tests/unit tests/runner tests/docs tests/images \
    -m "not meltano and not fault and not images"
part "DAG integrity" pytest tests/dags
part "tap-csv" make test-plugins
if [ "${1:-all}" = all ]; then
    part "plugins of the projects" make plugins
    part "an editor's language server" bash tests/meltano/language_server.sh
    part "reading, as Meltano reads" pytest tests/meltano
    part "Airflow, running" pytest tests/scheduler
    part "make run, as a user" pytest tests/local
    part "SIGTERM and SIGKILL" pytest tests/runner -m fault
    part "runs with Meltano" pytest -n 2 tests/runner -m meltano
    until [ -e "$work/engine" ]; do sleep 1; done
    rest
    wait
    cat "$work/beside"
fi

printf '\n'
cat "$work/results"
failed=$(grep -c ' FAILED$' "$work/results")
printf '%-28s %5d s\n' "in all" "$SECONDS"
printf '\n%d passed, %d failed\n' $(($(wc -l <"$work/results") - failed)) "$failed"
[ "$failed" = 0 ]
