#!/usr/bin/env bash
# Installs the plugins of every project in a folder, and leaves their environments alone:
# `install_plugins.sh PROJECTS`. A build stage of both Dockerfiles runs it.
set -euo pipefail
shopt -s nullglob
export MELTANO_SEND_ANONYMOUS_USAGE_STATS=false MELTANO_CLI_LOG_LEVEL=warning
export MELTANO_DATABASE_URI=sqlite:////tmp/meltano.db
for project in "$1"/*/; do
    echo "Installing the plugins of $(basename "$project")"
    (cd "$project" && /opt/meltano/bin/meltano install)
    mkdir -p "$project/.meltano"
    find "$project" -mindepth 1 -maxdepth 1 ! -name .meltano -exec rm -rf {} +
    rm -rf "$project"/.meltano/{run,logs,analytics.json,meltano.db}
    # uv's locks, which everybody may write
    find "$project/.meltano" -name .lock -delete
done
