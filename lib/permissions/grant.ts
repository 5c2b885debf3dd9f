import { resolve } from "node:path";
import { HopbookError } from "../errors.js";
import type { GrantBlock, GrantSource } from "../model/permissions.js";
import { parseLimits, type CaptureLimits } from "./limits.js";
import { findValueFault, splitValue } from "./scope-values.js";
import { SCOPES, type Scope } from "./scopes.js";

/** A flag's value: names joined by commas, several flags, or the flag alone. */
type FlagValue = string | readonly string[] | boolean;

type AllowFlags = { readonly [S in Scope as `allow${Capitalize<S>}`]?: FlagValue };
type DenyFlags = { readonly [S in Scope as `deny${Capitalize<S>}`]?: FlagValue };

/** The permission flags as the command line has them. */
export interface GrantFlags extends AllowFlags, DenyFlags {
  /** Exactly what the runbook declares. */
  readonly yes?: boolean;
  /** Everything; the runbook's declaration still bounds it. */
  readonly allowAll?: boolean;
  /** Files or names of permission profiles. */
  readonly permissionProfile?: readonly string[];
}

/** One thing that is granted or denied, and who said so. */
export interface GrantRule {
  readonly effect: "allow" | "deny";
  readonly scope: Scope;
  /** null: all of the scope. Paths are absolute. */
  readonly value: string | null;
  /** Of capture: the limits that are granted. */
  readonly limits: CaptureLimits | null;
  /** For the audit: the flag as it was typed, or FILE:LINE. */
  readonly by: string;
  /** Typed for this run: such limits hold beside --yes too. */
  readonly isFlag: boolean;
}

export interface Grant {
  /** What grants everything, for the audit log: `--yes`, `--allow-all`, an answer; null where nothing does. */
  readonly everythingBy: string | null;
  readonly rules: readonly GrantRule[];
}

interface GrantOptions {
  /** What relative paths of flags are relative to. */
  readonly cwd?: string;
  /** Permission profiles and the cluster's grants, beside the flags. */
  readonly sources?: readonly GrantSource[];
}

/** What flags, profiles and the cluster grant and deny together. Throws USAGE for a value that names nothing there is. */
export function parseGrant(flags: GrantFlags, options: GrantOptions = {}): Grant {
  const { cwd = "/", sources = [] } = options;
  return {
    everythingBy: flags.allowAll === true ? "--allow-all" : flags.yes === true ? "--yes" : null,
    rules: [...readFlags(flags, cwd), ...sources.flatMap(readSource)],
  };
}

/** The same grant, with all that is declared granted beside it: what a person's "yes" means. */
export function grantAll(grant: Grant, by: string): Grant {
  return { ...grant, everythingBy: grant.everythingBy ?? by };
}

function readFlags(flags: GrantFlags, cwd: string): GrantRule[] {
  return SCOPES.flatMap((scope) =>
    (["allow", "deny"] as const).flatMap((effect) => {
      const value = flags[`${effect}${capitalise(scope)}`];
      if (value === undefined || value === false) return [];
      const flag = `--${effect}-${scope}`;
      const make = (text: string | null): GrantRule => {
        const by = text === null ? flag : `${flag}=${text}`;
        return makeRule({ effect, scope, text, by, dir: cwd, isFlag: true, name: flag });
      };
      if (value === true) return [make(null)];
      return [value].flat().flatMap((text) => {
        const words = splitValue(scope, text);
        // An empty shell variable must neither deny nothing in silence nor grant without limits.
        if (words.length > 0 && text.trim() !== "") return words.map(make);
        throw new HopbookError("USAGE", `Cannot use ${flag}: its value is empty`, {
          hint: `Give it a value, or the flag alone for all`,
        });
      });
    }),
  );
}

function readSource(source: GrantSource): GrantRule[] {
  return (["allow", "deny"] as const).flatMap((effect) => {
    const block: GrantBlock = source[effect] ?? {};
    return SCOPES.flatMap((scope) => {
      const value: true | readonly string[] | undefined = block[scope];
      if (value === undefined) return [];
      const make = (text: string | null, path: readonly (string | number)[]): GrantRule => {
        const by = source.placeOf([effect, scope, ...path]);
        return makeRule({
          effect,
          scope,
          text,
          by,
          dir: source.dir,
          isFlag: false,
          name: `${effect}.${scope}`,
        });
      };
      if (value === true) return [make(null, [])];
      // The limits of a capture belong together.
      if (scope === "capture" && effect === "allow") return [make(value.join(","), [])];
      return value.map((text, index) => make(text, [index]));
    });
  });
}

interface Raw {
  readonly effect: "allow" | "deny";
  readonly scope: Scope;
  readonly text: string | null;
  readonly by: string;
  readonly dir: string;
  readonly isFlag: boolean;
  /** As the person knows it. */
  readonly name: string;
}

function makeRule({ effect, scope, text, by, dir, isFlag, name }: Raw): GrantRule {
  const rule = { effect, scope, by, isFlag, value: null, limits: null };
  if (scope === "capture" && effect === "allow") {
    return { ...rule, limits: parseLimits(text ?? "", { name, by }) };
  }
  if (text === null) return rule;
  const fault = findValueFault(scope, text, effect);
  if (fault !== undefined) {
    const place = isFlag ? "" : ` (${by})`;
    const code = isFlag ? "USAGE" : "DOCUMENT_INVALID";
    throw new HopbookError(code, `Cannot use ${name}${place}: ${fault.reason}`, { hint: fault.hint });
  }
  return { ...rule, value: scope === "read" || scope === "write" ? resolve(dir, text) : text };
}

function capitalise<S extends string>(text: S): Capitalize<S> {
  return (text.charAt(0).toUpperCase() + text.slice(1)) as Capitalize<S>;
}
