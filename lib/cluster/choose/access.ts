import { HopbookError } from "../../errors.js";
import { POD_VIAS, type NodeTarget } from "../../model/access.js";
import type { AccessChoice } from "../../model/cluster.js";
import { gatherAccessFacts } from "./facts.js";
import { nodeWays, podWays, type Way } from "./ways.js";
import { canI, missingOf } from "./rights.js";
import type { AccessFacts, AccessPlan, ChooseAccessOptions, NodeCandidate, PodFacts } from "./types.js";

type Known = Pick<ChooseAccessOptions, "wishes" | "programs" | "nodes"> & { readonly facts: AccessFacts };

/**
 * How each node, or else each pod at an end, is entered, by what the API says that this user may do; nothing is
 * entered or made for it, and it takes 4 s at most. Rejects with NO_ACCESS where nothing that the path needs can be
 * entered: the nodes of its ends, or any node where no end is known; with INTERRUPTED.
 */
export async function chooseAccess(options: ChooseAccessOptions): Promise<AccessPlan> {
  const facts = await gatherAccessFacts(options);
  const plan = weighAccess({ ...options, facts });
  if (plan.targets.length === 0) throw noAccess(plan.choices, facts);
  return plan;
}

/** The same of what is known already; of the same facts always the same. Targets are empty where there is no way. */
export function weighAccess(known: Known): AccessPlan {
  const targets: NodeTarget[] = [];
  const choices: AccessChoice[] = [];
  const entered = new Set<string>();
  for (const node of known.nodes) {
    const { choice, target } = chooseForNode(node, known);
    choices.push(choice);
    if (target === null) continue;
    targets.push(target);
    entered.add(node.name);
  }
  const names = new Set(known.nodes.map(({ name }) => name).filter((name) => entered.has(name)));
  for (const pod of known.facts.pods) {
    if (pod.node !== null && entered.has(pod.node)) continue;
    const node = known.nodes.find(({ name }) => name === pod.node);
    const { choice, target } = chooseForPod(pod, { ...known, node, names });
    choices.push(choice);
    if (target !== null) targets.push(target);
  }
  // Nodes that nobody wanted to enter are worth a word only where that is why there is nothing else.
  const said = targets.length === 0 ? choices : choices.filter((choice) => !isUnwanted(choice));
  return { targets, choices: said, facts: known.facts };
}

/** Commands that show the same, below the ways. */
const MAX_COMMANDS = 10;

function isUnwanted({ via, rejected }: AccessChoice): boolean {
  return via === null && rejected.length === 0;
}

interface Chosen {
  readonly choice: AccessChoice;
  readonly target: NodeTarget | null;
}

function chooseForNode(node: NodeCandidate, known: Known): Chosen {
  const via = known.wishes.viaOf(node.name);
  if (via === "auto") return choose(node, { target: node.name, ways: nodeWays(node, known) });
  if (POD_VIAS.includes(via)) {
    const reason = `its pods are entered by ${via}, and it is not: that was asked for`;
    return { choice: { target: node.name, via: null, reason, rejected: [] }, target: null };
  }
  const access = known.wishes.configOf(node.name, via);
  const reason = "the profile says so";
  return { choice: { target: node.name, via, reason, rejected: [] }, target: { ...node, access } };
}

function chooseForPod(
  pod: PodFacts,
  known: Known & { readonly node: NodeCandidate | undefined; readonly names: Set<string> },
): Chosen {
  const id = `${pod.namespace}/${pod.name}`;
  const name = nameFor(pod, known.names);
  const { address, kube } = known.node ?? {};
  const where = { ...(address === undefined ? {} : { address }), ...(kube === undefined ? {} : { kube }) };
  const asked = known.wishes.viaOf(pod.node ?? "");
  const ways = podWays(pod, known, known.node).filter(
    ({ via }) => asked === "auto" || !POD_VIAS.includes(asked) || via === asked,
  );
  const found = choose({ ...where, name, pod: id }, { target: id, ways });
  if (found.target !== null) known.names.add(name);
  return found;
}

/** A pod alone goes by its node's name, for that is where it is; the second one of a node cannot. */
function nameFor(pod: PodFacts, taken: ReadonlySet<string>): string {
  const name = pod.node ?? pod.name;
  return taken.has(name) ? `${name}.${pod.namespace}.${pod.name}` : name;
}

function choose(
  candidate: Omit<NodeTarget, "access">,
  { target, ways }: { readonly target: string; readonly ways: readonly Way[] },
): Chosen {
  const open = ways.find(({ access }) => access !== null);
  const rejected = ways
    .slice(0, open === undefined ? ways.length : ways.indexOf(open))
    .map(({ via, reason }) => ({ via, reason }));
  if (open === undefined || open.access === null) {
    const reason = "no way in is open to this user";
    return { choice: { target, via: null, reason, rejected }, target: null };
  }
  return {
    choice: { target, via: open.via, reason: open.reason, rejected },
    target: { ...candidate, access: open.access },
  };
}

/** Every way and what it lacks; what holds for many nodes alike is said once. */
function noAccess(choices: readonly AccessChoice[], facts: AccessFacts): HopbookError {
  if (facts.unreachable !== null) {
    return new HopbookError("NO_ACCESS", `Cannot enter any node or pod: ${facts.unreachable}`, {
      hint: "Check the kubeconfig and the network, or say in a profile how to log in by ssh",
    });
  }
  const lines = new Map<string, string[]>();
  for (const { target, rejected } of choices) {
    for (const { via, reason } of rejected) {
      const line = `${via}: ${reason}`;
      lines.set(line, [...(lines.get(line) ?? []), target]);
    }
  }
  const [pinned] = choices.filter(isUnwanted);
  if (lines.size === 0 && pinned !== undefined) {
    return new HopbookError("NO_ACCESS", `Cannot enter ${pinned.target}: ${pinned.reason}`, {
      hint: "Name pods as the ends, as in --from shop/client --to shop/web:8080, or take another way in",
    });
  }
  const ways = [...lines].map(([line, targets]) => `${line} (${nameSome(targets)})`);
  const asking = missingOf(
    [...facts.places, ...facts.pods.map(({ rights }) => ({ rights: rights.ephemeral }))].flatMap(
      ({ rights }) => rights,
    ),
  );
  const detail = [
    ...ways,
    ...[...new Set(asking.map(({ right }) => canI(right)))].slice(0, MAX_COMMANDS),
  ].join("\n");
  const message = `Cannot enter ${nameSome(choices.map(({ target }) => target))}: no way in is open to this user`;
  return new HopbookError("NO_ACCESS", message, {
    detail,
    hint: "Ask for the rights of one of these ways, name a namespace with --namespace, or say in a profile how to log in",
  });
}

function nameSome(targets: readonly string[]): string {
  const shown = targets.slice(0, 3).join(", ");
  return targets.length > 3 ? `${shown} and ${targets.length - 3} more` : shown;
}
