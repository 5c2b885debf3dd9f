import { PERL_PROGRAM, PYTHON_PROGRAM } from "./connect-programs.js";
import { SCRIPT_BASE } from "./script-base.js";
import { startByBash } from "./start.js";

/**
 * Connections by perl or python3, which can bind, so that the local port is known of a refused one too; by bash's
 * /dev/tcp where neither starts. Not by curl: Debian's is linked with a library that looks up the node's own name at
 * each start, `curl --version` included, which takes 10 s where the node's resolver is out.
 * `sh -c SCRIPT hopbook-probe-tcp MODE IP PORT INTERVAL_MS TIMEOUT_MS PAYLOAD…` with MODE
 * `connect` (payloads are empty), `dns` and `tls` (a message as `\xHH`), `http` (`URL TAG PATH HOST`: a GET).
 */
export const TCP_SCRIPT = startByBash(`${SCRIPT_BASE}
proto=tcp
perl_program='${PERL_PROGRAM}'
python_program='${PYTHON_PROGRAM}'
starts() { command -v "$1" >/dev/null 2>&1 && timeout -k 1 1 "$@" >/dev/null 2>&1 </dev/null; }
if starts perl -e 'use Socket; Socket::inet_pton(AF_INET6, "::1") or exit 1'; then way=perl
elif starts python3 -I -S -c 'import signal, socket'; then way=python3
elif starts /usr/libexec/platform-python -I -S -c 'import signal, socket'; then way=platform-python
else way=bash; fi
printf 'way %s\\n' "$way"

# The first 14 bytes tell enough: length and header of a DNS message, or "HTTP/1.1 200".
first_bytes() { timeout "$SECS" dd bs=1 count=14 status=none | od -An -v -tx1 | tr -d ' \\n'; }

work_bash() {
  local fd hex rest=\${1#* }
  local tag=\${rest%% *} path=\${rest#* }
  exec {fd}<>"/dev/tcp/$ip/$port" || return
  find_port "$BASHPID" tcp && printf 'port %s\\n' "$PORT"
  trap : TERM
  printf 'connected\\n'
  case $mode in
    connect) return ;;
    http)
      printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nUser-Agent: hopbook\\r\\nX-Hopbook-Tag: %s\\r\\nConnection: close\\r\\n\\r\\n' \\
        "\${path%% *}" "\${path#* }" "$tag" | dd ibs=1 obs=65536 status=none >&"$fd" || return
      hex=$(first_bytes <&"$fd")
      [[ -z $hex ]] || printf 'first %s\\n' "$hex"
      [[ \${#hex} -lt 28 ]] || printf 'body %d\\n' "$((14 + $(timeout "$SECS" head -c 16777216 <&"$fd" | wc -c)))" ;;
    tls)
      printf '%b' "$1" | dd ibs=1 obs=65536 status=none >&"$fd" || return
      hex=$(first_bytes <&"$fd")
      [[ -n $hex ]] || return
      printf 'first %s\\n' "$hex"
      # A server may keep the connection open: what head holds back is lost when its time is over, and dd hands on what there is.
      printf 'flight %s%s\\n' "$hex" "$(timeout 0.5 dd bs=8178 status=none <&"$fd" | head -c 8178 | od -An -v -tx1 | tr -d ' \\n')" ;;
    *)
      printf '%b' "$1" | dd ibs=1 obs=65536 status=none >&"$fd" || return
      hex=$(first_bytes <&"$fd")
      [[ -z $hex ]] || printf 'reply %s\\n' "$hex" ;;
  esac
  # What is left unread when a socket is closed is answered with a reset: read on a moment.
  timeout 0.2 cat <&"$fd" >/dev/null 2>&1
}

work() {
  timeout_s
  case $way in
    perl) exec perl -e "$perl_program" "$mode" "$ip" "$port" "$SECS" "$1" ;;
    python3) exec python3 -I -S -c "$python_program" "$mode" "$ip" "$port" "$SECS" "$1" ;;
    platform-python) exec /usr/libexec/platform-python -I -S -c "$python_program" "$mode" "$ip" "$port" "$SECS" "$1" ;;
    *) work_bash "$1" ;;
  esac
}
run_attempts "$@"
`);
