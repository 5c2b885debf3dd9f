#!/bin/sh
# What hopbook does on other versions of Node than the one that runs this: the demo on each, and the whole unit suite, with what
# the slow one has of processes and ways in, on the oldest and the newest. npm's package `node` brings them into .build/node/. Usage: bin/node-versions.sh
set -eu
cd "$(dirname "$0")/.."
# The first is what `engines` in package.json says.
oldest=20.19
newest=26
path=$PATH
here=$(node -p 'process.versions.node.split(".")[0]')

for version in $oldest 22 24 $newest; do
  prefix=$PWD/.build/node/$version
  if [ ! -x "$prefix/node_modules/node/bin/node" ]; then
    mkdir -p "$prefix"
    npm install --prefix "$prefix" --no-audit --no-fund --no-package-lock --loglevel=error "node@$version" >&2
  fi
  PATH=$prefix/node_modules/node/bin:$path
  export PATH
  began=$(date +%s)
  node bin/hopbook.js demo >.build/node/demo.log 2>&1 || { cat .build/node/demo.log; echo "the demo failed on Node $(node --version)"; exit 1; }
  printf 'demo on Node %s: %s s\n' "$(node --version)" "$(($(date +%s) - began))"
  # The major version that runs this has had the whole suite already.
  case $version in
    "$oldest" | "$newest") [ "${version%%.*}" = "$here" ] || node bin/test.js --timeout=300 --again unit test/access/ test/process/ ;;
  esac
done
