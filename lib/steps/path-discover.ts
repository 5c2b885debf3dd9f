import { checkTools, gatherFacts, parseEnd, resolveEnd, type NodeTools } from "../cluster/index.js";
import { HopbookError } from "../errors.js";
import { discoverPath, loadRecipes } from "../hops/index.js";
import type { FlowPath } from "../model/hops.js";
import type { NodeAccess } from "../model/access.js";
import type { StepContext, StepKind } from "../model/steps.js";
import { watchAccesses } from "./watched.js";

interface Input {
  readonly from: string;
  readonly to: string | readonly string[];
  readonly backend?: string;
}

interface Output {
  readonly paths: readonly FlowPath[];
  /** By node of the paths: programs, free disk, clock, login. */
  readonly tools: Readonly<Record<string, NodeTools>>;
}

export const pathDiscover: StepKind<Input, Output> = {
  name: "path/discover",
  title: "Find both ends and the hops between them",
  description:
    "Finds the ends on the nodes, without an API server, and the hops that packets pass between them, by routes, " +
    "neighbours and forwarding entries. What contradicts itself there is noted, since it may be the fault.",
  phase: "discovery",
  actions: ["runtime/pods", "runtime/inspect", "node/read", "netns/read"],
  inputSchema: {
    type: "object",
    required: ["from", "to"],
    additionalProperties: false,
    properties: {
      from: { type: "string", minLength: 1, title: "Where traffic starts: `ns/pod` or `node/NAME`" },
      to: {
        anyOf: [
          { type: "string", minLength: 1 },
          { type: "array", items: { type: "string", minLength: 1 }, minItems: 1, maxItems: 16 },
        ],
        title: "Where it goes: `ns/pod[:port]`, `node/NAME`, `IP[:port]`; a list makes one path each",
      },
      backend: {
        type: "string",
        default: "",
        title: "Which pod to follow behind a service that has several",
      },
    },
  },
  outputSchema: {
    type: "object",
    required: ["paths", "tools"],
    properties: { paths: { type: "array" }, tools: { type: "object" } },
  },
  example: { from: "shop/client", to: "shop/web:8080" },
  check(input) {
    for (const text of [input.from, ...endsOf(input)]) parseEnd(text);
  },
  async plan(input, context) {
    const { accesses, commands } = watchAccesses(context.accesses);
    const recipes = await loadRecipes(context.recipeDirs);
    const facts = await gatherFacts(context.profile, accesses, {
      unreachable: context.unreachable,
      signal: context.signal,
    });
    const { signal } = context;
    const backend = input.backend === "" ? undefined : input.backend;
    const from = await resolveEnd(input.from, facts, { signal });
    const paths: FlowPath[] = [];
    for (const text of endsOf(input)) {
      const to = await resolveEnd(text, facts, { fromNode: from.node, backend, signal });
      paths.push(await discoverPath(from, to, { accesses, profile: context.profile, recipes, signal }));
    }
    const nodes = [...new Set(paths.flatMap((path) => path.hops.map((hop) => hop.node)))];
    const tools = await checkNodes(nodes, accesses, context);
    for (const [node, { clockOffsetSec, clockErrorSec }] of Object.entries(tools)) {
      if (clockOffsetSec !== null && Math.abs(clockOffsetSec) > 1 + clockErrorSec) {
        context.note("warn", `the clock of ${node} is ${clockOffsetSec.toFixed(1)} s off this machine's`);
      }
    }
    const notes = [...new Set(paths.flatMap((path) => path.notes))];
    for (const note of notes) context.note("warn", note);
    await context.sink.writeJson("evidence/paths.json", { paths, tools });
    // Nodes answer in any order; the plan of equal things has to be equal.
    const ordered = commands.toSorted((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0));
    return { commands: ordered, outputs: { paths, tools }, notes };
  },
};

function endsOf(input: Input): readonly string[] {
  return typeof input.to === "string" ? [input.to] : input.to;
}

/** Programs without which nothing can be captured; said before anything is started. */
const NEEDED = ["tcpdump", "timeout", "nsenter"] as const;

async function checkNodes(
  nodes: readonly string[],
  accesses: ReadonlyMap<string, NodeAccess>,
  context: StepContext,
): Promise<Record<string, NodeTools>> {
  const { workDir } = context.profile;
  const checked = await Promise.all(
    nodes.map(async (node) => {
      const access = accesses.get(node);
      if (access === undefined) {
        const reason = context.unreachable.get(node);
        throw (
          reason ?? new HopbookError("NODE_UNREACHABLE", `Cannot reach ${node}, which the path goes through`)
        );
      }
      return checkTools(access, { workDir, signal: context.signal });
    }),
  );
  for (const tools of checked) {
    const missing = NEEDED.filter((tool) => tools.paths[tool] === null);
    if (missing.length > 0) {
      throw new HopbookError(
        "TOOL_MISSING",
        `Cannot capture on ${tools.node}: it has no ${missing.join(", no ")}`,
        {
          where: { node: tools.node },
          hint:
            "Install it on the node (Debian, Ubuntu: apt-get install tcpdump; RHEL, Fedora: dnf install tcpdump), " +
            "or log in through a toolbox that has it",
        },
      );
    }
  }
  return Object.fromEntries(checked.map((tools) => [tools.node, tools]));
}
