#!/usr/bin/env bash
# Copies files, folders and what they are linked to, for an image of just these: `collect.sh OUT PATH...`.
set -euo pipefail
out=$1
shift
mkdir -p "$out"/usr/{bin,sbin,lib,lib64}
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$out/$folder"; done
cp -a --parents "$@" "$out"
# Plugins are linked to libraries of their own. A static program is linked to none, which ldd calls a failure.
find "$@" -type f -exec sh -c 'ldd "$@" 2>/dev/null || true' sh {} + | { grep -o '/[^ ]*[^ :]' || true; } |
    sort -u | while read -r library; do
    # By the folder they really are in: Debian's /lib is a link.
    real=$(realpath "$(dirname "$library")")/$(basename "$library")
    [ ! -e "$real" ] || cp -L --parents "$real" "$out"
done
