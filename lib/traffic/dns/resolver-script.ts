import type { Argv } from "../../model/access.js";
import type { NetnsRef } from "../../model/cluster.js";

/**
 * What is in the resolv.conf of the pod whose network namespace is at a path, or in the file of where it runs:
 * `sh -c SCRIPT hopbook-resolver PATH|-`. No program of the pod is run. A pod may have put a link in the file's place, which
 * would be followed on the node: links are passed by, and only a resolver's own lines leave it.
 */
export const RESOLVER_SCRIPT = `
unset CDPATH ENV
LC_ALL=C PATH=\${PATH:+$PATH:}/usr/sbin:/sbin:/usr/bin:/bin
export LC_ALL PATH
# Of a FIFO nothing comes, and it is not opened.
tell() {
  [ -f "$1/etc/resolv.conf" ] || return 1
  head -c 65536 "$1/etc/resolv.conf" 2>/dev/null | sed -n \\
    -e '/^[[:blank:]]*nameserver[[:blank:]]/p' -e '/^[[:blank:]]*search[[:blank:]]/p' \\
    -e '/^[[:blank:]]*domain[[:blank:]]/p' -e '/^[[:blank:]]*options[[:blank:]]/p'
  printf '#done\\n'
}
if [ "$1" = - ]; then tell '' || printf '#none\\n'; exit 0; fi
inode=$(stat -L -c %i -- "$1") || exit 4
own=$(readlink /proc/self/ns/mnt)
# The youngest first: the pause process is older than what the pod is for.
for pid in $(ls -l /proc/[0-9]*/ns/net 2>/dev/null |
  sed -n "s|.* /proc/\\([0-9]*\\)/ns/net -> net:.$inode.\\$|\\1|p" | sort -rn | head -n 200); do
  # A capture or a probe in that network namespace has the node's own files.
  [ "$(readlink "/proc/$pid/ns/mnt")" != "$own" ] || continue
  root=/proc/$pid/root
  [ ! -L "$root/etc" ] && [ ! -L "$root/etc/resolv.conf" ] || continue
  tell "$root" && exit 0
done
printf '#none\\n'
`;

/** The command that reads it. */
export function resolverArgv(netns: NetnsRef): Argv {
  return ["sh", "-c", RESOLVER_SCRIPT, "hopbook-resolver", netns.kind === "path" ? netns.path : "-"];
}
