import { nearest } from "../document/index.js";
import { HopbookError } from "../errors.js";
import type { StepContext } from "../model/steps.js";
import type { Core } from "./core.js";
import { describeCommands } from "./describe.js";
import { holdToPlan } from "./held-to-plan.js";

interface Invocation {
  readonly uses: string;
  readonly input: Record<string, unknown>;
  readonly depth: number;
  readonly maxDepth: number;
}

/**
 * Plans and runs a kind for a step that asks for it, as a part of that step: under its signals, its name and its
 * permissions. Throws INPUT_INVALID for a kind that is not there or an input that does not fit.
 */
export async function invokeKind(core: Core, invocation: Invocation, context: StepContext): Promise<unknown> {
  const { uses, input, depth, maxDepth } = invocation;
  const kind = core.kinds.get(uses);
  if (kind === undefined) {
    const near = nearest(uses, [...core.kinds.keys()]);
    throw refuse(
      uses,
      "there is no such step kind",
      near === undefined ? undefined : `Did you mean ${near}?`,
    );
  }
  if (depth >= maxDepth) throw refuse(uses, `it would be invoked ${depth + 1} levels deep`);
  const plan = await kind.plan(input, context);
  const commands = plan.commands.length === 0 ? "" : `: ${describeCommands(plan.commands)}`;
  context.note("info", `invokes ${uses}${commands}`);
  if (kind.phase === "discovery") return plan.outputs;
  if (kind.run === undefined) throw new HopbookError("INTERNAL", `Step kind ${uses} cannot run`);
  return kind.run(input, kind.plansCommands === false ? context : holdToPlan(context, plan.commands), plan);
}

function refuse(uses: string, why: string, hint?: string): HopbookError {
  return new HopbookError(
    "INPUT_INVALID",
    `Cannot invoke ${uses}: ${why}`,
    hint === undefined ? {} : { hint },
  );
}
