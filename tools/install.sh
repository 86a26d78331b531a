#!/bin/sh
# Installs npm packages when the lock file is not the installed one.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.installed-lock

fail() { printf 'Error: %s\n%s\n' "$1" "$2" >&2; exit 1; }

command -v npm >/dev/null || fail 'npm is not installed.' 'Install Node 20 or newer with npm: apt-get install nodejs npm (Debian), or see https://nodejs.org'
if cmp -s package-lock.json "$stamp"; then touch "$stamp"; exit 0; fi
echo 'Installing npm packages …' >&2
# the Node of this project is 26 and comes as a package: what is on the PATH only runs npm
PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v "^$PWD/node_modules/.bin$" | paste -sd: -)
# `npm ci` refuses a lock file without the optional packages of other platforms, as it is written where the registry
# does not have them; `npm install` takes the same versions from it and checks the same hashes
npm ci --no-audit --no-fund --loglevel=silent >&2 || npm install --no-save --no-audit --no-fund --loglevel=error >&2
cp package-lock.json "$stamp"
ls node_modules/node-linux-*/bin/node >/dev/null 2>&1 ||
  fail 'The Node 26 of this project could not be installed.' 'It comes as an npm package for Linux on x64 and arm64; see optionalDependencies in package.json.'
