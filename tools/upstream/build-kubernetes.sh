#!/usr/bin/env bash
# Builds upstream Kubernetes 1.20.2 from Debian's source package, as a peer to test and measure against.
# Usage: build-kubernetes.sh [DIR] [TARGET...]      (root, for apt-get; 8-10 minutes on 2 cores, then cached)
#   DIR      where the binaries go (default $SAMPAN_CACHE or ~/.cache/sampan, then /upstream-kubernetes)
#   TARGET   any of: server e2e images                     (default: server)
# server: kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl
# e2e:    e2e.test ginkgo agnhost kubemark
# images: sample-apiserver nonewprivs (programs in images of the conformance tests)
set -euo pipefail
out=$(realpath -m "${1:-${SAMPAN_CACHE:-$HOME/.cache/sampan}/upstream-kubernetes}"); shift || true
targets=${*:-server}
mkdir -p "$out"; out=$(realpath "$out")

need=()
for t in $targets; do
  case $t in
    server) probe=kube-apiserver ;;
    e2e) probe=e2e.test ;;
    images) probe=nonewprivs ;;
    *) echo "unknown target: $t (server, e2e or images)" >&2; exit 2 ;;
  esac
  [ -x "$out/$probe" ] || need+=("$t")
done
[ ${#need[@]} -gt 0 ] || { echo "$out is complete"; exit 0; }

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends golang-go golang-github-modern-go-reflect2-dev etcd-server >/dev/null

gopath=$out/gopath root=$out/gopath/src/k8s.io/kubernetes
if [ ! -f "$root/.ready" ]; then
  work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
  # a source entry of its own beside the machine's, so that nothing of the machine's set-up changes
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | grep -m1 .)
  mkdir -p "$work/lists/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" > "$work/src.list"
  opts=(-o "Dir::State::Lists=$work/lists" -o "Dir::Etc::SourceList=$work/src.list" -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=root)
  apt-get "${opts[@]}" update -qq
  (cd "$work" && apt-get "${opts[@]}" source -qq --download-only kubernetes && tar xf kubernetes_*.orig.tar.gz)
  rm -rf "$root"; mkdir -p "$(dirname "$root")"; mv "$work"/kubernetes-*/ "$root"
  # the vendored reflect2 crashes when built with Go 1.18 or later
  rm -rf "$root/vendor/github.com/modern-go/reflect2"
  cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 "$root/vendor/github.com/modern-go/reflect2"
  touch "$root/.ready"
fi
cd "$root"
export GOPATH=$gopath GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
v=k8s.io/kubernetes/vendor/k8s.io/component-base/version c=k8s.io/kubernetes/vendor/k8s.io/client-go/pkg/version
ld="-s -w -X $v.gitVersion=v1.20.2 -X $v.gitMajor=1 -X $v.gitMinor=20 -X $c.gitVersion=v1.20.2"

if [ ! -f pkg/generated/openapi/zz_generated.openapi.go ]; then
  go build -o "$out/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  dirs=$({ grep -rl --include='*.go' '+k8s:openapi-gen=' pkg/apis pkg/version staging/src/k8s.io/{api,apimachinery,apiextensions-apiserver,apiserver,component-base,kube-aggregator,metrics,client-go,kube-scheduler,kube-proxy,kubelet,kube-controller-manager,cloud-provider} 2>/dev/null || true; } \
    | xargs -n1 dirname | sort -u | grep -v testdata | sed -e 's#^staging/src/#k8s.io/kubernetes/vendor/#' -e 's#^pkg/#k8s.io/kubernetes/pkg/#' | paste -sd,)
  "$out/openapi-gen" --logtostderr -i "$dirs" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi -h /dev/null -r /dev/null --output-base "$gopath/src"
fi
for t in "${need[@]}"; do
  case $t in
    server) go build -ldflags "$ld" -o "$out/" ./cmd/kube-apiserver ./cmd/kube-controller-manager ./cmd/kube-scheduler ./cmd/kubelet ./cmd/kube-proxy ./cmd/kubectl ;;
    images) go build -ldflags '-s -w' -o "$out/" ./vendor/k8s.io/sample-apiserver ./test/images/nonewprivs ;;
    e2e)
      if [ ! -f test/e2e/generated/bindata.go ]; then
        go build -o "$out/go-bindata" ./vendor/github.com/go-bindata/go-bindata/go-bindata
        "$out/go-bindata" -nometadata -o test/e2e/generated/bindata.go -pkg generated -ignore .jpg -ignore .png -ignore .md -ignore 'BUILD(\.bazel)?' \
          test/conformance/testdata/... test/e2e/testing-manifests/... test/e2e_node/testing-manifests/... test/images/... test/fixtures/...
      fi
      go build -ldflags '-s -w' -o "$out/" ./vendor/github.com/onsi/ginkgo/ginkgo ./test/images/agnhost ./cmd/kubemark
      go test -c -ldflags "$ld" -o "$out/e2e.test" ./test/e2e ;;
  esac
done
ls -1 "$out" | grep -v -E '^(gopath|openapi-gen|go-bindata)$'
