import { stepEvidence } from "../../model/evidence.js";
import type { FlowFinding } from "../../model/findings.js";
import type { StepKind } from "../../model/steps.js";
import { NOT_YET } from "../schema.js";

interface Judged {
  /** `ok`, or what is wrong: the runbook's outcomes name it. */
  readonly code: string;
  readonly summary: string;
}

type Kind<Input, Verdict> = StepKind<Input, Verdict>;

interface JudgeParts<Input, Verdict extends Judged> extends Pick<
  Kind<Input, Verdict>,
  "name" | "title" | "description" | "takes"
> {
  /** Without it there is none. */
  readonly inputSchema?: Kind<Input, Verdict>["inputSchema"];
  readonly example?: Kind<Input, Verdict>["example"];
  /** What the verdict has besides its code and summary, by JSON schema. */
  readonly gives: Readonly<Record<string, { readonly type: string }>>;
  /** In which folder of the run's evidence the verdict lies. */
  readonly evidence: string;
  readonly judge: (input: Input, flows: readonly FlowFinding[]) => Verdict;
  /** Said below the summary while the run goes on. */
  readonly lines?: (verdict: Verdict) => readonly string[];
}

/** A step that makes one verdict of what became of the run's flows: it runs nothing, and leaves the verdict as evidence. */
export function judgeKind<Input, Verdict extends Judged>({
  inputSchema = { type: "object", additionalProperties: false, properties: {} },
  example = {},
  gives,
  evidence,
  judge,
  lines = () => [],
  ...named
}: JudgeParts<Input, Verdict>): StepKind<Input, Verdict> {
  return {
    ...named,
    phase: "action",
    actions: [],
    inputSchema,
    outputSchema: {
      type: "object",
      properties: { code: { type: "string" }, summary: { type: "string" }, ...gives },
    },
    example,
    plan: () => Promise.resolve({ commands: [], outputs: NOT_YET, notes: [] }),
    async run(input, context) {
      const verdict = judge(input, await context.followFlows());
      await context.sink.writeJson(stepEvidence(evidence, context.evidenceName), verdict);
      context.note(verdict.code === "ok" ? "info" : "warn", verdict.summary);
      for (const line of lines(verdict)) context.note("info", line);
      return verdict;
    },
  };
}
