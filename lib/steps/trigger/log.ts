import { planPodLog } from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import type { StepContext } from "../../model/steps.js";
import { visible } from "../../model/visible.js";
import { locatePods } from "../locate-pods.js";
import { heldCaptures } from "../shared/freeze.js";
import type { LogWish } from "../shared/joined-logs.js";
import { waitForLine } from "./lines.js";
import { readLogLine } from "./log-line.js";
import type { SourceTime, TriggerSource } from "./types.js";

export interface LogTrigger {
  readonly pod: string | readonly string[];
  readonly container?: string;
  readonly match: string;
  /** Captures that pods join whose logs count as well. */
  readonly capture?: string;
}

const LOG_ACTION = "pod/logs";

/** One source a pod, and one for those that join captures: a line of the log of any of them fires. */
export async function planLogTrigger(
  { pod, container, match, capture }: LogTrigger,
  context: StepContext,
  time: SourceTime,
): Promise<readonly TriggerSource[]> {
  const pods = await locatePods({ pods: typeof pod === "string" ? [pod] : pod }, context);
  const known = pods.map(({ namespace, name, node, found }): TriggerSource => {
    const text = `${namespace}/${name}`;
    if (found === null) {
      throw new HopbookError(
        "NODE_UNREACHABLE",
        `Cannot follow the log of ${text}: its node cannot be entered`,
        {
          where: { node },
          hint: "Wait for a packet, or enter the node",
        },
      );
    }
    const argv = planPodLog({ namespace, name, container: container ?? null }, time);
    const command = { node, action: LOG_ACTION, argv, effect: "read" } as const;
    return {
      commands: [command],
      note: `waits for a line of ${text} that matches ${JSON.stringify(match)}`,
      async wait(run, options) {
        const read = (line: string): ReturnType<typeof readLogLine> =>
          readLogLine(line, match, { namespace, name, node });
        const said = await waitForLine(command, read, { context: run, options });
        return { by: "log", what: `${text} logged: ${visible(said, { maxChars: 300 })}`, node };
      },
    };
  });
  if (capture === undefined) return known;
  const wish: LogWish = { container: container ?? null, match, time };
  return [...known, joinedSource(capture, wish)];
}

/** Its commands are those of the step by which pods join. */
function joinedSource(capture: string, wish: LogWish): TriggerSource {
  return {
    commands: [],
    note: "waits for such a line of pods that join the captures as well",
    async wait(run, { signal, armed, endings }) {
      const { logs } = heldCaptures(capture, run);
      armed();
      try {
        const { pod, line } = await logs.wait(wish, signal);
        const { namespace, name, node } = pod;
        return { by: "log", what: `${namespace}/${name} logged: ${visible(line, { maxChars: 300 })}`, node };
      } finally {
        endings.push(logs.settle());
      }
    },
  };
}
