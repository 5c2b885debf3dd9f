import type { Declared } from "./declared.js";
import type { Grant } from "./grant.js";
import { isDenied, isScopeDenied, isShellDenied } from "./denials.js";
import { coversPattern, declaredPatterns, findRule, overlapPatterns, type ListScope } from "./match.js";
import { fitsName } from "../model/names.js";
import { quoteShellWord } from "../model/shell-word.js";
import { spellLimits } from "./limits.js";
import { joinValues } from "./scope-values.js";
import type { Scope } from "./scopes.js";

const LISTS: readonly ListScope[] = ["traffic", "mutate", "read", "write", "net", "env", "kube"];

/**
 * The flags that would grant what is declared and not granted, ready to be typed; empty where nothing is
 * missing. With `nodes` they name those; else the names that the runbook selects. What is denied is not
 * listed: no flag grants it. Of commands, paths, hosts, variables and requests a narrower grant is an answer too:
 * it is what the operator lets through, and the rest is refused when it is wanted.
 */
export function missingFlags(declared: Declared, grant: Grant, nodes?: readonly string[]): string[] {
  if (grant.everythingBy !== null) return [];
  const wantedNodes = declared.node === null ? [] : (nodes ?? declared.node.select);
  const isNode = (effect: "allow" | "deny", node: string): boolean =>
    findRule(grant, effect, { scope: "node", fits: (value) => fitsName(value, node) }) !== undefined;
  const node = wantedNodes.filter((name) => !isNode("allow", name) && !isNode("deny", name));
  const exec = declared.exec.filter((name) => !isSettled(grant, "exec", name));
  return [
    ...spellFlags("node", node),
    ...spellFlags("exec", exec),
    ...(declared.capture !== null && !isSettledAlone(grant, "capture")
      ? [`--allow-capture=${spellLimits(declared.capture)}`]
      : []),
    ...(declared.shell && !isSettledAlone(grant, "shell") ? ["--allow-shell"] : []),
    ...LISTS.flatMap((scope) =>
      spellFlags(
        scope,
        declaredPatterns(declared, scope).filter((pattern) => !isSettled(grant, scope, pattern)),
      ),
    ),
  ];
}

function isSettled(grant: Grant, scope: ListScope, pattern: string): boolean {
  const granted = (value: string): boolean =>
    scope === "exec" ? coversPattern(scope, value, pattern) : overlapPatterns(scope, value, pattern);
  return findRule(grant, "allow", { scope, fits: granted }) !== undefined || isDenied(grant, scope, pattern);
}

function isSettledAlone(grant: Grant, scope: "capture" | "shell"): boolean {
  const isAllowed = findRule(grant, "allow", { scope, fits: () => true }) !== undefined;
  return isAllowed || (scope === "shell" ? isShellDenied(grant) : isScopeDenied(grant, scope));
}

function spellFlags(scope: Scope, values: readonly string[]): string[] {
  if (values.length === 0) return [];
  return joinValues(scope, values).map((value) => quoteShellWord(`--allow-${scope}=${value}`));
}
