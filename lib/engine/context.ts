import type { Clock } from "../model/clock.js";
import type { StepContext } from "../model/steps.js";
import { clockOf, type Core } from "./core.js";
import { environmentOf } from "./environment.js";
import { invokeKind } from "./invoke.js";
import type { StepPlace } from "./state.js";

interface ContextOptions {
  readonly signal: AbortSignal;
  readonly cancelled: AbortSignal;
  readonly ready?: () => void;
}

/** A kind that was invoked may invoke another one; nothing sensible goes deeper. */
const MAX_DEPTH = 3;

/** What one step works with: everything it says is known as its own. */
export function contextFor(core: Core, place: StepPlace, options: ContextOptions, depth = 0): StepContext {
  const { host, state } = core;
  let invoked = 0;
  state.stepOf.set(place.evidenceName, place.step);
  return {
    runId: host.runId,
    evidenceName: place.evidenceName,
    profile: host.profile,
    accesses: host.accesses,
    unreachable: host.unreachable,
    ...(host.kube === undefined ? {} : { kube: host.kube }),
    ...(host.detach === undefined ? {} : { detach: host.detach }),
    ...(host.live === undefined ? {} : { live: host.live }),
    signal: options.signal,
    cancelled: options.cancelled,
    sink: host.sink,
    clock: clockFor(clockOf(core), place),
    recipeDirs: host.recipeDirs,
    locateBreaks: host.locateBreaks,
    followFlows: host.followFlows,
    demand: host.demand,
    actionOf: host.actionOf,
    startSandbox: host.startSandbox,
    readPackets: host.readPackets,
    scope: () => environmentOf(core) as ReturnType<StepContext["scope"]>,
    ready: options.ready ?? ((): void => undefined),
    note: (level, text) => state.note(level, text, place),
    markIncomplete: (reason) => state.markIncomplete(reason, place),
    hold: (key, value, release) => state.hold({ key, value, release }, place),
    held: (key) => state.held(key),
    invoke: (uses, input) => {
      invoked += 1;
      // Its evidence lies beside the caller's; what it holds is the caller's as well.
      const evidenceName = `${place.evidenceName}.i${invoked}`;
      state.stepOf.set(evidenceName, place.step);
      const inner = contextFor(core, place, options, depth + 1);
      return invokeKind(core, { uses, input, depth, maxDepth: MAX_DEPTH }, { ...inner, evidenceName });
    },
  };
}

/** It says who looks or waits: what steps that run side by side see of it is no matter of which is quicker. */
function clockFor(clock: Clock, { evidenceName }: StepPlace): Clock {
  return {
    nowMs: () => clock.nowMs(evidenceName),
    sleep: (ms, signal) => clock.sleep(ms, signal, evidenceName),
    limit: (ms) => clock.limit(ms, evidenceName),
  };
}
