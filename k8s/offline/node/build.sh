#!/usr/bin/env bash
# Builds the node image: `build.sh IMAGE ROOTFS BIN KIND`, where ROOTFS is rootfs.sh's output, BIN the
# folder of the programs built from Go modules and KIND the folder of kind's Go module.
set -euo pipefail
image=$1 rootfs=$2 bin=$3 kind=$4
cd "$(dirname "$0")"
work=$(mktemp -d)
stand_in=meltano-pods.offline
trap 'rm -rf "$work"' EXIT

docker import --change 'LABEL org.meltano-pods.stand-in="Debian packages"' \
    "$rootfs/rootfs.tar" "$stand_in/node-rootfs" >/dev/null
contexts=(--build-context "rootfs=docker-image://$stand_in/node-rootfs" --build-context "bin=$bin")
build() { docker buildx build --progress=plain --load --provenance=false "$@"; }

cp -r collect.sh registry.yml files "$work"

# kubeadm's own list, and ours. Stages are called as images' last names are.
version=$(<"$bin/version")
mapfile -t images < <("$bin/kubeadm" config images list --kubernetes-version "$version")
images+=("$stand_in/volumes:dev")
for name in "${images[@]}" "$stand_in/registry:dev"; do
    stage=${name##*/}
    build --file "$PWD/images.Dockerfile" --target "${stage%%:*}" --tag "$name" \
        "${contexts[@]}" "$work"
done
docker save --output "$work/images.tar" "${images[@]}"
# These tags are others' names: they are wanted in the node only.
docker image rm --no-prune "${images[@]}" >/dev/null

pause=$(printf '%s\n' "${images[@]}" | grep /pause:)
build --file Dockerfile --tag "$image" --build-arg "PAUSE_IMAGE=$pause" \
    "${contexts[@]}" --build-context "kind=$kind/images/base/files" "$work"
