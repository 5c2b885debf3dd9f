import { ACTIONS } from "./commands/actions.js";
import { findPatternFault } from "./patterns/command-patterns.js";
import { parseHost } from "./patterns/hosts.js";
import { isKubePattern } from "./patterns/kube-patterns.js";
import { fitsAction } from "./patterns/names.js";
import { SCOPE_DESCRIPTIONS, type Scope } from "./scopes.js";

/** What a flag's value is cut into; a comma within a path is written twice, as with Deno. */
export function splitValue(scope: Scope, text: string): string[] {
  // The limits of a capture belong together.
  if (!SCOPE_DESCRIPTIONS[scope].list || scope === "capture") return [text];
  const isPath = scope === "read" || scope === "write";
  const parts = isPath ? text.split(/(?<!,),(?!,)/) : text.split(",");
  const words = parts.map((part) => (isPath ? part.replaceAll(",,", ",") : part.trim()));
  return words.filter((word) => word !== "");
}

/** How a value is written in a flag. */
export function joinValues(scope: Scope, values: readonly string[]): string[] {
  if (!SCOPE_DESCRIPTIONS[scope].list) return [...values];
  const isPath = scope === "read" || scope === "write";
  return [values.map((value) => (isPath ? value.replaceAll(",", ",,") : value)).join(",")];
}

interface Fault {
  readonly reason: string;
  readonly hint: string;
}

/** What is wrong with what is granted or denied; undefined where it can name something. */
export function findValueFault(scope: Scope, text: string, effect: "allow" | "deny"): Fault | undefined {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text))
    return fault(scope, `${JSON.stringify(text)} holds a control character`);
  switch (scope) {
    case "exec":
      return findActionFault(text, effect);
    case "mutate": {
      const reason = findPatternFault(text);
      return reason === undefined
        ? undefined
        : fault(scope, `${JSON.stringify(text)} is no command: ${reason}`);
    }
    case "net":
      return parseHost(text) === undefined ? fault(scope, `${JSON.stringify(text)} is no host`) : undefined;
    case "env":
      return /^[A-Za-z_*][A-Za-z0-9_*]*$/.test(text)
        ? undefined
        : fault(scope, `${JSON.stringify(text)} is no variable's name`);
    case "kube":
      return isKubePattern(text) ? undefined : fault(scope, `${JSON.stringify(text)} is no request`);
    case "shell":
      return fault(scope, "it takes no value");
    case "capture":
      return text.trim() === "full"
        ? undefined
        : {
            reason: `${JSON.stringify(text)} is not a kind of capture`,
            hint: "Give it alone for all captures, or --deny-capture=full for those that keep whole packets",
          };
    case "node":
    case "traffic":
    case "read":
    case "write":
      return undefined;
  }
}

function fault(scope: Scope, reason: string): Fault {
  const { value, example } = SCOPE_DESCRIPTIONS[scope];
  return {
    reason,
    hint: example === "" ? `Give it alone` : `It takes ${value.replace(/[[\]]/g, "")}, such as ${example}`,
  };
}

function findActionFault(pattern: string, effect: "allow" | "deny"): Fault | undefined {
  const known = Object.entries(ACTIONS);
  const named = known.filter(([action]) => fitsAction(pattern, action));
  if (named.length === 0) {
    const names = known.filter(([, { scope }]) => scope === undefined).map(([action]) => action);
    return {
      reason: `there is no action ${JSON.stringify(pattern)}`,
      hint: `The actions are ${names.join(", ")}; a star stands for a whole part, as in runtime/*`,
    };
  }
  const [[, rule]] = named as [(typeof named)[number]];
  if (effect === "deny" || named.length > 1 || rule.scope === undefined) return undefined;
  return {
    reason: `${pattern} is not granted by its name`,
    hint: `Grant it with --allow-${rule.scope}`,
  };
}
