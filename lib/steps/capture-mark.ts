import type { StepKind } from "../model/steps.js";
import { visible } from "../model/visible.js";
import { NOT_YET } from "./schema.js";
import { refuseDetached } from "./shared/freeze.js";
import { addMark } from "./shared/marks.js";

interface Input {
  readonly text: string;
}

interface Output {
  /** RFC 3339, UTC, by the client's clock. */
  readonly at: string;
}

export const captureMark: StepKind<Input, Output> = {
  name: "capture/mark",
  title: "Note what happens",
  description:
    "Notes with its time what happens while captures go on, in evidence/marks.json and in what the run says: a rollout began, a " +
    "request was sent.",
  phase: "action",
  detach: "before",
  actions: [],
  inputSchema: {
    type: "object",
    required: ["text"],
    additionalProperties: false,
    properties: { text: { type: "string", minLength: 1, maxLength: 500, title: "What happens now" } },
  },
  outputSchema: { type: "object", properties: { at: { type: "string" } } },
  example: { text: "the rollout begins" },
  plan(_input, context) {
    refuseDetached(context, "capture/mark");
    return Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] });
  },
  async run({ text }, context) {
    const at = new Date(context.clock.nowMs()).toISOString();
    await addMark({ kind: "mark", at, text }, context);
    context.note("info", `${at}: ${visible(text)}`);
    return { at };
  },
};
