import { SCRIPT_BASE } from "./script-base.js";

/**
 * Connections by curl, which can be told its local port, so that a refused one can be told from others too; by
 * bash's /dev/tcp where curl is missing or cannot speak telnet:
 * `bash -c SCRIPT hopbook-probe-tcp MODE IP PORT INTERVAL_MS TIMEOUT_MS PAYLOAD…` with MODE
 * `connect` (payloads are empty), `dns` (a message as `\xHH`), `http` (`URL TAG PATH HOST`: a GET).
 */
export const TCP_SCRIPT = `${SCRIPT_BASE}
proto=tcp
has_telnet=
has_curl=
if command -v curl >/dev/null 2>&1; then
  has_curl=yes
  case " $(curl --version 2>/dev/null | grep '^Protocols:') " in *' telnet '*) has_telnet=yes ;; esac
fi

# Outside Linux's usual ephemeral range (32768-60999), 16 an attempt: curl takes the first free one and says which.
first_port=$((61000 + RANDOM % 2800))
local_ports() { local first=$((first_port + seq * 16)); RANGE=$first-$((first + 15)); }

# The first 14 bytes tell enough: length and header of a DNS message, or "HTTP/1.1 200".
say_reply() {
  local hex
  hex=$(timeout "$SECS" dd bs=1 count=14 status=none | od -An -v -tx1 | tr -d ' \\n')
  [[ -z $hex ]] || printf 'reply %s\\n' "$hex"
}

work_telnet() {
  local pipe host=$ip
  [[ $ip != *:* ]] || host="[$ip]"
  # Opened for reading and writing, a pipe never ends: curl stays until its answer or its time-out.
  exec {pipe}<> <(:)
  printf '%b' "$1" | dd ibs=1 obs=65536 status=none >&"$pipe"
  exec curl -q -sS -v -g -N --noproxy '*' -m "$SECS" --local-port "$RANGE" "telnet://$host:$port" \\
    <&"$pipe" 2>&1 > >(say_reply; exec cat >/dev/null)
}

work_http() {
  local url=\${1%% *} rest=\${1#* }
  local tag=\${rest%% *}
  exec curl -q -sS -v -g --noproxy '*' --http1.1 -m "$SECS" --local-port "$RANGE" --max-filesize 1048576 \\
    -A hopbook -H "X-Hopbook-Tag: $tag" -o /dev/null -w 'reply %{http_code}\\n' "$url" 2>&1
}

work_bash() {
  local fd rest=\${1#* }
  local tag=\${rest%% *} path=\${rest#* }
  exec {fd}<>"/dev/tcp/$ip/$port" || return
  find_port "$BASHPID" tcp && printf 'port %s\\n' "$PORT"
  trap : TERM
  printf 'connected\\n'
  [[ $mode != connect ]] || return
  if [[ $mode == http ]]; then
    printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nUser-Agent: hopbook\\r\\nX-Hopbook-Tag: %s\\r\\nConnection: close\\r\\n\\r\\n' \\
      "\${path%% *}" "\${path#* }" "$tag" | dd ibs=1 obs=65536 status=none >&"$fd" || return
  else
    printf '%b' "$1" | dd ibs=1 obs=65536 status=none >&"$fd" || return
  fi
  say_reply <&"$fd"
  # What is left unread when a socket is closed is answered with a reset: read on a moment.
  timeout 0.2 cat <&"$fd" >/dev/null 2>&1
}

work() {
  timeout_s
  local_ports
  if [[ $mode == http && -n $has_curl ]]; then work_http "$1"
  elif [[ $mode != http && -n $has_telnet ]]; then work_telnet "$1"
  else work_bash "$1"; fi
}
run_attempts "$@"
`;
