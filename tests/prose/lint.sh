#!/usr/bin/env bash
# Checks the words of pages, comments, docstrings and messages with Vale: `make lint-prose`. The rules are
# in tests/prose/styles/Prose.
set -euo pipefail
cd "$(dirname "$0")/../.."

VALE=v3.22.0 # later ones need a commit of a library that not every Go module proxy serves

. tests/linters.sh
# The parsers of programming languages are not used: they need no optimizing.
vale=$(CGO_CFLAGS="-O0 -w" go_tool github.com/vale-cli/vale/v3/cmd/vale "$VALE")
exec .venv/bin/python -m tests.prose "$vale"
