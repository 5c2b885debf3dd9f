import { HopbookError } from "../errors.js";
import { interpolateValue, type ExpressionEnv, type RunbookStep } from "../runbook/index.js";
import type { SourceDocument } from "../document/index.js";

/** One choice of a value for each name of a matrix. */
export interface Combination {
  /** From 0, in the order in which they are listed. */
  readonly index: number;
  readonly values: Readonly<Record<string, unknown>>;
  /** `pod=shop/web, size=1400`. */
  readonly label: string;
}

const MAX_COMBINATIONS = 256;
const MAX_LABEL_VALUE = 60;

/** All combinations, row by row: the value of the last name changes first. Throws INPUT_INVALID for too many. */
export function combine(matrix: Readonly<Record<string, readonly unknown[]>>): readonly Combination[] {
  const lists = Object.entries(matrix);
  const count = lists.reduce((product, [, values]) => product * values.length, 1);
  if (count > MAX_COMBINATIONS) {
    const sizes = lists.map(([name, values]) => `${name} has ${values.length}`).join(", ");
    throw new HopbookError(
      "INPUT_INVALID",
      `Cannot run a matrix of ${count} combinations (${sizes}): at most ${MAX_COMBINATIONS} are run`,
      { hint: "Split it into several steps, or leave values out" },
    );
  }
  let rows: [string, unknown][][] = [[]];
  for (const [name, values] of lists) {
    rows = rows.flatMap((row) => values.map((value): [string, unknown][] => [...row, [name, value]]));
  }
  return rows.map((row, index) => ({ index, values: Object.fromEntries(row), label: labelOf(row) }));
}

function labelOf(row: readonly (readonly [string, unknown])[]): string {
  return row
    .map(([name, value]) => {
      const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "null");
      return `${name}=${text.length > MAX_LABEL_VALUE ? `${text.slice(0, MAX_LABEL_VALUE)}…` : text}`;
    })
    .join(", ");
}

/** The combinations of a step: null where it has no matrix. Throws EXPRESSION_INVALID, INPUT_INVALID. */
export function readMatrix(
  step: RunbookStep,
  env: ExpressionEnv,
  document: SourceDocument,
): readonly Combination[] | null {
  if (step.strategy === null) return null;
  const lists = Object.entries(step.strategy.matrix).map(([name, value]): [string, readonly unknown[]] => {
    const path = [...step.path, "strategy", "matrix", name];
    const list = interpolateValue(value, env, { document, path });
    if (Array.isArray(list)) return [name, list];
    throw new HopbookError(
      "EXPRESSION_INVALID",
      `Cannot run step ${step.id}: the values of matrix.${name} are no list but ${JSON.stringify(list)}`,
      {
        where: { file: document.file, ...document.locate(path) },
        hint: "Write an expression that gives a list",
      },
    );
  });
  return combine(Object.fromEntries(lists));
}
