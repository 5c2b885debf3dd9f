import { parseEnd } from "../cluster/index.js";
import type { HostDevice, LocatedInterface, LocatedPod } from "../model/cni/attachment.js";
import type { NetnsRef } from "../model/cluster.js";
import { stepEvidence } from "../model/evidence.js";
import type { StepKind } from "../model/steps.js";
import { filterOfHosts } from "./hosts/filter.js";
import { rememberPods } from "./shared/known-pods.js";
import type { PodWithInterfaces } from "../hops/index.js";
import { locatePods, type FoundPod } from "./locate-pods.js";
import { sortByNode, watchAccesses } from "./shared/watched.js";

interface Input {
  readonly pods: string | readonly string[];
  readonly nodes?: readonly string[];
  readonly onePerNode?: boolean;
  readonly max?: number;
  readonly percent?: number;
  readonly seed?: string;
  readonly everyMethod?: boolean;
}

interface Output {
  readonly pods: readonly LocatedPod[];
  readonly nodes: readonly string[];
  /** Of nodes with pods that have addresses of their own: a tcpdump expression for all packets of theirs. */
  readonly perNode: readonly { readonly node: string; readonly filter: string }[];
  readonly count: number;
}

const textList = {
  anyOf: [
    { type: "string", minLength: 1 },
    { type: "array", items: { type: "string", minLength: 1 }, minItems: 1, maxItems: 64 },
  ],
} as const;

const text = { type: "string" } as const;
const textOrNone = { type: ["string", "null"] } as const;
const texts = { type: "array", items: text } as const;
const countOrNone = { type: ["integer", "null"] } as const;
const flag = { type: "boolean" } as const;
const recordOrNone = (properties: object): object => ({ type: ["object", "null"], properties });

export const podLocate: StepKind<Input, Output> = {
  name: "pod/locate",
  title: "Find pods on their nodes",
  description:
    "Finds pods by name, owner, Service, labels or node, and says of each: its node, addresses, PID, network namespace, " +
    "containers, interfaces, the host's end of each interface, and how that is known. Of many pods some can be chosen: " +
    "one on each node, a share of them, at most so many; with a seed always the same ones. Without the cluster's API " +
    "the nodes' runtimes are asked, which know names and labels, and no owners and no Services.",
  phase: "discovery",
  actions: ["runtime/pods", "runtime/inspect", "node/read", "netns/read"],
  inputSchema: {
    type: "object",
    required: ["pods"],
    additionalProperties: false,
    properties: {
      pods: {
        ...textList,
        title:
          "`ns/pod`, `deploy/NAME`, `svc/NAME`, labels (`app=web`), `node/NAME` for all there; or a list",
      },
      nodes: { ...texts, maxItems: 1000, default: [], title: "Only pods on these nodes" },
      onePerNode: { type: "boolean", default: false, title: "At most one on each node" },
      percent: {
        type: "number",
        exclusiveMinimum: 0,
        maximum: 100,
        default: 100,
        title: "Of a hundred, rounded up",
      },
      max: { type: "integer", minimum: 1, maximum: 1000, default: 100, title: "At most so many" },
      seed: {
        type: "string",
        minLength: 1,
        title: "Which of them: the same for the same seed; without one the first by name",
      },
      everyMethod: {
        type: "boolean",
        default: false,
        title: "Ask every method for the host's end of each interface, and say which agree",
      },
    },
  },
  outputSchema: {
    type: "object",
    required: ["pods", "nodes", "perNode", "count"],
    properties: {
      pods: {
        type: "array",
        items: {
          type: "object",
          properties: {
            pod: text,
            node: text,
            ips: texts,
            hostNetwork: flag,
            pid: countOrNone,
            netns: textOrNone,
            sandbox: textOrNone,
            containers: {
              type: "array",
              items: { type: "object", properties: { id: text, name: text, state: text } },
            },
            interface: textOrNone,
            hostInterface: textOrNone,
            interfaces: {
              type: "array",
              items: {
                type: "object",
                properties: {
                  interface: text,
                  index: { type: "integer" },
                  kind: textOrNone,
                  mac: textOrNone,
                  addresses: texts,
                  mtuBytes: countOrNone,
                  up: flag,
                  hostInterface: textOrNone,
                  bridge: textOrNone,
                  host: recordOrNone({ name: text, kind: textOrNone, mac: textOrNone, up: flag }),
                  evidence: texts,
                  methods: {
                    type: "array",
                    items: {
                      type: "object",
                      properties: { method: text, verdict: text, names: textOrNone, says: text },
                    },
                  },
                  agree: { type: ["boolean", "null"] },
                },
              },
            },
            recipe: textOrNone,
            uplink: recordOrNone({ address: text, interface: text, mtuBytes: countOrNone, tunnels: texts }),
            evidence: texts,
            notes: texts,
          },
        },
      },
      nodes: texts,
      perNode: {
        type: "array",
        items: { type: "object", properties: { node: text, filter: text } },
        title:
          "Of nodes with pods that have addresses of their own: a tcpdump expression for all packets of theirs",
      },
      count: { type: "integer" },
    },
  },
  example: { pods: "shop/client" },
  check(input) {
    for (const each of textsOf(input)) parseEnd(each);
  },
  async plan(input, context) {
    const { accesses, commands } = watchAccesses(context.accesses);
    const { nodes, onePerNode, percent, max = 100, seed, everyMethod } = input;
    const wishes = { pods: textsOf(input), nodes, onePerNode, percent, max, seed, everyMethod };
    const found = await locatePods(wishes, { ...context, accesses });
    rememberPods(context.accesses, found);
    const pods = found.map(describe);
    await context.sink.writeJson(stepEvidence("pods", context.evidenceName), { pods });
    const ordered = sortByNode(commands);
    return {
      commands: ordered,
      outputs: {
        ...{ pods, nodes: [...new Set(pods.map(({ node }) => node))] },
        ...{ perNode: perNodeOf(pods), count: pods.length },
      },
      notes: pods.slice(0, MAX_NOTES).map(sayPod),
    };
  },
};

