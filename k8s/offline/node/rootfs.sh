#!/usr/bin/env bash
# Makes the node's root file system from Debian packages: `rootfs.sh OUT` leaves OUT/rootfs.tar.
#
# trixie, whatever this machine runs: a systemd newer than its 257 does not support cgroup v1.
set -euo pipefail
packages=$(sed '/^#/d' "$(dirname "$0")/packages.txt" | paste -sd,)
# From the mirror this machine already uses.
mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' | awk '$1 == "Debian" {print $2; exit}')
[ -n "$mirror" ] || { echo "apt names no Debian mirror: see its sources, then run apt-get update" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { apt-get -qq update; apt-get -qq --yes install mmdebstrap; }

# Documentation and translations are half of it, and nobody reads them in a node.
mmdebstrap --variant=minbase --include="$packages" \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --aptopt='Dir::Cache::pkgcache ""' --aptopt='Dir::Cache::srcpkgcache ""' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/*' \
    trixie "$1/rootfs.tar" "$mirror"
