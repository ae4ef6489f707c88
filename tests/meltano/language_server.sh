#!/usr/bin/env bash
# Fetches the language server that editors start for YAML, for tests/meltano/test_editor.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
SERVER=2.0.0

. tests/linters.sh
at=$linters/yaml-language-server-$SERVER
if [[ ! -e $at/.done ]]; then
    if ! command -v npm >/dev/null; then
        echo "npm is not installed: it fetches yaml-language-server; https://nodejs.org" >&2
        exit 1
    fi
    echo "Installing yaml-language-server $SERVER" >&2
    npm install --silent --no-audit --no-fund --prefix "$at" "yaml-language-server@$SERVER"
    touch "$at/.done"
fi
