#!/usr/bin/env bash
# Makes the root file system under both stand-ins from Debian packages: `rootfs.sh OUT` leaves
# OUT/rootfs.tar. trixie, as in the real bases; what python:3.13-slim installs, and no documentation.
set -euo pipefail
# From the mirror this machine already uses.
mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
[ -n "$mirror" ] || { echo "apt names no Debian mirror: see its sources, then run apt-get update" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { apt-get -qq update; apt-get -qq --yes install mmdebstrap; }

mmdebstrap --variant=minbase --include=ca-certificates,netbase,tzdata \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --aptopt='Dir::Cache::pkgcache ""' --aptopt='Dir::Cache::srcpkgcache ""' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/log/*' \
    trixie "$1/rootfs.tar" "$mirror"
