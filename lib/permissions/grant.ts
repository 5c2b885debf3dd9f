import { HopbookError } from "../errors.js";
import { parseDuration, parseSize } from "../model/units.js";
import { ACTIONS } from "./actions.js";
import { fitsAction, fitsNode } from "./declared.js";

/** A flag's value: names joined by commas, several flags, or the flag alone. */
export type FlagValue = string | readonly string[] | boolean;

/** The permission flags as the command line has them. */
export interface GrantFlags {
  /** Exactly what the runbook declares. */
  readonly yes?: boolean;
  /** Everything; the runbook's declaration still bounds it. */
  readonly allowAll?: boolean;
  readonly allowNode?: FlagValue;
  readonly denyNode?: FlagValue;
  readonly allowExec?: FlagValue;
  readonly denyExec?: FlagValue;
  readonly allowCapture?: FlagValue;
  readonly denyCapture?: FlagValue;
  readonly allowTraffic?: FlagValue;
  readonly denyTraffic?: FlagValue;
}

/** Names that are granted or denied: all of them, or those that fit one of these. */
export type Names = "all" | readonly string[];

export interface CaptureLimits {
  readonly durationMs: number;
  readonly bytes: number;
  readonly payload: "headers" | "full";
}

export interface Grant {
  /** What grants everything, for the audit log: `--yes`, `--allow-all`, an answer; null where nothing does. */
  readonly everythingBy: string | null;
  readonly node: Names;
  readonly exec: Names;
  readonly traffic: Names;
  readonly capture: CaptureLimits | null;
  readonly deny: {
    readonly node: Names;
    readonly exec: Names;
    readonly traffic: Names;
    readonly capture: "all" | "full" | "nothing";
  };
}

/** What the flags grant and deny. Throws USAGE for a value that names nothing there is. */
export function parseGrant(flags: GrantFlags): Grant {
  return {
    everythingBy: flags.allowAll === true ? "--allow-all" : flags.yes === true ? "--yes" : null,
    node: readNames(flags.allowNode),
    exec: readActions("--allow-exec", flags.allowExec),
    traffic: readNames(flags.allowTraffic),
    capture: readLimits(flags.allowCapture),
    deny: {
      node: readNames(flags.denyNode),
      exec: readActions("--deny-exec", flags.denyExec),
      traffic: readNames(flags.denyTraffic),
      capture: readDeniedCapture(flags.denyCapture),
    },
  };
}

/** The same grant, with all that is declared granted beside it: what a person's "yes" means. */
export function grantAll(grant: Grant, by: string): Grant {
  return { ...grant, everythingBy: grant.everythingBy ?? by };
}

export function namesNode(names: Names, node: string): boolean {
  return names === "all" || names.some((pattern) => fitsNode(pattern, node));
}

export function namesAction(names: Names, action: string): boolean {
  return names === "all" || names.some((pattern) => fitsAction(pattern, action));
}

export function namesTraffic(names: Names, probe: string): boolean {
  return names === "all" || names.includes(probe);
}

function readNames(value: FlagValue | undefined): Names {
  if (value === undefined || value === false) return [];
  if (value === true) return "all";
  return readList(value);
}

function readList(value: string | readonly string[]): string[] {
  const words = [value].flat().flatMap((text) => text.split(","));
  return words.map((word) => word.trim()).filter((word) => word !== "");
}

function readActions(flag: string, value: FlagValue | undefined): Names {
  const names = readNames(value);
  if (names === "all") return names;
  const known = Object.keys(ACTIONS);
  const unknown = names.find((pattern) => !known.some((action) => fitsAction(pattern, action)));
  if (unknown === undefined) return names;
  throw new HopbookError("USAGE", `Cannot use ${flag}: there is no action ${JSON.stringify(unknown)}`, {
    hint: `The actions are ${known.join(", ")}; a star stands for a whole part, as in runtime/*`,
  });
}

const NO_LIMITS: CaptureLimits = { durationMs: Infinity, bytes: Infinity, payload: "full" };

function readLimits(value: FlagValue | undefined): CaptureLimits | null {
  if (value === undefined || value === false) return null;
  if (value === true) return NO_LIMITS;
  return readList(value).reduce<CaptureLimits>((limits, word) => {
    const durationMs = parseDuration(word);
    const bytes = parseSize(word);
    if (durationMs !== undefined) return { ...limits, durationMs };
    if (bytes !== undefined) return { ...limits, bytes };
    if (word === "headers" || word === "full") return { ...limits, payload: word };
    throw new HopbookError("USAGE", `Cannot use --allow-capture: ${JSON.stringify(word)} is no limit`, {
      hint: "Limits are a duration, a size, headers or full, as in --allow-capture=30s,64MiB,headers",
    });
  }, NO_LIMITS);
}

function readDeniedCapture(value: FlagValue | undefined): "all" | "full" | "nothing" {
  if (value === undefined || value === false) return "nothing";
  if (value === true) return "all";
  const words = readList(value);
  if (words.length > 0 && words.every((word) => word === "full")) return "full";
  throw new HopbookError(
    "USAGE",
    `Cannot use --deny-capture: ${JSON.stringify(words.join(","))} is not a kind of capture`,
    {
      hint: "Give it alone for all captures, or --deny-capture=full for those that keep whole packets",
    },
  );
}
