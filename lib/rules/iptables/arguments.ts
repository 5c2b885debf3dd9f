/** An option of a rule with what stands behind it. */
export interface Option {
  /** `--dport`, `-s`. */
  readonly name: string;
  readonly isNegated: boolean;
  readonly values: readonly string[];
}

/** `-m NAME` and its options; "" for what every packet has (`-s`, `-d`, `-i`, `-o`, `-p`, `-f`). */
export interface MatchArguments {
  readonly name: string;
  readonly options: readonly Option[];
}

export interface RuleArguments {
  readonly matches: readonly MatchArguments[];
  /** null: the rule counts and no more. */
  readonly target: {
    readonly name: string;
    readonly isGoto: boolean;
    readonly options: readonly Option[];
  } | null;
}

/** Options whose value is any text, so that it may look like an option. */
const TEXTS = new Set(["--comment", "--string", "--hex-string", "--log-prefix", "--nflog-prefix", "--name"]);
const LONG: ReadonlyMap<string, string> = new Map([
  ["--source", "-s"],
  ["--destination", "-d"],
  ["--in-interface", "-i"],
  ["--out-interface", "-o"],
  ["--protocol", "-p"],
  ["--jump", "-j"],
  ["--goto", "-g"],
  ["--match", "-m"],
  ["--fragment", "-f"],
]);

interface OpenMatch {
  readonly name: string;
  readonly options: Option[];
}

/** The words of a saved rule behind its chain's name, as iptables(8) reads them. */
export function readArguments(words: readonly string[]): RuleArguments {
  const plain: OpenMatch = { name: "", options: [] };
  const matches: OpenMatch[] = [plain];
  let target: { name: string; isGoto: boolean; options: Option[] } | null = null;
  let open = plain.options;
  let isNegated = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "!") {
      isNegated = true;
      continue;
    }
    const name = LONG.get(word) ?? word;
    const values = valuesAt(words, at + 1, name);
    at += values.length;
    const [value = ""] = values;
    if (name === "-m") {
      const match: OpenMatch = { name: value, options: [] };
      matches.push(match);
      open = match.options;
    } else if (name === "-j" || name === "-g") {
      target = { name: value, isGoto: name === "-g", options: [] };
      open = target.options;
    } else {
      const isPlain = ["-s", "-d", "-i", "-o", "-p", "-f"].includes(name);
      (isPlain ? plain.options : open).push({ name, isNegated, values });
    }
    isNegated = false;
  }
  return { matches, target };
}

function valuesAt(words: readonly string[], from: number, option: string): string[] {
  if (TEXTS.has(option)) return words.slice(from, from + 1);
  let to = from;
  while (to < words.length && words[to] !== "!" && !/^--?[A-Za-z]/.test(words[to] ?? "")) to += 1;
  return words.slice(from, to);
}

/** The first value of an option; undefined where it is not there. */
export function valueOf(options: readonly Option[], name: string): string | undefined {
  return options.find((option) => option.name === name)?.values[0];
}

export function hasOption(options: readonly Option[], name: string): boolean {
  return options.some((option) => option.name === name);
}
