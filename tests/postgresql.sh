#!/usr/bin/env bash
# Has PostgreSQL's programs where tools/warehouse.py finds them: those that are there, else Debian's
# package, as root. No server need run.
set -euo pipefail
if .venv/bin/python -m tools.warehouse; then exit; fi
# shellcheck disable=SC1091
if [ "$(id -u)" != 0 ] || ! (. /etc/os-release && [ "$ID" = debian ]); then
    echo "PostgreSQL is not installed: install it, so that runs into a database can be tested" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
# Without the cluster that the package would make and start.
mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
apt-get -qq --yes --no-install-recommends install postgresql >/dev/null
.venv/bin/python -m tools.warehouse
