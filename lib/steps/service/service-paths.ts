import { parseEnd, type NodeTools } from "../../cluster/index.js";
import { asHopbookError, HopbookError } from "../../errors.js";
import { formatAddress, parseAddress } from "../../linux/endpoint.js";
import { stepEvidence } from "../../model/evidence.js";
import type { FlowPath } from "../../model/hops.js";
import type { PlannedCommand, StepKind } from "../../model/steps.js";
import type { ProbeKind } from "../../model/traffic.js";
import { pathDiscover } from "../path-discover.js";
import { chooseProtocol } from "../shared/protocol.js";
import { findIdleService } from "./idle-service.js";
import type { ServiceFacts } from "./judge-service.js";

interface Input {
  readonly from: string;
  readonly to: string;
  readonly protocol?: "auto" | "udp" | "tcp";
}

interface Output {
  readonly service: ServiceFacts;
  /** What to send to all of them: an endpoint's port alone does not say what the Service is. */
  readonly probe: readonly ProbeKind[];
  /** By the Service's own address first, then by each endpoint's; none where there is nobody to send to. */
  readonly paths: readonly FlowPath[];
  readonly tools: Readonly<Record<string, NodeTools>>;
}

type Ways = Omit<Output, "service" | "probe">;

export const servicePaths: StepKind<Input, Output> = {
  name: "service/paths",
  title: "Find the ways to a Service and to each of its endpoints",
  description:
    "Finds a Service's endpoints, by the API or by the sending node's NAT table, and the hops to each of them by its own address. " +
    "To the Service's address: the whole way where it has one endpoint, else the hops that the ways to all of them share.",
  phase: "discovery",
  actions: pathDiscover.actions,
  gives: { paths: "path", tools: "node's tools" },
  inputSchema: {
    type: "object",
    required: ["from", "to"],
    additionalProperties: false,
    properties: {
      from: { type: "string", minLength: 1, title: "Who sends: `ns/pod` or `node/NAME`" },
      to: { type: "string", minLength: 1, title: "The Service: `ns/svc/NAME:port` or `ClusterIP:port`" },
      protocol: {
        enum: ["auto", "udp", "tcp"],
        default: "auto",
        title: "What the Service speaks; `auto` is udp for port 53, else tcp",
      },
    },
  },
  outputSchema: {
    type: "object",
    required: ["service", "probe", "paths", "tools"],
    properties: {
      service: { type: "object" },
      probe: { type: "array" },
      paths: { type: "array" },
      tools: { type: "object" },
    },
  },
  example: { from: "shop/client", to: "10.96.0.20:80" },
  check({ from, to }) {
    parseEnd(from);
    const { kind } = parseEnd(to);
    if (kind !== "service" && kind !== "ip") throw noService(to);
  },
  async plan({ from, to, protocol = "auto" }, context) {
    const commands: PlannedCommand[] = [];
    const notes: string[] = [];
    const discover = async (source: string, target: string | readonly string[]): Promise<Ways> => {
      const found = await pathDiscover.plan({ from: source, to: target, allBackends: true }, context);
      commands.push(...found.commands);
      notes.push(...found.notes);
      return found.outputs;
    };
    let named: Ways;
    try {
      named = await discover(from, to);
    } catch (error) {
      const idle =
        asHopbookError(error).code === "TARGET_NOT_FOUND" ? await findIdleService(to, context) : null;
      if (idle === null) throw error;
      return { commands, outputs: { service: idle, probe: [], paths: [], tools: {} }, notes };
    }
    const service = describeService(to, named.paths);
    const source = named.paths[0]?.from;
    // What a pod sends to its own address passes no hop.
    const others = service.endpoints.filter((each) => parseAddress(each)?.ip !== source?.ip);
    const direct =
      others.length === 0 ? { paths: [], tools: {} } : await discover(source?.pod ?? from, others);
    const outputs = {
      service,
      probe: [probeOf(service, protocol)],
      paths: [...frontPath(service, named.paths), ...direct.paths],
      tools: { ...named.tools, ...direct.tools },
    };
    await context.sink.writeJson(stepEvidence("paths", context.evidenceName), {
      paths: outputs.paths,
      tools: outputs.tools,
    });
    return { commands, outputs, notes: [...new Set(notes)] };
  },
};

/** Throws INPUT_INVALID for an end that is no Service. */
function describeService(text: string, paths: readonly FlowPath[]): ServiceFacts {
  const [first] = paths;
  const isNamed = parseEnd(text).kind === "service";
  if (first === undefined) throw noService(text);
  const { kind, service, addresses } = first.to;
  if (kind === "service") {
    const [clusterIp] = addresses;
    return {
      name: service ?? text,
      clusterIp: clusterIp === undefined ? null : formatAddress(clusterIp),
      endpoints: [...new Set(paths.flatMap(({ to }) => to.addresses.slice(1).map(formatAddress)))],
      notReady: [],
      untried: first.from.hostNetwork,
    };
  }
  // A headless one stands for its pods; an address that nobody knows may be a Service's that no node has rules for.
  if (isNamed) {
    const endpoints = [...new Set(paths.map(({ to }) => formatAddress(to)))];
    return { name: text, clusterIp: null, endpoints, notReady: [], untried: false };
  }
  if (kind !== "ip") throw noService(text);
  return { name: text, clusterIp: formatAddress(first.to), endpoints: [], notReady: [], untried: false };
}

/**
 * The way of what is sent to the Service's own address; where that may go to any of several endpoints, as far as nobody has
 * chosen one.
 */
function frontPath({ clusterIp, untried }: ServiceFacts, paths: readonly FlowPath[]): readonly FlowPath[] {
  const [first] = paths;
  if (first === undefined || clusterIp === null || untried) return [];
  const [address] = first.to.addresses;
  if (address === undefined || formatAddress(first.to) === clusterIp) return [first];
  const inPod = first.hops.findIndex(({ role }) => role !== "pod");
  // Behind the pod's own hops and the host's side of it the node puts an endpoint's address in the place of the Service's.
  const end = first.hops[inPod]?.role === "host-veth" ? inPod + 1 : inPod;
  const nowhere = { pod: null, node: null, netns: null, hostNetwork: false, cniHostInterfaces: [] };
  const { text, service = null, otherBackends = 0 } = first.to;
  // Where eBPF translates in the client's socket, an endpoint's address stands in the first packet already.
  const isEarly = paths.some(({ hops }) => hops.some(({ passedBy }) => passedBy !== undefined));
  const addresses = [address, ...(isEarly ? paths.flatMap(({ to }) => to.addresses.slice(1)) : [])];
  return [
    {
      ...first,
      to: { ...{ kind: "service", text, service, otherBackends }, ...address, ...nowhere, addresses },
      hops: first.hops.slice(0, end < 0 ? first.hops.length : end),
      ...{ replyHops: null, notes: [] },
    },
  ];
}

function probeOf({ clusterIp, endpoints }: ServiceFacts, wanted: "auto" | "udp" | "tcp"): ProbeKind {
  const { port = null } = parseAddress(clusterIp ?? endpoints[0] ?? "") ?? {};
  const protocol = chooseProtocol(port, wanted);
  if (protocol === "udp") return port === 53 ? "dns-udp" : "udp";
  return port === 53 ? "dns-tcp" : "tcp-connect";
}

function noService(text: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot look behind ${JSON.stringify(text)}: it is no Service`, {
    hint: "Name a Service, as namespace/svc/NAME:port or by its address, as 10.96.0.20:80; of one pod trace-path tells",
  });
}
