#!/usr/bin/env bash
# Installs a requirements file at the locked versions: `install-packages FILE`.
set -euo pipefail
if [[ -s /run/secrets/ca ]]; then
    export PIP_CERT=/run/secrets/ca SSL_CERT_FILE=/run/secrets/ca UV_SYSTEM_CERTS=1
fi
lock=/opt/runtime/packages.txt
if [[ ! -x $VIRTUAL_ENV/bin/uv ]]; then
    python3 -m venv "$VIRTUAL_ENV"
    "$VIRTUAL_ENV/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
        --require-hashes --requirement <(sed -n '/^uv==/,/[^\\]$/p' "$lock")
fi
UV_CACHE_DIR=/var/cache/uv UV_LINK_MODE=copy UV_NO_CONFIG=1 \
    uv pip install --compile-bytecode --requirements "$1" --constraint "$lock"
