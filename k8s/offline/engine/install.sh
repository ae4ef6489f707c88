#!/usr/bin/env bash
# Gets a Docker engine with buildx from Debian's packages: `install.sh FOLDER`, as root. It leaves
# FOLDER/path, the folders that dockerd's own PATH needs first; tools/cluster starts the engine.
set -euo pipefail
# shellcheck disable=SC1091
. /etc/os-release
folder=$1
export DEBIAN_FRONTEND=noninteractive

apt() { apt-get -qq --yes --no-install-recommends -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@"; }

# Packages must not start services by themselves: there may be no init system, and we start our own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi

if [ "$ID/${VERSION_CODENAME:-}" != debian/bookworm ]; then
    apt update
    apt install docker.io docker-buildx containerd iptables ca-certificates
    command -v docker >/dev/null || apt install docker-cli
    : >"$folder/path"
    exit
fi

# Debian 12's engine (20.10) cannot run privileged containers on newer kernels, and installing trixie's
# would replace libc and remove what is bound to the old one (PostgreSQL, compilers). But only trixie's
# runc needs the new libc: so trixie's engine is unpacked beside the system, over bookworm's own runc.
# Lists of our own, from the mirror this machine already uses, leave its sources as they are.
mirror=$(apt-get indextargets --format '$(CODENAME) $(LABEL) $(REPO_URI)' |
    awk '$1 == "bookworm" && $2 == "Debian" {print $3; exit}')
[ -n "$mirror" ] || { echo "apt names no Debian mirror: see its sources, then run apt-get update" >&2; exit 1; }
mkdir -p "$folder"/{lists/partial,archives,root}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$folder/sources.list"
trixie=(
    -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$folder/lists"
    -o APT::Sandbox::User=root # apt's own user may not look into a cache below /root
)
apt "${trixie[@]}" update
(cd "$folder/archives" && apt "${trixie[@]}" download docker.io docker-cli docker-buildx containerd)
for package in "$folder"/archives/*.deb; do dpkg-deb --extract "$package" "$folder/root"; done
rm -rf "$folder/lists"

if ! { command -v runc && command -v iptables; } >/dev/null; then
    apt update
    apt install runc iptables
fi

# The client looks for buildx in fixed folders. A client that is already here is kept.
plugins=/usr/local/lib/docker/cli-plugins
mkdir -p "$plugins"
docker buildx version >/dev/null 2>&1 ||
    ln -sf "$folder/root/usr/libexec/docker/cli-plugins/docker-buildx" "$plugins/docker-buildx"
command -v docker >/dev/null || ln -sf "$folder/root/usr/bin/docker" /usr/local/bin/docker
echo "$folder/root/usr/sbin:$folder/root/usr/bin" >"$folder/path"
