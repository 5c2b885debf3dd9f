#!/bin/sh
# The cluster suite: first bring-up.test.ts, which makes a cluster and sees that nothing of it stays, then all other
# test/cluster/*.test.ts on one cluster. One that is up already, or HOPBOOK_TEST_KUBECONFIG's, is used and left as it is.
# Usage: bin/cluster-tests.sh [all|bring-up]
set -eu
cd "$(dirname "$0")/.."
run_tests() { node bin/test.js --jobs=1 --timeout=3600 --again "$@"; }
cluster() { npm run --silent cluster -- "$@"; }

case ${1:-all} in
  all | bring-up) ;;
  *) echo "usage: bin/cluster-tests.sh [all|bring-up]" >&2; exit 2 ;;
esac
run_tests test/cluster/bring-up.test.ts
[ "${1:-all}" = all ] || exit 0

if [ -z "${HOPBOOK_TEST_KUBECONFIG:-}" ] && [ "$(cluster status)" = null ]; then
  trap 'cluster down' EXIT
  trap 'exit 130' INT TERM
  cluster up >/dev/null
fi
run_tests --not=cluster/bring-up cluster
