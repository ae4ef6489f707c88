#!/usr/bin/env bash
# Installs the plugins of every project in a folder, and leaves their environments and dbt's packages
# alone: `install_plugins.sh PROJECTS`. A build stage of both Dockerfiles runs it.
set -euo pipefail
shopt -s nullglob
export MELTANO_SEND_ANONYMOUS_USAGE_STATS=false MELTANO_CLI_LOG_LEVEL=warning
export MELTANO_DATABASE_URI=sqlite:////tmp/meltano.db
for project in "$1"/*/; do
    echo "Installing the plugins of $(basename "$project")"
    # A folder may be here only for what another project takes from it.
    if [ -e "$project/meltano.yml" ]; then
        (cd "$project" && /opt/meltano/bin/meltano install)
        /opt/meltano/bin/python -m tools.images.dbt_packages "$project"
    fi
done
for project in "$1"/*/; do
    mkdir -p "$project/.meltano"
    find "$project" \( -name .meltano -o -name dbt_packages \) -prune -o ! -type d -exec rm {} +
    find "$project" -mindepth 1 -type d -empty ! -path '*/.meltano*' -delete
    rm -rf "$project"/.meltano/{run,logs,analytics.json,meltano.db}
    # uv's locks, which everybody may write
    find "$project/.meltano" -name .lock -delete
done
/opt/meltano/bin/python -m tools.images.link_equal "$1"
