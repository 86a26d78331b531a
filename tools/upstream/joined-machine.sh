#!/bin/sh
# A machine that joins a cluster, as far as its kubelet can tell: PID 1 of a PID namespace, with mounts, a host name and
# (by who starts it) a network of its own. Everything in it ends with it. See joined-machine.ts.
# Usage: joined-machine.sh DIR NAME; runs DIR/join.sh once that is there.
set -eu
dir=$1 name=$2
mount --make-rshared /
hostname "$name"
mkdir -p "$dir/etc" "$dir/lib"
cp -a /etc/. "$dir/etc"
mount --bind "$dir/etc" /etc
mount --bind "$dir/lib" /var/lib
mount -t tmpfs tmpfs /run
rm -rf /etc/cni
containerd -c "$dir/containerd.toml" >"$dir/containerd.log" 2>&1 &
until [ -f "$dir/join.sh" ]; do sleep 0.1; done
PATH="$dir/bin:$PATH"
export PATH
sh "$dir/join.sh" >"$dir/kubelet.log" 2>&1
