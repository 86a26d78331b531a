#!/bin/sh
# Downloads the CRI's protobuf definition (Debian sid, golang-k8s-cri-api-dev 0.36) that generate.ts reads and unpacks
# it under TARGET. Uses apt lists of its own: the machine's apt configuration is untouched.
# Usage: tools/cri/fetch.sh TARGET
# then:  node tools/cri/generate.ts TARGET/usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto
set -eu
target=${1:?usage: fetch.sh TARGET}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs" "$target"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main" >"$work/sid.list"
apt_sid() {
  command=$1
  shift
  "$command" -o Dir::State::Lists="$work/lists" -o Dir::Etc::SourceList="$work/sid.list" \
    -o Dir::Etc::SourceParts=/dev/null -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@"
}
apt_sid apt-get update -qq
cd "$work/debs"
apt_sid apt-get download golang-k8s-cri-api-dev
for package in *.deb; do dpkg -x "$package" "$target"; done
