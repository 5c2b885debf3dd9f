import { childrenOf, parseCel, readAccess, type AstNode } from "../cel/index.js";
import { hasExpression, splitTemplate } from "../runbook/template.js";

/** A step that an expression names, with the output, where it names one. */
interface StepReference {
  /** null: computed, or `steps` as a whole. */
  readonly step: string | null;
  readonly output: string | null;
}

/** The steps that a value's expressions name. */
export function findReferences(value: unknown): readonly StepReference[] {
  return expressionsOf(value).flatMap(referencesOf);
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
  return expressionsOf(value).some((ast) => namesVariable(ast, "matrix"));
}

function expressionsOf(value: unknown): AstNode[] {
  if (hasExpression(value)) {
    return splitTemplate(value).flatMap((part) => (part.kind === "text" ? [] : [parseCel(part.source)]));
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(expressionsOf);
}

function namesVariable(node: AstNode, name: string): boolean {
  return (
    (node.kind === "name" && node.name === name) ||
    childrenOf(node).some((child) => namesVariable(child, name))
  );
}

/** `steps.a.outputs.b` is `b` of `outputs` of `a` of `steps`: an access is taken with all that it is of. */
function referencesOf(node: AstNode): StepReference[] {
  const { root, keys } = readAccess(node);
  const computed = keys.flatMap((key) => (typeof key === "string" ? [] : referencesOf(key)));
  if (root.kind !== "name") return [...childrenOf(root).flatMap(referencesOf), ...computed];
  if (root.name !== "steps") return computed;
  const [step = null, outputs, output = null] = keys.map((key) => (typeof key === "string" ? key : null));
  return [{ step, output: outputs === "outputs" ? output : null }, ...computed];
}
