import { formatSize } from "../model/units.js";
import type { Declared } from "../permissions/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { captureLimitsOf } from "./foresee-capture.js";
import type { ForeseenStep } from "./foresee.js";

/** What their own text or a script decides while they run can be anything that is declared. */
const OPEN_KINDS: ReadonlySet<string> = new Set(["script/run", "command/run"]);

/**
 * What is declared, without what this run's inputs leave unused: how much is captured, and which traffic is made. A person
 * is asked for that, and what is granted by the answer is no more. Whatever is not known for sure stays as it is declared.
 */
export function narrowToRun(wanted: Declared, steps: readonly ForeseenStep[]): Declared {
  const used = steps.filter((step) => step.wanted !== "no");
  if (used.length === 0 || used.some(({ uses }) => uses === "script/run")) return wanted;
  return { ...wanted, capture: narrowCapture(wanted, used), traffic: narrowTraffic(wanted, used) };
}

function narrowCapture({ capture }: Declared, used: readonly ForeseenStep[]): Declared["capture"] {
  if (capture === null) return null;
  const limits = used.flatMap((step) => {
    const limit = captureLimitsOf(step);
    return limit === null ? [] : [{ ...limit, isKnown: isKnown(step) }];
  });
  if (limits.length === 0 || limits.some((limit) => !limit.isKnown)) return capture;
  const bytes = Math.max(...limits.map((limit) => limit.bytes));
  const isFull = limits.some(({ payload }) => payload === "full");
  // How long is left as it is: a run that goes on without its client captures for another time than its steps say.
  return {
    ...capture,
    bytes: Math.min(capture.bytes, bytes),
    payload: isFull ? capture.payload : "headers",
  };
}

function isKnown({ given, values }: ForeseenStep): boolean {
  return ["maxBytes", "payload"].every((key) => !given.includes(key) || values[key] !== undefined);
}

function narrowTraffic({ traffic }: Declared, used: readonly ForeseenStep[]): Declared["traffic"] {
  if (used.some(({ uses }) => OPEN_KINDS.has(uses))) return traffic;
  const kinds = used.map((step) => STEP_KINDS.get(step.uses)?.makesTraffic?.(step, portsOf(used)) ?? []);
  if (kinds.includes("unknown")) return traffic;
  const made = new Set<string>(kinds.flat());
  return traffic.filter((name) => made.has(name));
}

/** Ports of the destinations as they are written; null where one is not known, or has a name for its port. */
function portsOf(used: readonly ForeseenStep[]): readonly (number | null)[] | null {
  const ends = used
    .filter(({ uses }) => uses === "path/discover")
    .map(({ lists, values }) => lists["to"] ?? (typeof values["to"] === "string" ? [values["to"]] : null));
  if (ends.length === 0 || ends.includes(null)) return null;
  const ports = ends.flat().map((end) => /^[^:]*(?::([0-9]{1,5}))?$/.exec(end ?? ""));
  if (ports.includes(null)) return null;
  return ports.map((match) => (match?.[1] === undefined ? null : Number(match[1])));
}

/** What is declared beyond what is asked for, in one line; null where nothing is. */
export function describeMore(declared: Declared, asked: Declared): string | null {
  const more: string[] = [];
  if (declared.capture !== null && asked.capture !== null) {
    const { payload, bytes } = declared.capture;
    if (payload !== asked.capture.payload) more.push("capture whole packets");
    if (bytes !== asked.capture.bytes) more.push(`capture up to ${formatSize(bytes)} on each node`);
  }
  const traffic = declared.traffic.filter((name) => !asked.traffic.includes(name));
  if (traffic.length > 0) more.push(`make traffic: ${traffic.join(", ")}`);
  return more.length === 0 ? null : `with other inputs the runbook may also ask to ${more.join("; ")}`;
}
