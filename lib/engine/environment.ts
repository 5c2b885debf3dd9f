import {
  evaluate,
  evaluateCondition,
  interpolate,
  typeEnvironment,
  type ExpressionEnv,
  type RunbookStep,
} from "../runbook/index.js";
import type { Core } from "./core.js";
import type { Combination } from "./matrix.js";

/** What expressions see at this moment; `matrix` only within a combination of one. */
export function environmentOf(core: Core, combination: Combination | null = null): ExpressionEnv {
  const { inputs, host, runbook, state } = core;
  return {
    inputs,
    steps: Object.fromEntries([...state.outputs].map(([id, outputs]) => [id, { outputs }])),
    cluster: { name: host.profile.name, nodes: host.profile.nodes.map((node) => node.name) },
    run: { id: host.runId, runbook: runbook.metadata.name },
    ...(combination === null ? {} : { matrix: combination.values }),
  };
}

/** The same, each value with its type: what is evaluated. */
export function typedEnvironmentOf(core: Core, combination: Combination | null = null): ExpressionEnv {
  return typeEnvironment(environmentOf(core, combination), core.runbook, core.kinds);
}

export function isWanted(core: Core, step: RunbookStep, combination: Combination | null): boolean {
  return evaluateCondition(step, typedEnvironmentOf(core, combination), core.runbook.document);
}

export function inputOf(
  core: Core,
  step: RunbookStep,
  combination: Combination | null,
): Record<string, unknown> {
  return interpolate(step, typedEnvironmentOf(core, combination), core.runbook.document);
}

/** What the kind gave, and the outputs that the runbook makes of it. */
export function outputsOf(
  core: Core,
  step: RunbookStep,
  { result, combination }: { readonly result: unknown; readonly combination: Combination | null },
): unknown {
  const templates = Object.entries(step.outputs);
  if (templates.length === 0) return result;
  const env = { ...typedEnvironmentOf(core, combination), result };
  const more = templates.map(([name, template]) => {
    const path = [...step.path, "outputs", name];
    return [name, evaluate(template, env, { document: core.runbook.document, path })] as const;
  });
  return { ...(typeof result === "object" ? result : {}), ...Object.fromEntries(more) };
}
