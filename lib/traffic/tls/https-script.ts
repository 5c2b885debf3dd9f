import { SCRIPT_BASE } from "../script-base.js";
import { startByBash } from "../start.js";

/**
 * HTTP inside TLS by openssl, which every node has that has authorities' certificates; no interpreter's standard library
 * goes on past a certificate that it does not trust and still says why:
 * `sh -c SCRIPT hopbook-probe-https https IP PORT INTERVAL_MS TIMEOUT_MS PAYLOAD…` with `SEQ NAME|- TAG PATH HOST HELLO` each.
 * Where no openssl starts it says `way hello` and sends HELLO (as `\xHH`) alone, whose answer tells the certificate.
 * Beside the lines of script-base.ts it says `secured SEQ VERSION CIPHER CODE (WORDS)` once TLS stands, with openssl's
 * verdict by the node's own authorities; of the first attempt the server's own certificate as lines `cert SEQ BASE64`; and
 * `timed SEQ US` from the request to the first byte of its answer. A fatal alert is told as `alert NUMBER`.
 */
export const HTTPS_SCRIPT = startByBash(`${SCRIPT_BASE}
proto=tcp
way=openssl
if command -v openssl >/dev/null 2>&1 && timeout -k 1 5 openssl version >/dev/null 2>&1; then :; else way=hello MOST_HEX=16384; fi
printf 'way %s\\n' "$way"
exec {told}>&1

work_hello() {
  local fd hex
  exec {fd}<>"/dev/tcp/$ip/$port" || return
  find_port "$BASHPID" tcp && printf 'port %s\\n' "$PORT"
  trap : TERM
  printf 'connected\\n'
  printf '%b' "$1" | dd ibs=1 obs=65536 status=none >&"$fd" || return
  hex=$(timeout "$SECS" dd bs=1 count=14 status=none <&"$fd" | od -An -v -tx1 | tr -d ' \\n')
  [[ -n $hex ]] || return
  printf 'first %s\\n' "$hex"
  # dd hands on each piece as it comes: what head holds back is lost when its time is over.
  printf 'flight %s%s\\n' "$hex" "$(timeout 0.5 dd bs=8178 status=none <&"$fd" | head -c 8178 | od -An -v -tx1 | tr -d ' \\n')"
  timeout 0.2 cat <&"$fd" >/dev/null 2>&1
}

reason_of() { local rest=\${1#*:error:}; rest=\${rest#*:}; rest=\${rest#*:}; rest=\${rest#*:}; printf '%s\\n' "\${rest%%:*}"; }

work() {
  timeout_s
  [[ $way == openssl ]] || { work_hello "\${1##* }"; return; }
  local parts from to pid line state= version= cipher= cert= asked=0 at=$ip
  set -f
  parts=($1)
  set +f
  local seq=\${parts[0]} name=\${parts[1]}
  [[ $ip != *:* ]] || at="[$ip]"
  local options=(-connect "$at:$port" -ign_eof)
  [[ $name == - ]] || options+=(-servername "$name")
  coproc TLS { exec openssl s_client "\${options[@]}" 2>&1; }
  pid=$TLS_PID
  exec {from}<&"\${TLS[0]}" {to}>&"\${TLS[1]}"
  printf 'pid %s\\nsent\\n' "$pid"
  while IFS= read -r -u "$from" line; do
    case $state:$line in
      *:*'SSL alert number '*) printf 'alert %d\\n' "\${line##*number }" ;;
      *:*:error:*) reason_of "$line" ;;
      asked:HTTP/1.*)
        now
        printf 'timed %s %s\\n' "$seq" "$((NOW - asked))" >&"$told"
        printf 'first %s\\n' "$(printf %s "\${line:0:14}" | od -An -v -tx1 | tr -d ' \\n')"
        printf 'body %d\\n' "$(head -c 16777216 <&"$from" | wc -c)"
        return ;;
      asked:*) ;;
      cert:-----END*) state= ;;
      cert:*) cert+="$line " ;;
      :CONNECTED*) printf 'connected\\n' ;;
      :-----BEGIN\\ CERT*) [[ -n $cert ]] || state=cert ;;
      :*'(NONE)') ;;
      :New,*) line=\${line#New, } cipher=\${line##* } version=\${line%%,*} ;;
      :*'Protocol  : '*) version=\${line##*: } ;;
      :*'Verify return code: '*)
        [[ -n $cipher ]] || continue
        printf 'secured %s %s %s %.100s\\n' "$seq" "$version" "$cipher" "\${line##*code: }" >&"$told"
        [[ $seq != 1 ]] || printf 'cert 1 %s\\n' $cert >&"$told"
        # Once it has asked, the answer may come and the socket go.
        find_port "$pid" tcp && printf 'port %s\\n' "$PORT"
        state=asked
        printf 'GET %s HTTP/1.1\\r\\nHost: %s\\r\\nUser-Agent: hopbook\\r\\nX-Hopbook-Tag: %s\\r\\nConnection: close\\r\\n\\r\\n' \\
          "\${parts[3]}" "\${parts[4]}" "\${parts[2]}" | dd ibs=1 obs=65536 status=none >&"$to"
        now
        asked=$NOW ;;
    esac
  done
  printf 'it closed the connection without an answer\\n'
}
run_attempts "$@"
`);
