import { FIND_AGENT } from "./find-agent.js";

/**
 * What Cilium's agent on the node says of endpoints: for each address that is one of its, a line `#endpoint ADDRESS`, its JSON,
 * `#policy`, and its policy map. It runs the agent's own program in the agent's container, by the verbs `endpoint get` and
 * `bpf policy get`, which only read. Arguments: addresses. Exit codes: 3, there is no such agent here; 4, it cannot be
 * asked.
 */
export const AGENT_POLICY_SCRIPT = String.raw`
set -uf
${FIND_AGENT}
cilium=$(agent_of cilium-agent)
[ -n "$cilium" ] || { echo "no cilium-agent runs here" >&2; exit 3; }
program=
for name in cilium-dbg cilium; do
  within "$cilium" "$name" version >/dev/null 2>&1 && program=$name && break
done
[ -n "$program" ] || { echo "the agent's container has no cilium-dbg that can be run" >&2; exit 4; }
for address in "$@"; do
  case $address in *:*) kind=ipv6 ;; *) kind=ipv4 ;; esac
  json=$(within "$cilium" "$program" endpoint get "$kind:$address" 2>/dev/null) || continue
  id=$(printf '%s\n' "$json" | sed -n 's/^ *"id": \([0-9][0-9]*\),\{0,1\}$/\1/p' | head -n 1)
  [ -n "$id" ] || continue
  printf '#endpoint %s\n%s\n#policy\n' "$address" "$json"
  within "$cilium" "$program" bpf policy get "$id" -n 2>/dev/null || echo "#unread"
done
`;

export const AGENT_POLICY_NAME = "hopbook-agent-policy";
