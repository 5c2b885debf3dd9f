import { rm } from "node:fs/promises";
import { describeError, type RunFolder } from "../artifacts/index.js";
import type { Engine, RunOutcome, Snapshot } from "../engine/engine.js";
import { asHopbookError, HopbookError, type ErrorCode } from "../errors.js";
import type { AccessEnd } from "../model/access.js";
import type { EnteredNode } from "../model/cluster.js";
import type { DetachContext } from "../model/detached.js";
import type { LiveView } from "../model/live/view.js";
import type { SealedPlan } from "../plan/seal.js";
import { listSecrets } from "../runbook/index.js";
import { ACCESS_FILE } from "../verdict/access-evidence.js";
import type { Recorder } from "../authority/authority.js";
import { conclude } from "../verdict/conclude.js";
import { interrupted } from "../session/interruption.js";
import { maskingOf } from "./masking.js";
import type { RunReport } from "../session/options.js";
import { frame } from "./plan-frame.js";
import type { PermittedRun } from "../session/runbook-session.js";
import { withEngine } from "./with-engine.js";
import type { World } from "./world.js";

interface Execution {
  readonly startedAt: Date;
  readonly folder: RunFolder;
  readonly world: World;
  /** Where commands for the nodes go, where that was asked already. */
  readonly ends?: readonly AccessEnd[];
  /** Throws where the plan is not the one that was agreed to. */
  readonly agree?: (plan: SealedPlan) => void;
  /** Somebody who watches its captures. */
  readonly live?: LiveView | undefined;
  /** Nothing of the folder stays. */
  readonly isTemporary?: boolean;
  /** When nothing more will come from the nodes. */
  readonly onLastAnswer?: () => void;
  /** Its captures are to go on without this client. */
  readonly detach?: {
    readonly context: DetachContext;
    /** Called where they go on: leaves them to themselves. */
    leave(engine: Engine, snapshot: Snapshot): Promise<void>;
  };
}

/** What is wrong before anything of the nodes was looked at in earnest: then there is no evidence to keep. */
const WITHOUT_EVIDENCE: readonly ErrorCode[] = ["TARGET_NOT_FOUND", "TARGET_AMBIGUOUS", "PLAN_DRIFT"];

/** Plans, runs, judges and reports in a folder. Gives null where the run goes on without this client. */
export function execute(
  session: PermittedRun,
  execution: Execution & { readonly detach?: undefined },
): Promise<RunReport>;
export function execute(session: PermittedRun, execution: Execution): Promise<RunReport | null>;
export async function execute(session: PermittedRun, execution: Execution): Promise<RunReport | null> {
  const { startedAt, folder, world } = execution;
  const { runbook, inputs, signal } = session;
  const record: Recorder = (entry) => folder.appendTranscript(entry);
  folder.redact(listSecrets(runbook, inputs));
  await folder.writeText("runbook.yaml", runbook.document.text);
  await folder.writeJson("inputs.json", inputs);
  for (const entry of [...session.asked, ...session.authority.decisions]) record(entry);
  const { choices } = session.profile;
  const writeAccess = (entered: readonly EnteredNode[]): Promise<void> =>
    choices === undefined && entered.length === 0
      ? Promise.resolve()
      : folder.writeJson(ACCESS_FILE, { choices: choices ?? [], entered });
  await writeAccess([]);

  let outcome: RunOutcome;
  const left: string[] = [];
  const onLeftover = (text: string): void => {
    left.push(`not removed: ${text}; its lease ends it, or hopbook reap`);
    session.onEvent({ type: "note", step: null, level: "warn", text: left.at(-1) ?? "" });
  };
  try {
    const ended = await withEngine(
      session,
      {
        ...{ world, sink: folder, record },
        onLeftover,
        onEntered: writeAccess,
        ...{ detach: execution.detach?.context, live: execution.live },
      },
      async (engine, entered) => {
        const asking = execution.ends ?? startAsking(world, session);
        const plan = await frame(await engine.plan(), session, { ends: await asking });
        await folder.writeJson("plan.json", plan);
        execution.agree?.(plan);
        if (execution.detach === undefined) return engine.run();
        const { snapshot, outcome: whole } = await engine.runUntilDetached();
        if (snapshot === null) return whole;
        // What is left with the captures is to be whole.
        await writeAccess(entered());
        await execution.detach.leave(engine, snapshot);
        return whole;
      },
    );
    if (ended === null) return null;
    outcome = maskingOf(session).outcome({ ...ended, incomplete: [...ended.incomplete, ...left] });
  } catch (error) {
    const known = asHopbookError(signal.aborted ? interrupted(error) : error);
    execution.onLastAnswer?.();
    throw execution.isTemporary === true ? known : await leaveFolder(folder, known, record);
  }
  execution.onLastAnswer?.();
  return conclude(session, { startedAt, folder, outcome });
}

/** While the plan is made, which waits for nodes anyway. */
export function startAsking(
  world: Pick<World, "ends">,
  session: PermittedRun,
): Promise<readonly AccessEnd[]> {
  const asking = world.ends(session);
  // Where making the plan fails nobody waits for it.
  asking.catch(() => undefined);
  return asking;
}

/** A run that did not begin: a mistyped name leaves no folder, everything else what was read so far. */
async function leaveFolder(folder: RunFolder, error: HopbookError, record: Recorder): Promise<HopbookError> {
  if (WITHOUT_EVIDENCE.includes(error.code)) {
    await rm(folder.dir, { recursive: true, force: true });
    return error;
  }
  record(describeError(error, new Date()));
  await folder.finish();
  const { where, hint, cause } = error;
  const detail = [error.detail, `what was read so far: ${folder.dir}`]
    .filter((text) => text !== undefined)
    .join("\n");
  return new HopbookError(error.code, error.message, { where, hint, detail, cause });
}