const MAX_NOTES = 20;

/** A pod in the node's own network has the node's addresses: all that the node sends would be its. */
function perNodeOf(pods: readonly LocatedPod[]): Output["perNode"] {
  const own = new Map<string, string[]>();
  for (const { node, ips, hostNetwork } of pods)
    if (!hostNetwork && ips.length > 0) own.set(node, [...(own.get(node) ?? []), ...ips]);
  return [...own].map(([node, ips]) => ({ node, filter: filterOfHosts(ips, "") }));
}

function textsOf({ pods }: Input): readonly string[] {
  return typeof pods === "string" ? [pods] : pods;
}

function describe({ namespace, name, node, target, found, by }: FoundPod): LocatedPod {
  const pod = `${namespace}/${name}`;
  if (found === null) {
    return {
      ...{ pod, node, ips: [], hostNetwork: false, pid: null, netns: null, sandbox: null, containers: [] },
      ...{ interface: null, hostInterface: null, interfaces: [], recipe: null, uplink: null },
      evidence: [`${by.join(", ")}: the pod alone can be entered, by ${target ?? pod}`],
      notes: [`${pod} alone can be entered: what it hangs on is its node's to tell`],
    };
  }
  const { pod: seen, interfaces: links, recipe, uplink, notes } = found;
  const interfaces = links.map(describeInterface);
  const netns = pathOf(seen.netns);
  return {
    ...{ pod, node, ips: seen.ips, hostNetwork: seen.hostNetwork, pid: seen.pid, netns },
    ...{ sandbox: seen.sandboxId, containers: seen.containers },
    interface: interfaces[0]?.interface ?? null,
    hostInterface: interfaces[0]?.hostInterface ?? null,
    ...{ interfaces, recipe, uplink, notes },
    evidence: [
      `${by.join(", ")}: the runtime of ${node} has it in sandbox ${seen.sandboxId.slice(0, 13)}`,
      ...(seen.pid === null ? ["the runtime names no process of the sandbox"] : []),
    ],
  };
}

function describeInterface(found: PodWithInterfaces["interfaces"][number]): LocatedInterface {
  const { name, host, methods, ...link } = found;
  const named = methods.filter((word) => word.names !== null);
  return {
    ...{ interface: name, index: link.index, kind: link.kind, mac: link.mac, addresses: link.addresses },
    ...{ mtuBytes: link.mtuBytes, up: link.up, hostInterface: host?.name ?? null },
    bridge: host?.bridge ?? null,
    host: host === null ? null : deviceOf(host),
    evidence: link.evidence,
    methods,
    agree: named.length === 0 ? null : named.every(({ verdict }) => verdict === "agrees"),
  };
}

function deviceOf({ name, index, kind, mac, mtuBytes, up }: HostDevice): HostDevice {
  return { name, index, kind, mac, mtuBytes, up };
}

function pathOf(netns: NetnsRef): string | null {
  return netns.kind === "path" ? netns.path : null;
}

function sayPod(pod: LocatedPod): string {
  const pid = pod.pid === null ? "" : `, PID ${pod.pid}`;
  const own = pod.interface === null ? "" : `, ${pod.interface}`;
  const host = pod.hostInterface === null ? "" : ` = ${pod.hostInterface} on the host`;
  return `${pod.pod} on ${pod.node}${pid}${own}${host}`;
}
