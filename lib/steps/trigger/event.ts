import { matchBounded } from "../../cel/index.js";
import { asHopbookError, HopbookError } from "../../errors.js";
import type { KubeReader } from "../../model/kube.js";
import type { StepContext } from "../../model/steps.js";
import { visible } from "../../model/visible.js";
import { Changes, type WatchedList } from "../shared/changes.js";
import type { TriggerSource } from "./types.js";

/** Of Kubernetes' events, those that fit all that is given. */
export interface EventTrigger {
  /** Absent: of all namespaces. */
  readonly namespace?: string;
  /** `Warning` or `Normal`. */
  readonly type?: string;
  /** As `BackOff`, `Killing`, `Unhealthy`. */
  readonly reason?: string;
  /** `Pod/NAME`, `Node/NAME`. */
  readonly object?: string;
  /** What `REASON: MESSAGE` matches. */
  readonly match?: string;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ as the core group has it. */
interface KubeEvent {
  readonly metadata?: {
    readonly uid?: unknown;
    readonly resourceVersion?: unknown;
    readonly namespace?: unknown;
  };
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly involvedObject?: { readonly kind?: unknown; readonly name?: unknown };
}

const KEPT = ["reason", "message", "involvedObject"].map((name) => [name]);
/** An API that does not answer now may later; what it was asked in vain for is asked again. */
const AWAY: ReadonlySet<string> = new Set(["KUBE_UNREACHABLE", "COMMAND_TIMEOUT"]);

/**
 * Asks the API for events again and again, and at once where it may be watched and says that one came; one that is new, or counted anew, since the first answer fires. While the API is away
 * that is said, and what came meanwhile fires once it is back.
 */
export function planEventTrigger(wish: EventTrigger, context: StepContext, everyMs: number): TriggerSource {
  const { kube } = context;
  if (kube === undefined) {
    throw new HopbookError("INPUT_INVALID", "Cannot wait for an event: there is no API of Kubernetes here", {
      hint: "Name a cluster with an API (--context), or wait for a packet, a log line, a probe or a command",
    });
  }
  const { namespace, match } = wish;
  return {
    commands: [],
    note: `asks the API for events ${describe(wish)}`,
    async wait(run, { signal, armed }) {
      run.demand({ kind: "kube", verb: "list", resource: "events", namespace: namespace ?? null });
      const seen = new Map<string, string>();
      const changes = new Changes([listOf(wish)], { kube, clock: run.clock });
      await changes.begin();
      try {
        for (let isKnown = false, isAway = false; ; await changes.wait(everyMs, signal)) {
          const events = await ask(kube, wish, signal);
          signal.throwIfAborted();
          if (events === null) {
            if (!isAway) run.note("warn", "the API does not answer: events are seen once it does again");
            isAway = true;
            continue;
          }
          if (isAway) run.note("info", "the API answers again");
          isAway = false;
          const fresh = events.filter((event) => isNew(event, seen));
          if (isKnown) {
            const hit = fresh.find((event) => match === undefined || matchBounded(textOf(event), match));
            if (hit !== undefined) return { by: "event", what: sayEvent(hit), node: null };
          } else armed();
          isKnown = true;
        }
      } finally {
        await changes.close();
      }
    },
  };
}

/** Of those events alone. */
function listOf({ namespace, type, reason, object }: EventTrigger): WatchedList {
  const [kind, name] = object?.split("/") ?? [];
  const fields = { type, reason, "involvedObject.kind": kind, "involvedObject.name": name };
  const selector = Object.entries(fields).flatMap(([field, value]) => (value ? [`${field}=${value}`] : []));
  return {
    ...{ group: "", version: "v1", resource: "events" },
    ...(namespace !== undefined && { namespace }),
    ...(selector.length > 0 && { query: { fieldSelector: selector.join(",") } }),
  };
}

/** null: the API does not answer. Rejects with why it will not, ever. */
async function ask(
  kube: KubeReader,
  wish: EventTrigger,
  signal: AbortSignal,
): Promise<readonly KubeEvent[] | null> {
  try {
    return await kube.list<KubeEvent>({ ...listOf(wish), keep: KEPT, signal });
  } catch (error) {
    const known = asHopbookError(error);
    if (AWAY.has(known.code) && !signal.aborted) return null;
    throw known;
  }
}

/** An event that comes again keeps its UID, and is written anew. */
function isNew({ metadata }: KubeEvent, seen: Map<string, string>): boolean {
  const [uid, version] = [String(metadata?.uid), String(metadata?.resourceVersion)];
  const isKnown = seen.get(uid) === version;
  seen.set(uid, version);
  return !isKnown;
}

function textOf({ reason, message }: KubeEvent): string {
  return `${typeof reason === "string" ? reason : ""}: ${typeof message === "string" ? message : ""}`;
}

function sayEvent(event: KubeEvent): string {
  const { kind, name } = event.involvedObject ?? {};
  const where = [kind, event.metadata?.namespace, name].filter((part) => typeof part === "string").join("/");
  return `event of ${visible(where, { maxChars: 200 })}: ${visible(textOf(event), { maxChars: 300 })}`;
}

function describe({ namespace, type, reason, object, match }: EventTrigger): string {
  const parts = [
    type === undefined ? "" : `of type ${type}`,
    reason === undefined ? "" : `for ${reason}`,
    object === undefined ? "" : `about ${object}`,
    namespace === undefined ? "in all namespaces" : `in ${namespace}`,
    match === undefined ? "" : `that match ${JSON.stringify(match)}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}
