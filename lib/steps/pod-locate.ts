import { parseEnd } from "../cluster/index.js";
import type { Container, NetnsRef } from "../model/cluster.js";
import type { StepKind } from "../model/steps.js";
import { rememberPods } from "./known-pods.js";
import { locatePods, type FoundPod } from "./locate-pods.js";
import { watchAccesses } from "./shared/watched.js";

interface Input {
  readonly pods: string | readonly string[];
  readonly nodes?: readonly string[];
  readonly onePerNode?: boolean;
  readonly max?: number;
  readonly percent?: number;
  readonly seed?: string;
}

interface LocatedInterface {
  readonly interface: string;
  readonly kind: string | null;
  readonly mac: string | null;
  readonly addresses: readonly string[];
  readonly mtuBytes: number | null;
  readonly up: boolean;
  readonly hostInterface: string | null;
  readonly bridge: string | null;
  readonly evidence: readonly string[];
}

interface LocatedPod {
  /** `namespace/name`. */
  readonly pod: string;
  readonly node: string;
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
  /** The sandbox's process; null where the runtime names none. */
  readonly pid: number | null;
  /** Path of the network namespace on the node; null: the node's own, or the pod alone is entered. */
  readonly netns: string | null;
  readonly sandbox: string | null;
  readonly containers: readonly Container[];
  /** The one with the pod's address; null where none is known. */
  readonly interface: string | null;
  readonly hostInterface: string | null;
  readonly interfaces: readonly LocatedInterface[];
  readonly evidence: readonly string[];
}

interface Output {
  readonly pods: readonly LocatedPod[];
  readonly nodes: readonly string[];
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
    },
  },
  outputSchema: {
    type: "object",
    required: ["pods", "nodes", "count"],
    properties: {
      pods: {
        type: "array",
        items: {
          type: "object",
          properties: {
            pod: text,
            node: text,
            ips: texts,
            hostNetwork: { type: "boolean" },
            pid: { type: ["integer", "null"] },
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
                  kind: textOrNone,
                  mac: textOrNone,
                  addresses: texts,
                  mtuBytes: { type: ["integer", "null"] },
                  up: { type: "boolean" },
                  hostInterface: textOrNone,
                  bridge: textOrNone,
                  evidence: texts,
                },
              },
            },
            evidence: texts,
          },
        },
      },
      nodes: texts,
      count: { type: "integer" },
    },
  },
  example: { pods: "shop/client" },
  check(input) {
    for (const each of textsOf(input)) parseEnd(each);
  },
  async plan(input, context) {
    const { accesses, commands } = watchAccesses(context.accesses);
    const { nodes, onePerNode, percent, max = 100, seed } = input;
    const wishes = { pods: textsOf(input), nodes, onePerNode, percent, max, seed };
    const found = await locatePods(wishes, { ...context, accesses });
    rememberPods(context.accesses, found);
    const pods = found.map(describe);
    await context.sink.writeJson("evidence/pods.json", { pods });
    const ordered = commands.toSorted((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
    return {
      commands: ordered,
      outputs: { pods, nodes: [...new Set(pods.map(({ node }) => node))], count: pods.length },
      notes: pods.slice(0, MAX_NOTES).map(sayPod),
    };
  },
};

const MAX_NOTES = 20;

function textsOf({ pods }: Input): readonly string[] {
  return typeof pods === "string" ? [pods] : pods;
}

function describe({ namespace, name, node, target, found, by }: FoundPod): LocatedPod {
  const pod = `${namespace}/${name}`;
  if (found === null) {
    return {
      ...{ pod, node, ips: [], hostNetwork: false, pid: null, netns: null, sandbox: null, containers: [] },
      ...{ interface: null, hostInterface: null, interfaces: [] },
      evidence: [`${by.join(", ")}: the pod alone can be entered, by ${target ?? pod}`],
    };
  }
  const { pod: seen, interfaces: links } = found;
  const interfaces = links.map(({ name: own, host, ...link }): LocatedInterface => ({
    ...{ interface: own, kind: link.kind, mac: link.mac, addresses: link.addresses, mtuBytes: link.mtuBytes },
    ...{
      up: link.up,
      hostInterface: host?.name ?? null,
      bridge: host?.bridge ?? null,
      evidence: link.evidence,
    },
  }));
  const netns = pathOf(seen.netns);
  return {
    ...{ pod, node, ips: seen.ips, hostNetwork: seen.hostNetwork, pid: seen.pid, netns },
    ...{ sandbox: seen.sandboxId, containers: seen.containers },
    interface: interfaces[0]?.interface ?? null,
    hostInterface: interfaces[0]?.hostInterface ?? null,
    interfaces,
    evidence: [
      `${by.join(", ")}: the runtime of ${node} has it in sandbox ${seen.sandboxId.slice(0, 13)}`,
      ...(seen.pid === null ? ["the runtime names no process of the sandbox"] : []),
    ],
  };
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
