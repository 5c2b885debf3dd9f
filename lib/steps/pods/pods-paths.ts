import { parseEnd, type NodeTools } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import { stepEvidence } from "../../model/evidence.js";
import type { FlowPath } from "../../model/hops.js";
import type { PlannedCommand, StepKind } from "../../model/steps.js";
import { pathDiscover } from "../path-discover.js";

interface Input {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly allBackends?: boolean;
}

interface Output {
  /** From each to each, in their order. */
  readonly paths: readonly FlowPath[];
  readonly tools: Readonly<Record<string, NodeTools>>;
}

const MAX_ENDS = 16;
/** Each is followed by itself, with a capture at every hop. */
const MAX_WAYS = 64;

export const podsPaths: StepKind<Input, Output> = {
  name: "pods/paths",
  title: "Find the ways from each of several ends to each of others",
  description:
    `Finds the hops from each of up to ${MAX_ENDS} ends to each of up to ${MAX_ENDS} others, ${MAX_WAYS} ways at most; what a pod ` +
    "would send to itself is left out.",
  phase: "discovery",
  actions: pathDiscover.actions,
  gives: { paths: "path", tools: "node's tools" },
  inputSchema: {
    type: "object",
    required: ["from", "to"],
    additionalProperties: false,
    properties: {
      from: {
        type: "array",
        minItems: 1,
        maxItems: MAX_ENDS,
        items: { type: "string", minLength: 1 },
        title: "Who sends, one each: `ns/pod` or `node/NAME`",
      },
      to: {
        type: "array",
        minItems: 1,
        maxItems: MAX_ENDS,
        items: { type: "string", minLength: 1 },
        title: "Where to, one each: `ns/pod[:port]`, `node/NAME`, `IP[:port]`, `ClusterIP:port`",
      },
      allBackends: {
        type: "boolean",
        default: false,
        title: "To every endpoint of a Service, each by itself",
      },
    },
  },
  outputSchema: {
    type: "object",
    required: ["paths", "tools"],
    properties: { paths: { type: "array" }, tools: { type: "object" } },
  },
  example: { from: ["shop/client", "shop/cart"], to: ["shop/web:8080"] },
  check({ from, to }) {
    for (const text of [...from, ...to]) parseEnd(text);
    const ways = from.flatMap((source) => othersOf(source, to));
    if (ways.length === 0 || ways.length > MAX_WAYS) throw notSoMany(ways.length);
  },
  async plan({ from, to, allBackends = false }, context) {
    const commands: PlannedCommand[] = [];
    const notes: string[] = [];
    const paths: FlowPath[] = [];
    let tools: Readonly<Record<string, NodeTools>> = {};
    for (const source of new Set(from)) {
      const others = othersOf(source, [...new Set(to)]);
      if (others.length === 0) continue;
      const found = await pathDiscover.plan({ from: source, to: others, allBackends }, context);
      commands.push(...found.commands);
      notes.push(...found.notes);
      paths.push(...found.outputs.paths);
      tools = { ...tools, ...found.outputs.tools };
    }
    if (paths.length > MAX_WAYS) throw notSoMany(paths.length);
    await context.sink.writeJson(stepEvidence("paths", context.evidenceName), { paths, tools });
    return { commands, outputs: { paths, tools }, notes: [...new Set(notes)] };
  },
};

/** Without the end itself, whatever port it is asked by. */
function othersOf(source: string, to: readonly string[]): readonly string[] {
  const own = withoutPort(source);
  return to.filter((text) => withoutPort(text) !== own);
}

function withoutPort(text: string): string {
  return JSON.stringify({ ...parseEnd(text), port: null });
}

function notSoMany(count: number): HopbookError {
  const why =
    count === 0 ? "there is none but to oneself" : `there are ${count}, and at most ${MAX_WAYS} are`;
  return new HopbookError("INPUT_INVALID", `Cannot follow the ways from each to each: ${why}`, {
    hint:
      count === 0 ? "Name another end, with --to" : "Name fewer ends, and the others in a run of their own",
  });
}
