import { SCRIPT_BASE } from "./script-base.js";
import { startByBash } from "./start.js";

/**
 * Datagrams by bash's /dev/udp:
 * `sh -c SCRIPT hopbook-probe-udp datagram IP PORT INTERVAL_MS TIMEOUT_MS PAYLOAD…`, a payload an attempt, its
 * bytes written as `\xHH`. The socket is connected, so that an ICMP port unreachable is heard as a refusal.
 */
export const UDP_SCRIPT = startByBash(`${SCRIPT_BASE}
proto=udp
printf 'way bash\\n'
work() {
  local fd hex
  exec {fd}<>"/dev/udp/$ip/$port" || return
  find_port "$BASHPID" udp && printf 'port %s\\n' "$PORT"
  printf 'sent\\n'
  printf '%b' "$1" | dd ibs=1 obs=65536 status=none >&"$fd" || return
  timeout_s
  hex=$(timeout "$SECS" dd bs=65536 count=1 status=none <&"$fd" | od -An -v -tx1 -N 64 | tr -d ' \\n')
  [[ -z $hex ]] || printf 'reply %s\\n' "$hex"
}
run_attempts "$@"
`);
