import { auditPath, joinJudged } from "../audit/audit.js";
import { mergeCommands, planAudit, runInspection } from "../inspect/index.js";
import type { Audit } from "../model/audit/audit.js";
import type { End } from "../model/cluster.js";
import type { FlowPath } from "../model/hops.js";
import type { StepKind } from "../model/steps.js";
import type { Protocol } from "../model/traffic.js";
import { pathList } from "./objects.js";
import { readPolicies } from "./shared/policies.js";
import { chooseProtocol } from "./shared/protocol.js";
import { toPlanned } from "./shared/state-files.js";

interface Input {
  readonly paths: readonly FlowPath[];
  readonly protocol?: "auto" | Protocol;
  readonly port?: number;
}

interface Output {
  /** One a path, in their order. */
  readonly audits: readonly Audit[];
}

export const stateAudit: StepKind<Input, Output> = {
  name: "state/audit",
  title: "Judge paths by their nodes' state alone",
  description:
    "Reads what the nodes and pods of the paths say of their devices, routes, neighbours, tunnels, rules and sockets, and judges " +
    "by it whether packets would get through, both ways. Sends no packet and captures nothing.",
  phase: "discovery",
  actions: ["node/read", "netns/read"],
  takes: { paths: "path" },
  inputSchema: {
    type: "object",
    required: ["paths"],
    additionalProperties: false,
    properties: {
      paths: pathList,
      protocol: {
        enum: ["auto", "icmp", "udp", "tcp"],
        default: "auto",
        title: "Of the packets that are judged",
      },
      port: { type: "integer", minimum: 1, maximum: 65_535, title: "Where the destination names none" },
    },
  },
  outputSchema: { type: "object", required: ["audits"], properties: { audits: { type: "array" } } },
  example: { paths: "${{ steps.path.outputs.paths }}", protocol: "tcp" },
  async plan(input, context) {
    const audits: Audit[] = [];
    for (const path of input.paths) audits.push(await audit(path, input, context));
    return {
      commands: input.paths.flatMap((path) => toPlanned(mergeCommands(...partsOf(path).map(planAudit)))),
      outputs: { audits },
      notes: [],
    };
  },
};

/** Those of one, and of two. */
const PARTS = ["whole", "arriving", "onward"] as const;

function partsOf(path: FlowPath): readonly FlowPath[] {
  return path.parts ?? [path];
}

async function audit(
  path: FlowPath,
  { protocol = "auto", port: given }: Input,
  { accesses, signal, kube }: Parameters<(typeof stateAudit)["plan"]>[1],
): Promise<Audit> {
  const texts = new Map<string, string>();
  const save = (file: string, bytes: Uint8Array): void =>
    void texts.set(file, Buffer.from(bytes).toString("utf8"));
  const parts = partsOf(path);
  const state = await runInspection(mergeCommands(...parts.map(planAudit)), { accesses, signal, save });
  const policies = await readPolicies([path], { kube, signal });
  const port = given ?? path.to.port;
  const chosen = chooseProtocol(port, protocol);
  const looks = { state, readText: (file: string) => texts.get(file) };
  return {
    ...{ apiVersion: "hopbook.dev/v1", kind: "Audit", from: nameEnd(path.from), to: nameEnd(path.to) },
    ...{ protocol: chosen, port },
    ...joinJudged(
      parts.map((part, index) =>
        auditPath(part, {
          policies,
          looks,
          protocol: chosen,
          port: given ?? null,
          part: PARTS[parts.length - 1 + index]!,
        }),
      ),
    ),
  };
}

function nameEnd({ text, ip, node }: End): Audit["from"] {
  return { text, ip, node };
}
