import type { CaptureSession } from "../../capture/index.js";
import { HopbookError } from "../../errors.js";
import type { CapturesFile, CaptureRecord } from "../../model/evidence.js";
import type { StepContext } from "../../model/steps.js";
import type { Departures } from "./departures.js";
import type { LiveCaptures } from "./live-captures.js";

export const CAPTURES_FILE = "evidence/captures.json";

interface Ending {
  readonly session: CaptureSession;
  /** Of pods that came meanwhile. */
  readonly joined: readonly CaptureSession[];
  readonly live: LiveCaptures | null;
  readonly departures: Departures | null;
}

/** Stops the captures, brings them here with what was counted, and removes them from the nodes. */
export async function stopAndPull(
  { session, joined, live, departures }: Ending,
  context: StepContext,
): Promise<readonly CaptureRecord[]> {
  // They stay on the nodes until all of the run is written down here.
  const sessions = [session, ...joined];
  const isKept = context.detach?.phase === "collect";
  try {
    // Even for one who is in a hurry: hops that are cut off at different packets would show a loss that was none.
    await Promise.all(sessions.map((one) => one.stop({ clock: context.clock })));
    await live?.drain();
    await departures?.settle();
    const pulled = await Promise.all(sessions.map((one) => one.pull((rel) => context.sink.path(rel))));
    const captures = pulled.flat();
    if (isKept) assertWhole(session, captures);
    const file: CapturesFile = { captures, barrier: session.barrier };
    await context.sink.writeJson(CAPTURES_FILE, file);
    await live?.end(captures);
    const gone = (await departures?.amongst(captures)) ?? [];
    for (const record of captures) {
      if (record.endedEarly !== null && !session.unstarted.has(record.node) && !gone.includes(record)) {
        context.markIncomplete(`the capture at ${record.hopId} ended early: ${record.endedEarly}`);
      }
      if (record.pcap === null) continue;
      const { node, argv, sha256, sizeBytes } = record;
      context.sink.registerFile(record.pcap, {
        node,
        argv,
        sizeBytes,
        ...(sha256 === null ? {} : { sha256 }),
      });
    }
    return captures;
  } finally {
    await live?.end([]);
    for (const one of isKept ? [] : sessions) {
      for (const node of await one.remove()) context.markIncomplete(explainKept(one, node));
    }
  }
}

/** Its agent removes them when the lease is over; what was killed with its pod has no agent any more. */
export function explainKept(session: CaptureSession, node: string): string {
  return `${node} did not confirm that its captures are removed: where ${session.folderOn(node)} outlives their lease, hopbook reap removes it`;
}

/** Throws where captures are there and did not come: they can be had by another try, as long as nothing is removed. */
function assertWhole(session: CaptureSession, captures: readonly CaptureRecord[]): void {
  const missing = captures.filter(({ pcap, stoppedAtSec }) => pcap === null && stoppedAtSec !== null);
  const reasons = [
    ...session.lost,
    ...missing.map(({ hopId, endedEarly }) => `${hopId}: ${String(endedEarly)}`),
  ];
  if (reasons.length === 0) return;
  throw new HopbookError("CAPTURE_FAILED", `Cannot collect the captures: ${reasons[0] ?? ""}`, {
    detail: reasons.slice(1).join("\n"),
    hint: "Collect it again: nothing was removed from the nodes",
  });
}
