import type { Argv } from "../model/access.js";

/** What a call is known by in a recording. */
export interface CallName {
  readonly kind: "exec" | "stream" | "pull" | "kube";
  readonly node: string;
  readonly action: string;
  readonly argv: readonly string[];
}

/**
 * Two calls are the same where node, action and argv are. hopbook's own scripts count by their name, not their text, so
 * that a recording outlives a new version of one.
 */
export function keyOf({ kind, node, action, argv }: CallName): string {
  return JSON.stringify([kind, node, action, nameScripts(argv)]);
}

/** The words with each script of hopbook's own in place of its text: `sh -c <hopbook-tools> …`. */
export function nameScripts(argv: readonly string[]): string[] {
  return argv.map((word, index) => {
    const name = argv[index + 1] ?? "";
    const isScript =
      argv[index - 1] === "-c" && /^(ba)?sh$/.test(argv[index - 2] ?? "") && word.includes("\n");
    return isScript && /^hopbook-[a-z-]+$/.test(name) ? `<${name}>` : word;
  });
}

/** The argv of a pull, as permissions and transcripts know it. */
export function argvOfPull(path: string): Argv {
  return ["cat", "--", path];
}

/** The recorded call that is most like one: the same kind of words, of the same node and action if there are any. */
export function findNearest<T extends CallName>(wanted: CallName, known: readonly T[]): T | undefined {
  let best: { call: T; score: number } | undefined;
  for (const call of known) {
    const score = likeness(wanted, call);
    if (score > 0 && (best === undefined || score > best.score)) best = { call, score };
  }
  return best?.call;
}

/** Words in common count most; among equals the same node, then the same action. */
function likeness(wanted: CallName, call: CallName): number {
  const words = nameScripts(call.argv);
  const mine = nameScripts(wanted.argv);
  const known = new Set(words);
  const common = mine.filter((word) => known.has(word)).length;
  if (common === 0 || words[0] !== mine[0]) return 0;
  const share = (2 * common) / (words.length + mine.length);
  return share + (call.node === wanted.node ? 0.5 : 0) + (call.action === wanted.action ? 0.25 : 0);
}
