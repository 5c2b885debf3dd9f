import { SCRIPT_BASE } from "./script-base.js";
import { startByBash } from "./start.js";

/** What the base keeps of an answer by itself. */
const BASE_BYTES = 100;

/**
 * Datagrams by bash's /dev/udp:
 * `sh -c SCRIPT hopbook-probe-udp datagram IP PORT INTERVAL_MS TIMEOUT_MS PAYLOAD…`, a payload an attempt, its
 * bytes written as `\\xHH`. The socket is connected, so that an ICMP port unreachable is heard as a refusal.
 */
export const UDP_SCRIPT = buildUdpScript(64);

/** The same, of whose answers so many bytes are told. */
export function buildUdpScript(replyBytes: number): string {
  const wide = replyBytes > BASE_BYTES ? `MOST_HEX=${2 * replyBytes}\n` : "";
  return startByBash(`${SCRIPT_BASE}
${wide}proto=udp
printf 'way bash\\n'
work() {
  local fd hex
  exec {fd}<>"/dev/udp/$ip/$port" || return
  find_port "$BASHPID" udp && printf 'port %s\\n' "$PORT"
  printf 'sent\\n'
  printf '%b' "$1" | dd ibs=1 obs=65536 status=none >&"$fd" || return
  timeout_s
  hex=$(timeout "$SECS" dd bs=65536 count=1 status=none <&"$fd" | od -An -v -tx1 -N ${replyBytes} | tr -d ' \\n')
  [[ -z $hex ]] || printf 'reply %s\\n' "$hex"
}
run_attempts "$@"
`);
}
