import { quoteShellWord } from "../model/shell-word.js";
import type { Grant, GrantRule } from "./grant.js";
import type { Decision } from "./requests.js";

/** What one rule says; a policy makes a decision of it. */
export interface Verdict {
  readonly allowed: boolean;
  readonly by: string;
  readonly reason: string;
  readonly flag: string | null;
  /** What to do, where no flag and no declaration helps. */
  readonly hint?: string;
  /** Where it is not the request's own: the node stands in front of everything else. */
  readonly scope?: Decision["scope"];
  readonly subject?: string;
}

/** Granted by a rule, or else by what grants everything. */
export function granted(grant: Grant, rule: GrantRule | undefined): Verdict {
  const by = rule?.by ?? grant.everythingBy ?? "";
  return { allowed: true, by, reason: `declared by the runbook and granted by ${by}`, flag: null };
}

export function undeclared(reason: string): Verdict {
  return { allowed: false, by: "declaration", reason, flag: null };
}

export function denied(by: string): Verdict {
  return { allowed: false, by, reason: `it is denied by ${by}`, flag: null };
}

export function ungranted(flag: string): Verdict {
  return {
    allowed: false,
    by: "no grant",
    reason: "it is declared by the runbook and not granted",
    flag: quoteShellWord(flag),
  };
}

/** Refused for what it is, whatever is declared and granted. */
export function unfit(by: string, reason: string, hint?: string): Verdict {
  return { allowed: false, by, reason, flag: null, ...(hint === undefined ? {} : { hint }) };
}
