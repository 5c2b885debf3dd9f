import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAccess } from "../../lib/access/registry.js";
import type { TestSshd } from "./sshd.js";

/** What stands in for podman: a mount namespace is its container. Its pull, its storage and its own failures are not podman's. */
const PODMAN = `#!/bin/sh
folder=FOLDER
printf '%s\\n' "$*" >>$folder/podman.log
case "$1 $2" in 'image exists') [ -f $folder/pulled ]; exit ;; esac
for last; do :; done
case $1 in
pull)
  case $last in *denied*) echo 'Trying to pull' >&2; echo 'Error: initializing source docker://x: unauthorized' >&2; exit 125 ;; esac
  : >$folder/pulled ;;
run)
  for word; do case $word in --env=*) export "\${word#--env=}" ;; esac; done
  unshare -m sh -c 'umount /usr/bin/tcpdump; mount -t tmpfs run /run; mount -t tmpfs tmp /var/tmp; exec sleep "$1"' run "$last" >/dev/null 2>&1 &
  echo $! >$folder/pid ;;
inspect) cat $folder/pid ;;
exec)
  [ -f $folder/pid ] || { echo "Error: no container with name or ID \\"$3\\" found: no such container" >&2; exit 125; }
  shift 3
  exec env -i PATH="$PATH" nsenter -t "$(cat $folder/pid)" -m -- "$@" ;;
rm) kill "$(cat $folder/pid)"; rm $folder/pid ;;
esac
`;

/** Puts the stand-in on a test's node, and takes tcpdump away there: as on CoreOS, only the image has it. */
export async function installPodman(sshd: TestSshd): Promise<void> {
  writeFileSync(join(sshd.folder, "bin/podman"), PODMAN.replace("FOLDER", sshd.folder), { mode: 0o755 });
  const ssh = await openAccess(sshd.target());
  await ssh.exec(["mount", "--bind", "/dev/null", "/usr/bin/tcpdump"], { action: "x", timeoutMs: 5_000 });
  await ssh.close();
}
