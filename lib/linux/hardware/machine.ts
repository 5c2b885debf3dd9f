import { linesOf } from "../lines.js";

/**
 * Prints `NAME HASH` for each identity that the node's machine has: of its boot, machine-id(5), and the one of its (virtual)
 * hardware. Of the identities themselves nothing leaves the node, as machine-id(5) asks.
 */
export const MACHINE_SCRIPT = String.raw`
set -u
say() {
  value=$(tr -d '\n-' 2>/dev/null <"$2" | tr A-F a-f) || return 0
  case $value in *[!0-9a-f]* | '') return 0 ;; *[1-9a-f]*) ;; *) return 0 ;; esac
  [ "${"${#value}"}" = 32 ] || return 0
  hash=$(printf 'hopbook %s' "$value" | sha256sum) || return 0
  printf '%s %.16s\n' "$1" "$hash"
}
{
  say boot /proc/sys/kernel/random/boot_id
  say machine-id /etc/machine-id
  say product_uuid /sys/class/dmi/id/product_uuid
} 2>/dev/null
`;

export const MACHINE_NAME = "hopbook-machine";

/** Identities by name, each by its hash; what the node lacks, or may not read, is left out. */
export function parseMachine(text: string): ReadonlyMap<string, string> {
  return new Map(
    linesOf(text).flatMap((line): (readonly [string, string])[] => {
      const [, name = "", hash] = /^(boot|machine-id|product_uuid) ([0-9a-f]{16})$/.exec(line) ?? [];
      return hash === undefined ? [] : [[name, hash]];
    }),
  );
}
