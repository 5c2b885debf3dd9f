/**
 * Looks at a node that more than one script takes: lines of constant POSIX sh, for busybox as well, that print
 * `key value`, change nothing and never fail.
 */

/** Where nodes have programs beside the folders of a login's PATH. */
export const LOOK_PATH =
  "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/opt/bin:/var/lib/rancher/rke2/bin";

/** `clock`, `uid`, `kernel`. */
export const LOOK_SELF = `printf 'clock %s\\n' "$(date +%s.%N 2>/dev/null)"
printf 'uid %s\\n' "$(id -u 2>/dev/null)"
printf 'kernel %s\\n' "$(uname -r 2>/dev/null)"`;

/** Takes the parent of $folder where that is not there yet. */
export const LOOK_UP = `[ -d "$folder" ] || folder=\${folder%/*}
[ -d "$folder" ] || folder=/`;

/** `freeKiB`: of the file system that holds $folder. */
export const LOOK_FREE = `df -Pk "$folder" 2>/dev/null | { read -r _; read -r _ _ _ free _; printf 'freeKiB %s\\n' "$free"; }`;

/** What makes $place a tracefs in which a trace instance can be made. */
export const IS_TRACEFS = `[ -w "$place/instances" ] && [ -d "$place/events/skb/kfree_skb" ]`;
export const TRACEFS_PLACES = "/sys/kernel/tracing /sys/kernel/debug/tracing";

/** `path NAME PATH` for each of these programs that is there. */
export function lookForPrograms(words: string): string {
  return `for tool in ${words}; do
  path=$(command -v "$tool" 2>/dev/null) || continue
  printf 'path %s %s\\n' "$tool" "$path"
done`;
}

/** The programs of a node that steps may want; the doctor looks for the same. */
export const TOOL_NAMES = [
  "tcpdump",
  "nsenter",
  "ip",
  "bridge",
  "timeout",
  "crictl",
  "ping",
  "curl",
  "iptables-save",
  "nft",
  "nstat",
  "ethtool",
  "ss",
  "conntrack",
] as const;

/**
 * What a node has for captures: itself, `ssh`, `freeKiB` of $folder, `tracefs`, these programs, and `version NAME TEXT` of
 * some. No pipes for what the shell itself can do: a run waits for every process of this.
 */
export const lookAtTools = (words: string): string => `${LOOK_PATH}
${LOOK_SELF}
printf 'ssh %s\\n' "$SSH_CONNECTION"
${LOOK_UP}
${LOOK_FREE}
for place in ${TRACEFS_PLACES}; do
  if ${IS_TRACEFS}; then printf 'tracefs %s\\n' "$place"; break; fi
done
${lookForPrograms(words)}
newline='
'
first() { said=$("$@" 2>&1); printf 'version %s %s\\n' "$1" "\${said%%"$newline"*}"; }
first tcpdump --version
first ip -V
first nft --version`;
