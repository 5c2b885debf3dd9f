import { runOnNode } from "../../cluster/index.js";
import type { NodeTools } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import { integerOf } from "../../linux/json.js";
import { parseLinks } from "../../linux/links.js";
import { stepEvidence } from "../../model/evidence.js";
import type { FlowPath } from "../../model/hops.js";
import type { PlannedCommand, StepContext, StepKind } from "../../model/steps.js";
import { pathDiscover } from "../path-discover.js";

interface Input {
  readonly nodes?: readonly string[];
}

interface Output {
  readonly nodes: readonly string[];
  /** From each node to each other one. */
  readonly paths: readonly FlowPath[];
  /** The same to the UDP ports on which tunnels end. */
  readonly tunnelPaths: readonly FlowPath[];
  readonly tools: Readonly<Record<string, NodeTools>>;
}

/** 56 ways, each followed by itself. */
const MAX_NODES = 8;
const MAX_PORTS = 4;

export const nodesPaths: StepKind<Input, Output> = {
  name: "nodes/paths",
  title: "Find the ways between nodes",
  description:
    `Finds the hops from each node to each other one, at most ${MAX_NODES} of them, by their own addresses, and the UDP ports on ` +
    "which their tunnels end.",
  phase: "discovery",
  actions: pathDiscover.actions,
  gives: { paths: "path", tunnelPaths: "path", tools: "node's tools" },
  inputSchema: {
    type: "object",
    additionalProperties: false,
    properties: {
      nodes: {
        type: "array",
        maxItems: MAX_NODES,
        items: { type: "string", minLength: 1, maxLength: 253 },
        default: [],
        title: "Names of the nodes; none: all that can be entered",
      },
    },
  },
  outputSchema: {
    type: "object",
    required: ["nodes", "paths", "tunnelPaths", "tools"],
    properties: {
      nodes: { type: "array" },
      paths: { type: "array" },
      tunnelPaths: { type: "array" },
      tools: { type: "object" },
    },
  },
  example: { nodes: ["node-a", "node-b"] },
  async plan({ nodes: wanted = [] }, context) {
    const nodes = chooseNodes(wanted, context);
    const commands: PlannedCommand[] = [];
    const ports = await tunnelPorts(nodes, { context, commands });
    const paths: FlowPath[] = [];
    let tools: Readonly<Record<string, NodeTools>> = {};
    for (const node of nodes) {
      const others = nodes.filter((other) => other !== node);
      const to = others.flatMap((other) => [
        `node/${other}`,
        ...ports.map((port) => `node/${other}:${port}`),
      ]);
      for (let at = 0; at < to.length; at += 16) {
        const found = await pathDiscover.plan({ from: `node/${node}`, to: to.slice(at, at + 16) }, context);
        commands.push(...found.commands);
        paths.push(...found.outputs.paths);
        tools = { ...tools, ...found.outputs.tools };
      }
    }
    await context.sink.writeJson(stepEvidence("paths", context.evidenceName), { paths, tools });
    const outputs = {
      nodes,
      paths: paths.filter(({ to }) => to.port === null),
      tunnelPaths: paths.filter(({ to }) => to.port !== null),
      tools,
    };
    return { commands, outputs, notes: [] };
  },
};

function chooseNodes(wanted: readonly string[], context: StepContext): readonly string[] {
  const { profile, accesses, unreachable } = context;
  const known = profile.nodes.filter(({ pod }) => pod === undefined).map(({ name }) => name);
  for (const name of wanted) if (!known.includes(name)) throw notThere(name, known);
  const usable = known.filter((name) => accesses.has(name) && !unreachable.has(name));
  const chosen = wanted.length > 0 ? [...new Set(wanted)] : usable.slice(0, MAX_NODES);
  if (wanted.length === 0 && usable.length > MAX_NODES) {
    context.note("warn", `only ${MAX_NODES} of ${usable.length} nodes are looked at: ${chosen.join(", ")}`);
  }
  for (const name of wanted.length === 0 ? known.filter((one) => !usable.includes(one)) : []) {
    context.markIncomplete(`${name} could not be entered, so that no way from or to it is looked at`);
  }
  if (chosen.length >= 2) return chosen;
  throw new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot follow ways between nodes: there is ${chosen.length} of them`,
    {
      hint: "Name two nodes or more that can be entered: --node node-a --node node-b",
    },
  );
}

function notThere(name: string, known: readonly string[]): HopbookError {
  return new HopbookError("TARGET_NOT_FOUND", `Cannot find the node ${JSON.stringify(name.slice(0, 253))}`, {
    hint: `The nodes are ${known.join(", ") || "none"}`,
  });
}

/** Of all nodes together: a tunnel's port is the same on each. */
async function tunnelPorts(
  nodes: readonly string[],
  { context, commands }: { readonly context: StepContext; readonly commands: PlannedCommand[] },
): Promise<readonly number[]> {
  const argv = ["ip", "-d", "-j", "link", "show"] as const;
  const found = nodes.map(async (node) => {
    const access = context.accesses.get(node);
    if (access === undefined) return [];
    commands.push({ node, action: "node/read", argv, effect: "read" });
    const options = { action: "node/read", doing: "read the links", signal: context.signal };
    const { stdout, exitCode } = await runOnNode(access, argv, options);
    if (exitCode !== 0) return [];
    const tunnels = parseLinks(stdout.toString("utf8")).filter(({ kind, up }) => up && kind !== null);
    return tunnels.flatMap(({ data }) => integerOf(data, "port") ?? []);
  });
  const ports = (await Promise.all(found)).flat().filter((port) => port > 0 && port < 65_536);
  return [...new Set(ports)].sort((one, other) => one - other).slice(0, MAX_PORTS);
}
