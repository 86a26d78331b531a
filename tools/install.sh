#!/bin/sh
# Installs npm packages when the lock file is not the installed one.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.installed-lock

fail() { printf 'Error: %s\n%s\n' "$1" "$2" >&2; exit 1; }

# as root on Debian and the like; never removes a package
apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  echo "Installing $* …" >&2
  export DEBIAN_FRONTEND=noninteractive
  options='--yes --no-remove --no-install-recommends -qq'
  # a machine that never asked for the list of packages knows of none
  apt-get install $options "$@" >/dev/null 2>&1 ||
    { apt-get update -qq >&2 && apt-get install $options "$@" >/dev/null; } || true
}

command -v npm >/dev/null || apt_install nodejs npm
command -v npm >/dev/null || fail 'npm is not installed.' 'Install it as root: apt-get install nodejs npm (Debian), or see https://nodejs.org'
if cmp -s package-lock.json "$stamp"; then touch "$stamp"; exit 0; fi
# of what the project's own Node needs, small systems lack one thing
has_libatomic() {
  for file in /lib/*/libatomic.so.1 /usr/lib/*/libatomic.so.1 /lib64/libatomic.so.1 /usr/lib64/libatomic.so.1; do
    if [ -e "$file" ]; then return 0; fi
  done
  return 1
}
has_libatomic || apt_install libatomic1
echo 'Installing npm packages …' >&2
# the Node of this project is 26 and comes as a package: what is on the PATH only runs npm
PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v "^$PWD/node_modules/.bin$" | paste -sd: -)
# `npm ci` refuses a lock file without the optional packages of other platforms, as it is written where the registry
# does not have them; `npm install` takes the same versions from it and checks the same hashes
npm ci --no-audit --no-fund --loglevel=silent >&2 || npm install --no-save --no-audit --no-fund --loglevel=error >&2
ls node_modules/node-linux-*/bin/node >/dev/null 2>&1 ||
  fail 'The Node 26 of this project could not be installed.' 'It comes as an npm package for Linux on x64 and arm64; see optionalDependencies in package.json.'
# old npm does not link what is optional
for node in node_modules/node-linux-*/bin/node; do
  [ -e node_modules/.bin/node ] || ln -s "../${node#node_modules/}" node_modules/.bin/node
done
node_modules/.bin/node --version >/dev/null ||
  fail 'The Node 26 of this project does not run.' 'If it lacks a library, install it as root: apt-get install libatomic1'
cp package-lock.json "$stamp"
