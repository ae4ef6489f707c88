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
# Without a mount it would stay in the layer.
mountpoint --quiet /var/cache/uv || export UV_NO_CACHE=1
UV_CACHE_DIR=/var/cache/uv UV_LINK_MODE=copy UV_NO_CONFIG=1 \
    uv pip install --requirements "$1" --constraint "$lock"
# Only what is new: uv would compile Airflow again for each few packages of a project. Some packages hold
# templates that are not valid Python.
python -m compileall -qq -j 0 "$VIRTUAL_ENV/lib" || true
