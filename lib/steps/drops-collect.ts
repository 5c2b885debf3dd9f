import type { DropTraceSession } from "../capture/index.js";
import type { DropTraceRecord } from "../model/evidence.js";
import type { StepKind } from "../model/steps.js";
import { HELD_DROPS } from "./drops-start.js";
import { NOT_YET } from "./schema.js";

interface Output {
  /** Nodes whose kernel told. */
  readonly nodes: readonly string[];
}

export const dropsCollect: StepKind<Record<string, never>, Output> = {
  name: "drops/collect",
  title: "Collect the kernel's drops",
  description: "Brings what drops/start let the kernel write, and removes the trace instances.",
  phase: "action",
  actions: ["kernel/droptrace"],
  inputSchema: { type: "object", additionalProperties: false, properties: {} },
  outputSchema: { type: "object", properties: { nodes: { type: "array" } } },
  example: {},
  plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
  async run(_input, context) {
    const session = context.held(HELD_DROPS) as DropTraceSession | undefined;
    if (session === undefined) return { nodes: [] };
    const records: DropTraceRecord[] = [];
    for (const { node, text, unavailable, taiOffsetSec } of await session.collect()) {
      const file = text === null ? null : `evidence/${node}/drops.txt`;
      if (file !== null && text !== null) await context.sink.writeText(file, text);
      records.push({ node, file, unavailable, taiOffsetSec });
    }
    await context.sink.writeJson("evidence/drops.json", { nodes: records });
    return { nodes: records.filter((record) => record.file !== null).map((record) => record.node) };
  },
};
