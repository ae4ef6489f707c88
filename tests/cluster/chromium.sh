#!/usr/bin/env bash
# Has a Chromium on PATH: the one that is there, else Debian's package, as root.
set -euo pipefail
for name in chromium google-chrome; do
    if command -v "$name"; then exit; fi
done
# shellcheck disable=SC1091
if [ "$(id -u)" != 0 ] || ! (. /etc/os-release && [ "$ID" = debian ]); then
    echo "Chromium is not installed: install it, so that Airflow's pages can be tested" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq --yes --no-install-recommends install chromium >/dev/null
command -v chromium
