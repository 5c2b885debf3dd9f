import { linesOf } from "./lines.js";

/** A line `:CHAIN POLICY [packets:bytes]`. */
export interface SavedChain {
  readonly table: string;
  readonly name: string;
  /** ACCEPT, DROP; null for a chain that others jump to. */
  readonly policy: string | null;
  readonly packets: number;
}

/** A line `[packets:bytes] -A CHAIN …`; without `-c` it has no counters. */
export interface SavedRule {
  readonly table: string;
  readonly chain: string;
  /** What stands behind the chain's name, as printed. */
  readonly text: string;
  readonly words: readonly string[];
  /** null: it was not printed. */
  readonly packets: number | null;
}

interface SavedRules {
  readonly chains: readonly SavedChain[];
  readonly rules: readonly SavedRule[];
}

/**
 * iptables-save(8) and ip6tables-save(8) of both backends, with counters or without. Comments, COMMIT, the warning about
 * legacy tables and lines that are cut are passed over.
 */
export function parseIptablesSave(text: string): SavedRules {
  const chains: SavedChain[] = [];
  const rules: SavedRule[] = [];
  let table = "";
  for (const line of linesOf(text)) {
    if (line.startsWith("*")) table = line.slice(1).trim();
    const chain = /^:(\S+) (\S+) \[(\d+):\d+\]/.exec(line);
    if (chain !== null) {
      const [, name = "", policy = "", packets = ""] = chain;
      chains.push({ table, name, policy: policy === "-" ? null : policy, packets: Number(packets) });
    }
    const rule = /^(?:\[(\d+):\d+\] )?-A (\S+)(.*)$/.exec(line);
    if (rule === null) continue;
    const [, packets, name = "", rest = ""] = rule;
    rules.push(new Saved(table, name, { rest, packets }));
  }
  return { chains, rules };
}

/** Its words are split when they are asked for: of a large table's rules most never are. */
class Saved implements SavedRule {
  readonly table: string;
  readonly chain: string;
  readonly text: string;
  readonly packets: number | null;
  #words: readonly string[] | null = null;

  constructor(
    table: string,
    chain: string,
    { rest, packets }: { rest: string; packets: string | undefined },
  ) {
    this.table = table;
    this.chain = chain;
    this.text = rest.trim();
    this.packets = packets === undefined ? null : Number(packets);
  }

  get words(): readonly string[] {
    return (this.#words ??= splitWords(this.text));
  }
}

/** What stands behind an option (`-d`, `--dport`, `-j`); null where it is not there, or negated. */
export function optionOf({ words }: Pick<SavedRule, "words">, option: string): string | null {
  const at = words.indexOf(option);
  return at === -1 || words[at - 1] === "!" ? null : (words[at + 1] ?? null);
}

/** Words as iptables-save quotes them: double quotes, backslash before a quote or a backslash. */
function splitWords(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|\S+/g)].map((match) =>
    match[1] === undefined ? match[0] : match[1].replaceAll(/\\(.)/g, "$1"),
  );
}
