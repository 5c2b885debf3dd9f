import { asHost, wordsOf } from "../cluster/family.js";
import type { NodeSpec, PodSpec } from "../cluster/types.js";
import { ACCEPT_MARK, TIER_PASS_MARK } from "../rules/felix.js";
import { insertRule } from "./commands.js";
import type { FaultStep } from "./types.js";
import { nodePlace } from "./world.js";

/**
 * What Felix writes for a NetworkPolicy that selects the pod and allows nothing: the tier's rules between the
 * conntrack rules (1 to 3) and the profiles of the workload's chain.
 */
export function denyLikeFelix(node: NodeSpec, pod: PodSpec): FaultStep {
  const { iptables } = wordsOf(pod.ip);
  const chain = `cali-tw-${pod.hostInterface}`;
  const policy = `cali-pi-knp/${pod.namespace}/deny-${pod.name}`;
  const say = (comment: string): string => `-m comment --comment "${comment}"`;
  const rules = [
    `${say("cali:Xs2W3YVxZ2xTfq1M")} ${say("Start of tier default")} -j MARK --set-xmark 0x0/0x20000`,
    `${say("cali:9HnTnC1fO2nrtl6K")} -m mark --mark 0x0/0x20000 -j ${policy}`,
    `${say("cali:1Ff5mTyVJzDqh0uW")} ${say("Return if policy accepted")} -m mark --mark ${ACCEPT_MARK} -j RETURN`,
    `${say("cali:dNs5Rd2dYpEBMRm4")} ${say("End of tier default. Drop if no policies passed packet")} -m mark --mark ${TIER_PASS_MARK.replace("0x20000/", "0x0/")} -j DROP`,
  ];
  const name = `KubernetesNetworkPolicy ${pod.namespace}/deny-${pod.name} ingress`;
  const restore = (lines: readonly string[]): { argv: string[]; stdin: string } => ({
    argv: [`${iptables}-restore`, "-w", "5", "--noflush"],
    stdin: `*filter\n${lines.join("\n")}\nCOMMIT\n`,
  });
  return {
    place: nodePlace(node),
    probe: { argv: [iptables, "-w", "5", "-n", "-L", policy] },
    isOn: (seen) => seen.exitCode === 0,
    on: [
      restore([
        `:${policy} - [0:0]`,
        `-A ${policy} ${say("cali:uG0MLm7fQFEQ4Q2v")} ${say(name)}`,
        ...rules.map((rule, index) => `-I ${chain} ${String(4 + index)} ${rule}`),
      ]),
      { argv: ["sh", "-c", FORGET_UDP, "forget", pod.ip] },
    ],
    off: [restore([...rules.map((rule) => `-D ${chain} ${rule}`), `-F ${policy}`, `-X ${policy}`])],
  };
}

/**
 * A query of before holds its ports open for two minutes, and by chance one of the next has the same ports: it would pass
 * the policy. Where there is no conntrack program, or nothing to forget, that is so.
 */
const FORGET_UDP = 'conntrack -D -p udp -d "$1" >/dev/null 2>&1 || true';

/** Where the CNI knows no policies: somebody's rule for the pod. */
export function denyByForward(node: NodeSpec, pod: PodSpec): FaultStep {
  const comment = ["-m", "comment", "--comment", `firewall: nobody to ${pod.name}`, "-j", "DROP"];
  return insertRule(nodePlace(node), "FORWARD", {
    iptables: wordsOf(pod.ip).iptables,
    match: ["-d", asHost(pod.ip), ...comment],
  });
}
