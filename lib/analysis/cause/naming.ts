import type { Rule } from "../../linux/ruleset.js";
import type { Naming } from "../../model/naming.js";

/** An object's names, out of a text that has them. */
type Read = (text: string) => { readonly namespace: string; readonly name: string } | null;

/** A pattern with `{namespace}` and `{name}`: of the whole text, or of a part of it. */
export function compilePattern(pattern: string, { whole }: { readonly whole: boolean }): Read {
  const literal = pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const holes = literal
    .replace(String.raw`\{namespace\}`, String.raw`(?<namespace>[^/\s]+)`)
    .replace(String.raw`\{name\}`, String.raw`(?<name>\S+)`);
  const expression = new RegExp(whole ? `^${holes}$` : holes);
  return (text) => {
    const { namespace, name } = expression.exec(text)?.groups ?? {};
    return namespace === undefined || name === undefined ? null : { namespace, name };
  };
}

/** What people wrote to a rule: a generator's own mark only where there is nothing else. */
export function commentOf({ comments }: Rule, namings: readonly Naming[]): string | null {
  const marks = namings.flatMap(({ commentMarks = [] }) => commentMarks);
  const isMark = (comment: string): boolean =>
    marks.some((mark) => comment.startsWith(mark) && /^\S+$/.test(comment.slice(mark.length)));
  return comments.find((comment) => !isMark(comment)) ?? comments[0] ?? null;
}
