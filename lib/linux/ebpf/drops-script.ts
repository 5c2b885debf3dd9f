import { FIND_AGENT } from "./find-agent.js";

/**
 * What the agents of CNIs with eBPF programs say of packets that these dropped since they were loaded: `#AGENT`, and what its
 * own program prints, which is run in the agent's container, by a verb that only reads. No arguments. Prints nothing where there
 * is no such agent. Exit code 4: it cannot be asked.
 */
export const AGENT_DROPS_SCRIPT = String.raw`
set -uf
${FIND_AGENT}
cilium=$(agent_of cilium-agent)
calico=$(agent_of calico-node)
failed=0
if [ -n "$cilium" ]; then
  echo '#cilium'
  within "$cilium" cilium-dbg bpf metrics list -o json 2>/dev/null ||
    within "$cilium" cilium bpf metrics list -o json 2>/dev/null || failed=4
fi
if [ -n "$calico" ]; then
  echo '#calico'
  within "$calico" calico-node -bpf counters dump 2>/dev/null || failed=4
fi
exit "$failed"
`;

export const AGENT_DROPS_NAME = "hopbook-agent-drops";
