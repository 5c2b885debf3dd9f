import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { HopbookError } from "../../errors.js";
import { LEFTOVERS_NAME, LEFTOVERS_SCRIPT } from "./script.js";
import { readText } from "../run.js";

export const LEFTOVERS_ACTION = "leftovers/remove";

/** Something of a run of hopbook on a node. */
export interface NodeLeftover {
  readonly kind: "folder" | "relay" | "trace" | "process";
  /** What `removeNodeLeftovers` knows it by. */
  readonly item: string;
  /** For people: a path, an instance, a program with its process id. */
  readonly name: string;
  /** "unknown" of a relay, which does not say. */
  readonly runId: string;
  /** See ownerHash; null where nothing says whose it is. */
  readonly ownerHash: string | null;
  /** live: somebody looks after it, and it ends by itself; young: perhaps; kept: until it is collected; idle: nobody. */
  readonly state: "live" | "young" | "kept" | "idle";
  /** Milliseconds since 1970, of what is kept. */
  readonly expiresAt?: number;
  /** The node's user that the folder belongs to, where that is not the login's. */
  readonly uid: number | null;
}

interface LeftoverOptions {
  /** Where captures are kept on the node. */
  readonly workDir: string;
  /** The run that asks: what is its own is none. */
  readonly runId: string;
  readonly signal?: AbortSignal | undefined;
}

const RUN_ID = "[0-9a-f]{12}";
/** The folder of a shell that ran short commands, and was killed. */
const RELAY = /^\/(dev\/shm|var\/tmp|tmp)\/hopbook-(relay|look)-[0-9A-Za-z]{1,16}$/;
const TIMEOUT_MS = 15_000;
const MAX_ITEMS = 500;

/** What runs left on a node, one command. Rejects as `readText` does. */
export async function listNodeLeftovers(
  access: GuardedAccess,
  options: LeftoverOptions,
): Promise<readonly NodeLeftover[]> {
  const lines = await ask(access, ["list", options.workDir, options.runId], options);
  return lines
    .map((line) => parseLeftover(line, { ...options, node: access.node }))
    .filter((found) => found !== null && found.runId !== options.runId) as NodeLeftover[];
}

/**
 * Removes from a node what `listNodeLeftovers` found there, one command; why not, by item. What is in use stays, unless
 * `force` says otherwise. Rejects as `readText` does.
 */
export async function removeNodeLeftovers(
  access: GuardedAccess,
  items: readonly string[],
  options: LeftoverOptions & { readonly force: boolean },
): Promise<ReadonlyMap<string, string>> {
  const kept = new Map<string, string>();
  for (const item of items.slice(MAX_ITEMS)) kept.set(item, `only ${MAX_ITEMS} are removed at a time`);
  const now = items.slice(0, MAX_ITEMS);
  if (now.length === 0) return kept;
  const force = options.force ? "y" : "n";
  const lines = await ask(access, ["remove", options.workDir, options.runId, force, ...now], options);
  const removed = new Set<string>();
  for (const line of lines) {
    const [word, item = "", ...why] = line.split(" ");
    if (word === "removed") removed.add(item);
    if (word === "kept") kept.set(item, why.join(" "));
  }
  for (const item of now) if (!removed.has(item) && !kept.has(item)) kept.set(item, "the node did not say");
  return kept;
}

async function ask(
  access: GuardedAccess,
  words: readonly string[],
  options: LeftoverOptions,
): Promise<readonly string[]> {
  const argv: Argv = ["sh", "-c", LEFTOVERS_SCRIPT, LEFTOVERS_NAME, ...words];
  const text = await readText(access, argv, {
    action: LEFTOVERS_ACTION,
    doing: "look for what runs left",
    timeoutMs: TIMEOUT_MS,
    signal: options.signal,
  });
  const lines = text.trimEnd().split("\n");
  if (lines.pop() === "end") return lines;
  throw new HopbookError(
    "COMMAND_FAILED",
    `Cannot look for what runs left on ${access.node}: it stopped half way`,
    {
      where: { node: access.node, argv },
      hint: "Try again",
    },
  );
}

/** null for what is none of ours, however it is called: a folder of somebody else's, another node's trace. */
export function parseLeftover(
  line: string,
  place: { readonly node: string; readonly workDir: string },
): NodeLeftover | null {
  const [kind = "", first = "", ...rest] = line.split(" ");
  switch (kind) {
    case "folder": {
      const [uid = "", owner = "-", state = "", until = ""] = rest;
      const runId = new RegExp(`^hopbook-(${RUN_ID})-.+$`).exec(first)?.[1];
      if (runId === undefined || !isState(state)) return null;
      if ((state === "kept") !== /^[0-9]{1,12}$/.test(until)) return null;
      const ofUser = /^[0-9]{1,10}$/.test(uid) ? Number(uid) : null;
      return {
        ...{ kind, item: `folder:${first}`, name: `${place.workDir}/${first}`, runId, state },
        ...{ ownerHash: hashOrNull(owner), uid: ofUser },
        ...(state === "kept" ? { expiresAt: Number(until) * 1000 } : {}),
      };
    }
    case "relay": {
      if (!RELAY.test(first)) return null;
      const [uid = ""] = rest;
      const ofUser = /^[0-9]{1,10}$/.test(uid) ? Number(uid) : null;
      return {
        ...{ kind, item: `relay:${first}`, name: first, runId: "unknown", ownerHash: null },
        ...{ state: "idle", uid: ofUser },
      };
    }
    case "trace": {
      const [state = ""] = rest;
      const name = new RegExp(`^hopbook-(${RUN_ID})-(.+)$`).exec(first);
      if (name?.[1] === undefined || !isState(state)) return null;
      if (name[2] !== place.node.replace(/[^A-Za-z0-9_.-]/g, "_")) return null;
      return { kind, item: `trace:${first}`, name: first, runId: name[1], ownerHash: null, state, uid: null };
    }
    case "process": {
      const [start = "", runId = "", owner = "-", program = "-"] = rest;
      if (!/^[0-9]{1,10}$/.test(first) || !/^[0-9]{1,20}$/.test(start)) return null;
      if (!/^[0-9A-Za-z][0-9A-Za-z._-]{0,62}$/.test(runId)) return null;
      return {
        ...{ kind, item: `process:${first}:${start}`, name: `${program} ${first}`, runId },
        ...{ ownerHash: hashOrNull(owner), state: "live", uid: null },
      };
    }
    default:
      return null;
  }
}

function isState(word: string): word is NodeLeftover["state"] {
  return word === "live" || word === "young" || word === "kept" || word === "idle";
}

function hashOrNull(word: string): string | null {
  return /^[0-9a-f]{8,64}$/.test(word) ? word : null;
}
