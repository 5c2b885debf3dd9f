import { HopbookError } from "../errors.js";
import {
  agreeOnFamily,
  avoidMasquerade,
  finishEnds,
  gatherFacts,
  locateEnds,
  parseEnd,
  type NodeTools,
  loadNamings,
} from "../cluster/index.js";
import { ipVersion } from "../linux/address.js";
import type { End } from "../model/cluster.js";
import { loadRecipes } from "../hops/index.js";
import { stepEvidence } from "../model/evidence.js";
import { sayUnentered, targetOf, type FlowPath } from "../model/hops.js";
import type { StepContext, StepKind } from "../model/steps.js";
import { tryNodes } from "./shared/check-nodes.js";
import { discoverWithApi, readCni } from "./cni-by-api.js";
import { leaveOut } from "./shared/leave-out.js";
import { sortByNode, watchAccesses } from "./shared/watched.js";

interface Input {
  readonly from: string;
  readonly to: string | readonly string[];
  readonly backend?: string;
  readonly allBackends?: boolean;
  readonly family?: keyof typeof FAMILIES;
}

/** `auto`: that of the destination's first address that both ends have one of. */
const FAMILIES = { auto: undefined, "4": 4, "6": 6, ipv4: 4, ipv6: 6 } as const;

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
  gives: { paths: "path", tools: "node's tools" },
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
      allBackends: {
        type: "boolean",
        default: false,
        title: "Follow every backend of a service, each by a path of its own: 16 at most",
      },
      family: {
        enum: Object.keys(FAMILIES),
        default: "auto",
        title:
          "Which IP family, of ends that have both: `4` or `ipv4`, `6` or `ipv6`; `auto`: the first of the destination's",
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
    if (input.allBackends === true && input.backend !== undefined && input.backend !== "")
      throw new HopbookError(
        "INPUT_INVALID",
        "Cannot follow one backend and all of them: both are asked for",
        {
          hint: "Leave out --backend or --all-backends",
        },
      );
  },
  async plan(input, context) {
    const { accesses, commands } = watchAccesses(context.accesses);
    const recipes = await loadRecipes(context.recipeDirs);
    const facts = await gatherFacts(context.profile, accesses, {
      unreachable: context.unreachable,
      kube: context.kube,
      namings: await loadNamings(context.recipeDirs),
      signal: context.signal,
    });
    const { signal } = context;
    const backend = input.backend === "" ? undefined : input.backend;
    const note = (text: string): void => context.note("info", text);
    const located = await locateEnds({ from: input.from, to: endsOf(input) }, facts, {
      ...{ backend, signal, note },
      allBackends: input.allBackends === true,
    });
    // Ways in are opened by the first command there: all of them at once.
    const [source, ...tos] = await finishEnds(located);
    const family = FAMILIES[input.family ?? "auto"];
    const found: FlowPath[] = [];
    const { failures } = facts;
    const discovery = { accesses, failures, profile: context.profile, recipes, signal };
    const others =
      input.allBackends === true ? tos.filter(({ pod }) => pod === null || pod !== source.pod) : tos;
    if (others.length < tos.length)
      note(`${input.from} is one of the backends: what it sends to itself passes no hop, and is left out`);
    for (const end of others.length === 0 ? tos : others) {
      const [from, to] = await agreeOnFamily(source, end, { family, facts, signal });
      noteFamily(from, to, { ...context, isChosen: family !== undefined });
      found.push(await discoverWithApi({ from, to: avoidMasquerade(from, to, note) }, discovery, context));
    }
    const hops = found.flatMap((path) => path.hops);
    const nodes = [...new Set(hops.map((hop) => targetOf(hop)))];
    const pods = new Set(hops.flatMap((hop) => (hop.netns.kind === "own" ? [targetOf(hop)] : [])));
    const [{ tools, errors }] = await Promise.all([
      tryNodes(nodes, { accesses, pods }, context),
      readCni(found, discovery, context),
    ]);
    const paths = leaveOut(found, errors);
    notePods([...pods], paths, context);
    for (const said of new Set(paths.flatMap(({ unentered = [] }) => unentered.map(sayUnentered)))) {
      context.markIncomplete(said);
    }
    for (const [node, { clockOffsetSec, clockErrorSec }] of Object.entries(tools)) {
      if (clockOffsetSec !== null && Math.abs(clockOffsetSec) > 1 + clockErrorSec) {
        context.note("warn", `the clock of ${node} is ${clockOffsetSec.toFixed(1)} s off this machine's`);
      }
    }
    const notes = [...new Set(paths.flatMap((path) => path.notes))];
    for (const note of notes) context.note("warn", note);
    await context.sink.writeJson(stepEvidence("paths", context.evidenceName), { paths, tools });
    // Nodes answer in any order; the plan of equal things has to be equal.
    const ordered = sortByNode(commands);
    return { commands: ordered, outputs: { paths, tools }, notes };
  },
};

/** Two families mean two ways: what is found on the one says nothing of the other. */
function noteFamily(
  from: End,
  to: End,
  { note, isChosen }: Pick<StepContext, "note"> & { readonly isChosen: boolean },
): void {
  if (isChosen || from.otherFamily === undefined || to.otherFamily === undefined) return;
  const used = ipVersion(to.ip);
  note(
    "info",
    `both ends have both IP families: IPv${used} is followed; the other one by --family ${used === 4 ? 6 : 4}`,
  );
}

function endsOf(input: Input): readonly string[] {
  return typeof input.to === "string" ? [input.to] : input.to;
}

/** What is left out where a node cannot be entered, and what stays behind, is said once, and here. */
function notePods(
  pods: readonly string[],
  paths: readonly FlowPath[],
  { accesses, note }: Pick<StepContext, "accesses" | "note">,
): void {
  const meant = new Set(paths.flatMap(({ unentered = [] }) => unentered.map(({ node }) => node)));
  const dark = paths.flatMap((path) => path.unseen ?? []);
  const unseen = [...new Set(dark)].filter((node) => !meant.has(node));
  if (unseen.length > 0) {
    note(
      "info",
      `only pods are entered on ${unseen.join(" and ")}: the hops there, drops in the kernel and the nodes' state are left out`,
    );
  }
  // The API lets nobody take an ephemeral container out of its pod: who finds it there later should have been told.
  const entered = pods.filter((name) => accesses.get(name)?.via === "ephemeral");
  if (entered.length === 0) return;
  note(
    "info",
    `an ephemeral container in ${entered.join(" and ")} ends with this run, and stays listed in the pod: Kubernetes removes none`,
  );
}
