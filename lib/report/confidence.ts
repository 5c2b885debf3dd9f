import type { Verdict } from "../model/findings.js";

/** `Confidence: high`, and the facts that it rests on; where some speak against it, those. */
export function describeConfidence({ confidence, grounds, caveats }: Verdict): string {
  const { for: facts = [], against = [] } = grounds ?? {};
  const [first, ...others] = against;
  if (first !== undefined) {
    const more = others.length === 0 ? "" : `; and ${others.length} more of the caveats`;
    return `Confidence: ${confidence}: ${first}${more}`;
  }
  const said = [`Confidence: ${confidence}`, ...(facts.length === 0 ? [] : [facts.join("; ")])].join(": ");
  return caveats.length > 0 ? `${said} (see the caveats)` : said;
}

/** The same in a line: of the facts that it rests on the first. */
export function summariseConfidence(verdict: Verdict): string {
  const { grounds } = verdict;
  return describeConfidence(
    grounds === undefined ? verdict : { ...verdict, grounds: { ...grounds, for: grounds.for.slice(0, 1) } },
  );
}
