#!/bin/sh
# Makes docs/example-runs again on a lab: where what hopbook asks of nodes has changed, their recordings have to be new.
# It works from a copy in /opt/hopbook, so that no path of this machine stands in them. Needs root.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
home=/opt/hopbook work=$(mktemp -d)
[ ! -e "$home" ] || { echo "$home is there already" >&2; exit 1; }
trap 'node "$home/bin/hopbook.js" lab down --name lab >/dev/null 2>&1 || true; rm -rf "$home" "$work"' EXIT
mkdir -p "$home"
for name in bin package.json runbooks schemas docs; do cp -r "$root/$name" "$home/$name"; done
ln -s "$root/node_modules" "$home/node_modules"
(cd "$root" && node bin/build.js "$home/dist")
cd "$work"
node "$home/bin/hopbook.js" lab up --name lab >/dev/null
trace() {
  node "$home/bin/hopbook.js" run trace-path --cluster /run/hopbook/lab/lab/cluster.yaml --from shop/client \
    --to shop/web:8080 --probe http --probe ping --yes --out "$1" >/dev/null 2>"$1.log" && code=0 || code=$?
  [ "$code" = "$2" ] || { echo "$1: exit code $code" >&2; cat "$1.log" >&2; exit 1; }
}
trace healthy 0
node "$home/bin/hopbook.js" lab fault --name lab forward-drop-b on >/dev/null
trace policy-drop 3
for name in healthy policy-drop; do
  rm -rf "$root/docs/example-runs/$name"
  cp -r "$work/$name"/* "$root/docs/example-runs/$name"
  chmod -R u=rwX,go=rX "$root/docs/example-runs/$name"
  echo "docs/example-runs/$name is made anew"
done
# The runs that playbooks' pages show, and their recordings in test/fixtures/runs.
HOPBOOK_SESSIONS=write node "$root/bin/test.js" --timeout 600 test/lab/playbook-sessions >"$work/sessions.log" ||
  { cat "$work/sessions.log" >&2; exit 1; }
echo "runbooks/sessions and test/fixtures/runs are made anew"
