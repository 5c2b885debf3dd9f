import { HopbookError } from "../errors.js";
import type { Argv, Via } from "../model/access.js";
import type { DetachedAbout, DetachedPlace } from "../model/detached.js";
import { DETACHED_AGENT, DETACHED_LIST, DETACHED_LIST_NAME, DETACHED_NAME } from "./detached-agent.js";
import { agentWords, type NodeCapturePlan } from "./plan.js";

export const LIST_ACTION = "capture/list";

/** The commands of one node's captures that go on without their client. */
export interface DetachedPlan {
  /** Starts the agent and follows it until it is told to leave. */
  readonly start: NodeCapturePlan;
  /** Follows one that was started before. */
  readonly attach: NodeCapturePlan;
  /** Stores its stdin beside the captures. */
  readonly keep: Argv;
  readonly stateDir: string;
}

interface DetachOptions {
  readonly about: DetachedAbout;
  readonly keepMs: number;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
}

/** The same captures without a client: their lease is their own time and that for which they are kept. Pure. */
export function planDetached(plan: NodeCapturePlan, options: DetachOptions): DetachedPlan {
  const { about, keepMs, startedAtMs } = options;
  const stateDir = `${plan.dir}.detached`;
  const keepSeconds = Math.ceil(keepMs / 1000);
  const untilMs = startedAtMs + plan.maxSeconds * 1000;
  const expiresMs = untilMs + keepSeconds * 1000;
  const leaseSeconds = plan.maxSeconds + keepSeconds;
  const meta = JSON.stringify({
    ...{ ...about, node: plan.node, dir: plan.dir, since: new Date(startedAtMs).toISOString() },
    ...{ until: new Date(untilMs).toISOString(), expires: new Date(expiresMs).toISOString() },
  });
  const command = (mode: string, ...words: readonly string[]): Argv => [
    ...(["sh", "-c", DETACHED_AGENT, DETACHED_NAME] as const),
    ...[mode, stateDir, plan.dir, ...words],
  ];
  return {
    start: {
      ...plan,
      leaseSeconds,
      argv: command("start", String(leaseSeconds), meta, ...agentWords({ ...plan, leaseSeconds })),
    },
    attach: { ...plan, leaseSeconds, argv: command("attach") },
    keep: command("keep"),
    stateDir,
  };
}

/** Ways in by which something can be left on a node: the others end with their client. */
const STAYING_VIAS: readonly Via[] = ["local", "ssh", "debugPod"];

/** Throws USAGE where nothing can be left on a node that is entered in this way. */
export function assertCanStay({ node, via }: { readonly node: string; readonly via: Via }): void {
  if (STAYING_VIAS.includes(via)) return;
  throw new HopbookError(
    "USAGE",
    `Cannot detach: nothing can be left on ${node}, which is entered by ${via}`,
    {
      where: { node },
      hint: `Enter it by one of ${STAYING_VIAS.join(", ")}: access.via in the cluster profile`,
    },
  );
}

/** Follows what was started on a node, of which no more is known than its place. */
export function planAttach({
  node,
  stateDir,
}: {
  readonly node: string;
  readonly stateDir: string;
}): NodeCapturePlan {
  const dir = stateDir.replace(/\.detached$/, "");
  const argv: Argv = ["sh", "-c", DETACHED_AGENT, DETACHED_NAME, "attach", stateDir, dir];
  const nothing = {
    leaseSeconds: 0,
    maxSeconds: 0,
    maxBytes: 0,
    minFreeBytes: 0,
    bufferKiB: 0,
    ring: null,
    hops: [],
  };
  return { node, action: "netns/tcpdump", argv, dir, ...nothing };
}

/** Lists what goes on in these folders of a node. */
export function planList(folders: readonly string[]): Argv {
  return ["sh", "-c", DETACHED_LIST, DETACHED_LIST_NAME, "list", ...folders];
}

/** Prints what is needed to collect a run, as it was stored beside its captures. */
export function planBundle(stateDir: string): Argv {
  return ["sh", "-c", DETACHED_LIST, DETACHED_LIST_NAME, "bundle", stateDir];
}

const LINE = /^run (\/\S+\.detached) (live|over|dead|stopped) ([0-9]+) (\{.*\})$/;
const MAX_LISTED = 1000;

/** What a node says that goes on there; lines that are none of ours are passed over. */
export function parseList(text: string): readonly DetachedPlace[] {
  const places: DetachedPlace[] = [];
  for (const line of text.split("\n").slice(0, MAX_LISTED)) {
    const [, stateDir = "", how, bytes, json = ""] = LINE.exec(line) ?? [];
    const meta = parseMeta(json);
    if (meta === null) continue;
    const state = how === "live" || how === "over" || how === "stopped" ? how : "dead";
    places.push({ ...meta, stateDir, agent: state, bytes: Number(bytes) });
  }
  return places;
}

const WORDS = ["run", "node", "runbook", "target", "cluster", "owner", "since", "until", "expires"] as const;

function parseMeta(json: string): Omit<DetachedPlace, "stateDir" | "agent" | "bytes"> | null {
  try {
    const value = JSON.parse(json) as Record<string, unknown>;
    const texts = WORDS.map((name) => [name, value[name]] as const);
    const isWhole = texts.every(([, text]) => typeof text === "string" && text.length < 500);
    const isTimed = ["since", "until", "expires"].every(
      (name) => !Number.isNaN(Date.parse(String(value[name]))),
    );
    if (!isWhole || !isTimed || !/^[0-9a-f]{12}$/.test(String(value["run"]))) return null;
    return Object.fromEntries(texts) as unknown as Omit<DetachedPlace, "stateDir" | "agent" | "bytes">;
  } catch {
    return null;
  }
}
