/** What iptables and nftables have in common. */

type RuleVerdict = "drop" | "reject";
export const HOOKS = [
  "ingress",
  "prerouting",
  "input",
  "forward",
  "output",
  "postrouting",
  "egress",
] as const;
export type Hook = (typeof HOOKS)[number];

export interface Matches {
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly inDevices: readonly string[];
  readonly outDevices: readonly string[];
  readonly protocol: string | null;
  readonly destinationPort: number | null;
}

/** A way into another chain of the same table. */
export interface Jump {
  readonly target: string;
  /** What the packet has to be beside the rule's own matches: the key of a verdict map. */
  readonly matches: Matches;
}

export interface Rule {
  /** Same before and after the run. */
  readonly key: string;
  readonly table: string;
  readonly chain: string;
  readonly text: string;
  /** What people or a generator wrote to it. */
  readonly comments: readonly string[];
  readonly verdict: RuleVerdict | null;
  /** null: the rule does not count. */
  readonly packets: number | null;
  readonly jumps: readonly Jump[];
  readonly matches: Matches;
  /** Not a rule but what a chain does with the packets that no rule has taken. */
  readonly isPolicy: boolean;
}

export interface Chain {
  readonly table: string;
  readonly name: string;
  /** null for a chain that others jump to. */
  readonly hook: Hook | null;
  readonly device: string | null;
}

export interface Ruleset {
  readonly chains: readonly Chain[];
  readonly rules: readonly Rule[];
}

export const NO_MATCHES: Matches = {
  sources: [],
  destinations: [],
  inDevices: [],
  outDevices: [],
  protocol: null,
  destinationPort: null,
};

/** The hooks and devices from which a chain is reached. */
export interface Place {
  readonly hooks: Set<Hook>;
  readonly devices: Set<string>;
}

/**
 * Chains by `table name` with the places from which packets come to them. `passes` says whether the packets
 * could match, so that the chains of other workloads are not on their way. Bounded by the number of chains.
 */
export function reachChains(ruleset: Ruleset, passes: (matches: Matches) => boolean): Map<string, Place> {
  const jumps = new Map<string, Set<string>>();
  for (const rule of ruleset.rules) {
    if (rule.jumps.length === 0 || !passes(rule.matches)) continue;
    const id = `${rule.table} ${rule.chain}`;
    const targets = jumps.get(id) ?? new Set();
    for (const { target, matches } of rule.jumps) if (passes(matches)) targets.add(`${rule.table} ${target}`);
    jumps.set(id, targets);
  }
  const reached = new Map<string, Place>();
  for (const chain of ruleset.chains) {
    if (chain.hook === null) continue;
    const queue = [`${chain.table} ${chain.name}`];
    const seen = new Set(queue);
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      const place = reached.get(id) ?? { hooks: new Set(), devices: new Set() };
      place.hooks.add(chain.hook);
      if (chain.device !== null) place.devices.add(chain.device);
      reached.set(id, place);
      for (const next of jumps.get(id) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        queue.push(next);
      }
    }
  }
  return reached;
}
