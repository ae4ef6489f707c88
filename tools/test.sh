#!/usr/bin/env bash
# Runs the tests part by part and says how long each took: `tools/test.sh fast|all`.
# A part that fails does not stop the others; the exit status is 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.."

names=() seconds=() states=()

part() {
    local name=$1 began=$SECONDS state=ok
    shift
    printf '\n==> %s\n' "$name"
    "$@" </dev/null || state=FAILED
    names+=("$name") seconds+=($((SECONDS - began))) states+=("$state")
}

pytest() { .venv/bin/python -m pytest -q "$@"; }

part "environments" make .venv/.dev .venv-meltano/.done
part "lint, types, imports" make lint
part "unit tests, docs" pytest -n 2 tests/unit tests/runner tests/docs tests/images \
    -m "not meltano and not fault and not images"
part "DAG integrity" pytest tests/dags
part "tap-csv" make test-plugins

if [ "${1:-all}" = all ]; then
    part "plugins of the projects" make plugins
    part "runs with Meltano" pytest tests/runner -m meltano
    part "Airflow, running" pytest tests/scheduler
    part "make run, as a user" pytest tests/local
    part "SIGTERM and SIGKILL" pytest tests/runner -m fault
    # From here on with Docker, which the tests of images and cluster share.
    part "Docker, kind, helm, kubectl" .venv/bin/python -m tools.cluster tools
    export HELM=$PWD/.run/cluster/bin/helm
    part "charts" pytest -n 2 tests/charts
    part "charts, linted" bash tests/charts/lint.sh
    part "Astro, workflows" make astro-check lint-workflows UNPINNED=1
    part "images" pytest tests/images -m images
    part "astro dev start" pytest tests/astro_dev
    part "Chromium" bash tests/cluster/chromium.sh
    part "a cluster" pytest tests/cluster
fi

printf '\n'
failed=0
for i in "${!names[@]}"; do
    printf '%-28s %5d s  %s\n' "${names[$i]}" "${seconds[$i]}" "${states[$i]}"
    [ "${states[$i]}" = ok ] || failed=$((failed + 1))
done
printf '%-28s %5d s\n' "in all" "$SECONDS"
printf '\n%d passed, %d failed\n' $((${#names[@]} - failed)) "$failed"
[ "$failed" = 0 ]
