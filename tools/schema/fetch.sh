#!/bin/sh
# Downloads the Kubernetes API sources that generate.ts reads (Debian sid, package versions 0.36 = Kubernetes
# 1.36) and unpacks them under TARGET. Uses apt lists of its own: the machine's apt configuration is untouched.
# kube-aggregator is in no package of its own: its types, the same since 1.20, come from unpacked Kubernetes sources.
# Usage: tools/schema/fetch.sh TARGET KUBERNETES_SOURCE; then: node tools/schema/generate.ts TARGET/usr/share/gocode/src
set -eu
target=${1:?usage: fetch.sh TARGET KUBERNETES_SOURCE}
source=$(cd "${2:?usage: fetch.sh TARGET KUBERNETES_SOURCE}" && pwd)
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
apt_sid apt-get download golang-k8s-api-dev golang-k8s-apimachinery-dev golang-k8s-apiextensions-apiserver-dev
for package in *.deb; do dpkg -x "$package" "$target"; done
aggregator=k8s.io/kube-aggregator/pkg/apis/apiregistration/v1
mkdir -p "$target/usr/share/gocode/src/$aggregator"
cp "$source/staging/src/$aggregator/types.go" "$target/usr/share/gocode/src/$aggregator/"
