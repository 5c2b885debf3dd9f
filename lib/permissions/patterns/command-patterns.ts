/**
 * Patterns of commands, as `permissions.mutate` has them: words with single spaces, each to the letter, `*` for one
 * word, `**` at the end for any more. A star is never an option, nor empty, so that `ip link set * up` cannot become
 * `ip link set --something up`; whoever wants options lets them in by name or by `**`.
 */

const ANY_MORE = "**";
const ONE_WORD = "*";

/** What is wrong with a pattern; undefined where nothing is. */
export function findPatternFault(pattern: string): string | undefined {
  const words = pattern.split(" ");
  const [program = ""] = words;
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f]/.test(pattern)) return "it holds a control character";
  if (words.some((word) => word === "")) return "its words are not divided by single spaces";
  if (program.includes("*")) return "it does not name its program";
  if (words.slice(0, -1).includes(ANY_MORE)) return "** may stand only at its end";
  return undefined;
}

/** Whether a command is one of those that the pattern stands for. */
export function fitsCommand(pattern: string, argv: readonly string[]): boolean {
  if (findPatternFault(pattern) !== undefined) return false;
  const words = pattern.split(" ");
  const isOpen = words.at(-1) === ANY_MORE;
  const fixed = isOpen ? words.slice(0, -1) : words;
  if (isOpen ? argv.length < fixed.length : argv.length !== fixed.length) return false;
  return fixed.every((word, index) => fitsWord(word, argv[index] ?? ""));
}

function fitsWord(word: string, given: string): boolean {
  return word === ONE_WORD ? given !== "" && !given.startsWith("-") : word === given;
}

/** Whether there can be a command that fits both. */
export function overlapCommands(one: string, other: string): boolean {
  const a = one.split(" ");
  const b = other.split(" ");
  for (let index = 0; ; index += 1) {
    const left = a[index];
    const right = b[index];
    if (left === ANY_MORE || right === ANY_MORE) return true;
    if (left === undefined || right === undefined) return left === right;
    if (!overlapWords(left, right)) return false;
  }
}

function overlapWords(left: string, right: string): boolean {
  if (left === ONE_WORD) return right === ONE_WORD || fitsWord(left, right);
  return right === ONE_WORD ? fitsWord(right, left) : left === right;
}
