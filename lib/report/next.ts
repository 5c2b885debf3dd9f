import type { Findings } from "../model/findings.js";
import { quoteShellWord } from "../model/shell-word.js";
import { wrapColumns } from "../text/columns.js";
import type { RunFacts } from "./facts.js";
import type { TextStyle } from "./text-style.js";

/** They read files and know no cluster. */
const OF_FILES = ["analyze", "report", "replay", "share"].join("|");
const OF_CLUSTER = new RegExp(`\`(hopbook (?!(?:${OF_FILES})\\b)[^\`]*)\``, "g");

/** Findings whose next steps name the run's cluster in hopbook's own commands, so that they can be pasted as they stand. */
export function nameCluster(findings: Findings, record: RunFacts | undefined): Findings {
  const { profile } = record ?? {};
  if (profile === undefined) return findings;
  const [, context] = /^context (.*)$/.exec(profile) ?? [];
  const flags = context === undefined ? ["--cluster", profile] : ["--context", context];
  const added = flags.map(quoteShellWord).join(" ");
  const name = (step: string): string =>
    step.replaceAll(OF_CLUSTER, (_, command: string) => `\`${command} ${added}\``);
  const flows = findings.flows.map((flow) => {
    const { next } = flow.verdict;
    return next === undefined ? flow : { ...flow, verdict: { ...flow.verdict, next: next.map(name) } };
  });
  const checks = findings.checks.map((check) =>
    check.next === undefined ? check : { ...check, next: check.next.map(name) },
  );
  return { ...findings, flows, checks };
}

/** What to do now, for a terminal: a command of hopbook's own that ends a step has a line to itself, to be copied whole. */
export function renderNext(next: readonly string[], style: TextStyle): string[] {
  if (next.length === 0) return [];
  const lines = next.flatMap((step) => {
    const [, words = step, command] = /^(.*:) `(hopbook [^`]*)`$/s.exec(step) ?? [];
    const wrapped = wrapColumns(style.show(words), style.width - 4);
    const said = wrapped.map((line, index) => `  ${index === 0 ? style.glyphs.bullet : " "} ${line}`);
    return command === undefined ? said : [...said, `    ${style.show(command)}`];
  });
  return [style.paint("What to do now", "bold"), ...lines];
}
