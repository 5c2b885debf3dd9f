import { findQuote } from "../cel/lexer.js";

/** A piece of text with expressions in it: plain text, or the CEL between `${{` and `}}`. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  /** `offset`: where the CEL begins in the template. */
  | { readonly kind: "expression"; readonly source: string; readonly offset: number };

export const EXPRESSION_START = "${{";

/** A template whose expression has no end; `offset` is where it begins. */
export class UnclosedExpression extends Error {
  readonly offset: number;
  readonly length = EXPRESSION_START.length;

  constructor(offset: number) {
    super("an expression begins with ${{ and has no }}");
    this.offset = offset;
  }
}

/** Whether a value is text with an expression in it. */
export function hasExpression(value: unknown): value is string {
  return typeof value === "string" && value.includes(EXPRESSION_START);
}

/** Splits text at its expressions. Throws UnclosedExpression. */
export function splitTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let position = 0;
  for (;;) {
    const start = template.indexOf(EXPRESSION_START, position);
    if (start < 0) break;
    if (start > position) parts.push({ kind: "text", text: template.slice(position, start) });
    const offset = start + EXPRESSION_START.length;
    const end = findEnd(template, offset);
    if (end === undefined) throw new UnclosedExpression(start);
    parts.push({ kind: "expression", source: template.slice(offset, end), offset });
    position = end + 2;
  }
  if (position < template.length) parts.push({ kind: "text", text: template.slice(position) });
  return parts;
}

/** Where the `}}` stands that is neither in a CEL string nor the end of a CEL map. */
function findEnd(text: string, from: number): number | undefined {
  let depth = 0;
  for (let position = from; position < text.length; position++) {
    const character = text.charAt(position);
    if (character === '"' || character === "'") {
      position = skipString(text, position);
    } else if (character === "{") {
      depth++;
    } else if (character === "}") {
      if (depth === 0 && text.charAt(position + 1) === "}") return position;
      depth--;
    }
  }
  return undefined;
}

/** Position of the last quote of the CEL string that begins at `from`; the text's end if it has none. */
function skipString(text: string, from: number): number {
  const single = text.charAt(from);
  const quote = text.startsWith(single.repeat(3), from) ? single.repeat(3) : single;
  const isRaw = /(?:^|[^A-Za-z0-9_])(?:[rR][bB]?|[bB][rR])$/.test(text.slice(Math.max(0, from - 3), from));
  return findQuote(text, from + quote.length, { quote, isRaw }) + quote.length - 1;
}
