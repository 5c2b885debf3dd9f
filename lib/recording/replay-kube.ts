import { HopbookError } from "../errors.js";
import type { KubeReader, KubeRequest } from "../model/kube.js";
import type { KubeEntry, RecordedCluster } from "./format.js";
import { keyOf, type CallName } from "./match.js";
import { readBlob } from "./read.js";
import { KUBE_ACTION, watchAsked, wordsOf } from "./record-kube.js";
import type { ReplayPlan } from "./replay-plan.js";

interface KubeAnswers {
  readonly plan: ReplayPlan;
  readonly missing: (call: CallName) => HopbookError;
  /** Gives what the body reads when the answer's turn has come, or throws what was thrown. */
  readonly inTurn: <T>(
    entry: KubeEntry,
    signal: AbortSignal | undefined,
    body: () => Promise<T>,
  ) => Promise<T>;
}

/** The cluster's API, as it was. */
export function replayKube(recorded: NonNullable<RecordedCluster["kube"]>, answers: KubeAnswers): KubeReader {
  const { plan, missing, inTurn } = answers;
  const give = (entry: KubeEntry, signal: AbortSignal | undefined): Promise<unknown> =>
    inTurn(entry, signal, async () =>
      parse((await readBlob(plan.dir, entry.answer)).toString("utf8"), plan.dir),
    );
  const take = async (asked: Omit<KubeRequest, "verb"> & { readonly verb?: string }): Promise<unknown> => {
    const call: CallName = { kind: "kube", node: "", action: KUBE_ACTION, argv: wordsOf(asked) };
    const entry = plan.takeKube(keyOf(call));
    if (entry === undefined) throw missing(call);
    return give(entry, asked.signal);
  };
  return {
    ...{ ref: {}, cluster: "", user: "", server: "", ...recorded },
    request: async <T>(request: KubeRequest) => (await take(request)) as T,
    list: async <T>(request: Omit<KubeRequest, "verb" | "name" | "body">) => {
      const items = await take(request);
      return (Array.isArray(items) ? items : []) as readonly T[];
    },
    async watch(request) {
      const asked = watchAsked(request);
      const call: CallName = { kind: "kube", node: "", action: KUBE_ACTION, argv: wordsOf(asked) };
      const entry = plan.takeKube(keyOf(call));
      // Who is not told looks again and again, as runs did that were recorded before.
      if (entry === undefined) throw new HopbookError("KUBE_REFUSED", "Cannot watch: that was not recorded");
      const version = await give(entry, request.signal);
      return typeof version === "string" ? version : null;
    },
  };
}

function parse(text: string, dir: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const message = `Cannot replay ${dir}: an answer of the cluster's API is no JSON`;
    throw new HopbookError("EVIDENCE_INVALID", message, { cause });
  }
}
