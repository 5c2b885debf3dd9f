import { HopbookError } from "../errors.js";
import type { ProbeKind, Protocol } from "../model/traffic.js";
import type { Flow, FlowPath } from "../model/hops.js";
import type { StepKind } from "../model/steps.js";
import { pathSchema, MAX_OBJECTS } from "./objects.js";
import { chooseProtocol } from "./shared/protocol.js";

interface Input {
  readonly paths: readonly FlowPath[];
  readonly protocol?: "auto" | Protocol;
  readonly probe?: readonly ProbeKind[];
  readonly traffic?: boolean;
  readonly sizes?: readonly number[];
  readonly oneWay?: boolean;
}

interface Output {
  readonly flows: readonly Flow[];
}

const PROBES: Record<ProbeKind, { readonly protocol: Protocol; readonly needsPort: boolean }> = {
  ping: { protocol: "icmp", needsPort: false },
  "ping-large": { protocol: "icmp", needsPort: false },
  udp: { protocol: "udp", needsPort: true },
  "dns-udp": { protocol: "udp", needsPort: true },
  "dns-tcp": { protocol: "tcp", needsPort: true },
  "tcp-connect": { protocol: "tcp", needsPort: true },
  http: { protocol: "tcp", needsPort: true },
  https: { protocol: "tcp", needsPort: true },
  tls: { protocol: "tcp", needsPort: true },
};

export const flowDefine: StepKind<Input, Output> = {
  name: "flow/define",
  title: "Choose what to follow",
  description:
    "Makes the flows to follow: each path with each probe, or with the protocol alone where nothing is sent. " +
    "`auto` is tcp where the destination has a port, udp for port 53, else icmp.",
  phase: "discovery",
  actions: [],
  takes: { paths: "path" },
  gives: { flows: "flow" },
  inputSchema: {
    type: "object",
    required: ["paths"],
    additionalProperties: false,
    properties: {
      paths: {
        type: "array",
        minItems: 1,
        maxItems: MAX_OBJECTS,
        items: pathSchema,
        title: "Paths, from path/discover",
      },
      protocol: { enum: ["auto", "icmp", "udp", "tcp"], default: "auto", title: "What to follow" },
      probe: {
        type: "array",
        items: { enum: Object.keys(PROBES) },
        default: [],
        title: "Traffic to make instead",
      },
      traffic: { type: "boolean", default: true, title: "Whether traffic is made at all" },
      sizes: {
        type: "array",
        maxItems: 16,
        items: { type: "integer", minimum: 84, maximum: 65_535 },
        default: [],
        title:
          "Sizes in bytes of ping-large's packets, a flow each, and the largest that the first hop carries",
      },
      oneWay: {
        type: "boolean",
        default: false,
        title:
          "Whether what takes the packets answers none, as a tunnel's port: that they arrive is all that is due",
      },
    },
  },
  outputSchema: { type: "object", required: ["flows"], properties: { flows: { type: "array" } } },
  example: { paths: "${{ steps.path.outputs.paths }}", protocol: "tcp" },
  makesTraffic({ values, lists, given }, ports) {
    if (values["traffic"] === false) return [];
    const { protocol = given.includes("protocol") ? null : "auto" } = values;
    const probes = lists["probe"] ?? (given.includes("probe") ? null : []);
    if (probes === null || protocol === null) return "unknown";
    if (probes.length > 0) return probes as ProbeKind[];
    const kinds = (ports ?? [null, 1, 53]).map((port): ProbeKind => {
      const chosen = chooseProtocol(port, protocol as "auto" | Protocol);
      return defaultProbe(port, chosen);
    });
    return [...new Set(kinds)];
  },
  plan: async (input) => {
    const flows = input.paths
      .flatMap((path) => flowsOf(path, input))
      .map((flow, index) => ({
        ...flow,
        ...(input.oneWay === true ? { oneWay: true as const } : {}),
        id: [`f${index}`, flow.probe ?? flow.protocol, flow.sizeBytes]
          .filter((part) => part !== undefined)
          .join("-"),
      }));
    return { commands: [], outputs: { flows }, notes: flows.map(describe) };
  },
};

function flowsOf(path: FlowPath, input: Input): Flow[] {
  // Who cannot be entered cannot be made to send.
  const watchOnly = input.traffic === false || path.from.unseen !== undefined;
  if (!watchOnly && path.from.node === null) throw cannotSendFrom(path);
  const probes = input.probe ?? [];
  if (probes.length > 0) {
    return probes.flatMap((probe) => {
      if (PROBES[probe].needsPort) requirePort(path, probe);
      const flow = { id: "", path, protocol: PROBES[probe].protocol, probe: watchOnly ? null : probe };
      const sizes = probe === "ping-large" ? sizesOf(path, input.sizes ?? []) : [];
      return sizes.length === 0 ? [flow] : sizes.map((sizeBytes) => ({ ...flow, sizeBytes }));
    });
  }
  const protocol = chooseProtocol(path.to.port, input.protocol ?? "auto");
  if (protocol !== "icmp") requirePort(path, protocol);
  return [{ id: "", path, protocol, probe: watchOnly ? null : defaultProbe(path.to.port, protocol) }];
}

function cannotSendFrom({ from, to }: FlowPath): HopbookError {
  return new HopbookError(
    "INPUT_INVALID",
    `Cannot make traffic from ${from.text}: no pod or node of the cluster has that address`,
    {
      hint: `Send it from there to ${to.text} yourself while the run watches: --no-traffic --watch 1m`,
    },
  );
}

/** Those that the sender's own device lets out, the largest among them; nothing where none was asked for. */
function sizesOf({ hops }: FlowPath, sizes: readonly number[]): readonly number[] {
  if (sizes.length === 0) return [];
  const most = hops[0]?.mtuBytes ?? 1500;
  return [...new Set([...sizes.filter((size) => size < most), most])].sort((one, other) => one - other);
}

/** What is asked of a destination that is known by its port alone: nothing that it would have to understand. */
function defaultProbe(port: number | null, protocol: Protocol): ProbeKind {
  if (protocol === "icmp") return "ping";
  const isDns = port === 53;
  if (protocol === "udp") return isDns ? "dns-udp" : "udp";
  return isDns ? "dns-tcp" : "tcp-connect";
}

function requirePort(path: FlowPath, what: string): void {
  if (path.to.port !== null) return;
  throw new HopbookError("INPUT_INVALID", `Cannot follow ${what} to ${path.to.text}: it has no port`, {
    hint: `Write the port behind it: --to ${path.to.text}:8080`,
  });
}

function describe(flow: Flow): string {
  const { from, to } = flow.path;
  const port = to.port === null || flow.protocol === "icmp" ? "" : ` port ${to.port}`;
  return `${flow.id}: ${flow.protocol}${port} from ${from.text} (${from.ip}) to ${to.text} (${to.ip})`;
}
