import { hasExpression } from "../runbook/template.js";

/** A step that an expression names, with the output, where it names one. */
export interface StepReference {
  /** null: computed, or `steps` as a whole. */
  readonly step: string | null;
  readonly output: string | null;
}

const NAME = String.raw`(?:\s*\.\s*([A-Za-z_]\w*)|\s*\[\s*(?:"(\w*)"|'(\w*)')\s*\])`;
const REFERENCE = new RegExp(String.raw`(?<![\w.])steps\b(?:${NAME}(?:\s*\.\s*outputs\b${NAME}?)?)?`, "g");

/** The steps that a value's expressions name. It may find too many (in a string of an expression), never too few. */
export function findReferences(value: unknown): readonly StepReference[] {
  if (hasExpression(value)) {
    return [...value.matchAll(REFERENCE)].map(([, a, b, c, d, e, f]) => ({
      step: a ?? b ?? c ?? null,
      output: d ?? e ?? f ?? null,
    }));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(findReferences);
}

/**
 * The steps on whose outputs a value depends and that are not known yet: of those in `open` a single output may
 * be known beforehand. In the order in which they are named, each once.
 */
export function findUnknown(
  value: unknown,
  { open, outputs }: { readonly open: ReadonlySet<string>; readonly outputs: ReadonlyMap<string, unknown> },
): readonly string[] {
  const found = findReferences(value).flatMap(({ step, output }) => {
    if (step === null) return [...open];
    if (!open.has(step)) return [];
    const known = outputs.get(step);
    const isKnown =
      output !== null && typeof known === "object" && known !== null && Object.hasOwn(known, output);
    return isKnown ? [] : [step];
  });
  return [...new Set(found)];
}

/** Whether an expression of the value looks at the matrix. */
export function namesMatrix(value: unknown): boolean {
  return hasExpression(value) && /(?<![\w.])matrix\b/.test(value);
}
