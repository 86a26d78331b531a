#!/usr/bin/env bash
# Builds upstream's apiextensions-apiserver 1.36 (the real API machinery of today: CRDs, server-side apply, CEL, patches,
# validation, watch) from Debian sid's golang-k8s-*-dev packages, with etcd 3.5 and kubectl 1.36 beside it.
# Usage: build-apiextensions.sh [DIR]     (root; default $SAMPAN_CACHE or ~/.cache/sampan, then /upstream-apiextensions; about 6 minutes on 2 cores, 3 GB of disk while building)
# Leaves DIR/{apiextensions-apiserver,etcd,kubectl} and DIR/proto/ (upstream's generated.proto files and merge schema, to read facts from).
set -euo pipefail
out=$(realpath -m "${1:-${SAMPAN_CACHE:-$HOME/.cache/sampan}/upstream-apiextensions}")
[ -x "$out/apiextensions-apiserver" ] && { echo "$out is complete"; exit 0; }
mkdir -p "$out"
export DEBIAN_FRONTEND=noninteractive
command -v mmdebstrap >/dev/null || { apt-get update -qq; apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null; }
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | grep -m1 .)
root=$(mktemp -d); trap 'umount "$root/proc" "$root/dev" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
# the stored list of sid may be past its validity date
mmdebstrap --quiet --aptopt='Acquire::Check-Valid-Until "false"' --variant=apt \
  --include=golang-go,golang-k8s-apiextensions-apiserver-dev,etcd-server,kubectl,ca-certificates sid "$root" "$mirror"
mount --bind /dev "$root/dev"; mount -t proc proc "$root/proc"
chroot "$root" env HOME=/root GOPATH=/tmp/gp:/usr/share/gocode GO111MODULE=off CGO_ENABLED=0 GOTOOLCHAIN=local GOCACHE=/tmp/gocache \
  go build -ldflags '-s -w' -o /tmp/apiextensions-apiserver k8s.io/apiextensions-apiserver
install -m 755 "$root/usr/bin/etcd" "$root/usr/bin/kubectl" "$out/"
mkdir -p "$out/proto"; (cd "$root/usr/share/gocode/src" && find k8s.io -name generated.proto | tar cf - -T -) | tar xf - -C "$out/proto"
cp "$root/usr/share/gocode/src/k8s.io/client-go/applyconfigurations/internal/internal.go" "$out/proto/merge-schema.go"
install -m 755 "$root/tmp/apiextensions-apiserver" "$out/"
ls -1 "$out"
