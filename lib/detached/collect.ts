import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openRunFolder, readManifest, readRunJson, type RunFolder } from "../artifacts/index.js";
import type { Snapshot } from "../engine/engine.js";
import { isTrusted } from "../authority/trust-store.js";
import { asHopbookError, EXIT, HopbookError } from "../errors.js";
import { shareKube } from "../kube/index.js";
import type { DetachContext, DetachedFile } from "../model/detached.js";
import { checkRunbook, loadRunbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { conclude } from "../verdict/conclude.js";
import { capturesOfSnapshot, capturesOnly } from "./captures-only.js";
import { forDetached } from "./detach.js";
import {
  DETACHED_FILE,
  digestFolder,
  findCollected,
  listLocalRuns,
  readDetached,
  unpackFolder,
  nameByFolder,
} from "./folder.js";
import { interrupted } from "../session/interruption.js";
import type { RunReport } from "../session/options.js";
import { permit, workOfRunbook, type PermittedRun } from "../session/runbook-session.js";
import { openSession } from "../session/session.js";
import { fetchBundle, type RunsOptions } from "./ask-nodes.js";
import { describeOneRun } from "./runs.js";
import { withEngine } from "../run/with-engine.js";
import { LIVE } from "../run/world.js";

export interface CollectOptions extends Omit<RunsOptions, "run"> {
  /** The run's id, the beginning of it, or its folder. */
  readonly run: string;
}

/**
 * Takes up a run that was left: ends its captures where they still go on, brings them here, runs what is left of the
 * runbook, judges and reports, and only then removes what the nodes kept. Whatever goes wrong before that, it can be
 * collected again. Throws RUN_NOT_FOUND, RUN_BUSY, NODE_UNREACHABLE.
 */
export async function collectRun(options: CollectOptions): Promise<RunReport> {
  const { dir, session, file, isAgreed } = await prepareDetached(options);
  const folder = await reopenFolder(dir, file);
  const kept = file.snapshot as Snapshot;
  const snapshot = isAgreed ? kept : capturesOfSnapshot(kept, session.runbook);
  const detach: DetachContext = contextOf(file, session);
  const record = (entry: Parameters<RunFolder["appendTranscript"]>[0]): void =>
    folder.appendTranscript(entry);
  for (const entry of [...session.asked, ...session.authority.decisions]) record(entry);
  const startedAt = new Date(file.startedAt);
  const use = { world: LIVE, sink: folder, record, detach };
  try {
    return await withEngine(session, use, async (engine) => {
      const outcome = await engine.resume(snapshot);
      const report = await conclude(session, { startedAt, folder, outcome });
      if (report.exitCode === EXIT.interrupted) throw interrupted(undefined);
      await engine.close({ how: "remove" });
      detach.pods.stay = false;
      await rm(join(dir, DETACHED_FILE));
      await folder.finish();
      return report;
    });
  } catch (error) {
    const known = asHopbookError(options.signal.aborted ? interrupted(error) : error);
    const detail = [known.detail, "nothing was removed: it can be collected again"].filter(
      (line) => line !== undefined,
    );
    throw new HopbookError(known.code, known.message, {
      ...(known.where === undefined ? {} : { where: known.where }),
      ...(known.hint === undefined ? {} : { hint: known.hint }),
      ...{ detail: detail.join("\n"), cause: known },
    });
  }
}

interface PreparedDetached {
  /** What is to run is what this user agreed to when it was left; else its captures alone are brought. */
  readonly isAgreed: boolean;
  readonly dir: string;
  readonly file: DetachedFile;
  readonly session: PermittedRun;
}

/** The run's folder, which is made of what a node kept where it is not here; what it may do is settled. */
export async function prepareDetached(given: CollectOptions): Promise<PreparedDetached> {
  const named = await nameByFolder(given);
  const options = { ...named, openKube: given.openKube ?? shareKube() };
  const dir = await findFolder(options);
  const file = await readDetached(dir);
  const isAgreed = await isTrusted(await digestFolder(dir));
  // What came from elsewhere names no file of this machine.
  const remembered = isAgreed && !isKubeNamed(options) ? file.named?.cluster : null;
  const cluster = options.cluster ?? (typeof remembered === "string" ? remembered : undefined);
  const isClusterNamed = options.isClusterNamed ?? options.cluster !== undefined;
  const shared = { ...options, cluster, isClusterNamed, runId: file.about.run };
  const session = await openSession(shared, async () => {
    const kept = await loadRunbook(join(dir, "runbook.yaml"));
    checkRunbook(kept, [...STEP_KINDS.values()]);
    const inputs = (await readRunJson(dir, "inputs.json")) as Record<string, unknown>;
    const work = workOfRunbook(forDetached(isAgreed ? kept : capturesOnly(kept)), inputs);
    return { ...work, namedRunbook: kept.metadata.name };
  });
  if (!isAgreed) options.onEvent({ type: "note", step: null, level: "warn", text: NOT_AGREED });
  return { dir, file, isAgreed, session: await permit(session) };
}

const NOT_AGREED =
  "this user did not start the run, or what is kept of it was changed: its captures are brought and judged, and no other step of it runs";

function isKubeNamed({ kube }: CollectOptions): boolean {
  return kube?.context !== undefined || kube?.kubeconfig !== undefined;
}

export function contextOf(
  { about, durationMs, keepMs, startedAt }: DetachedFile,
  { profile }: Pick<PermittedRun, "profile">,
): DetachContext {
  const phase = "collect";
  return {
    ...{ phase, about, durationMs, keepMs },
    startedAtMs: Date.parse(startedAt),
    pods: { phase, stay: true, workDir: profile.workDir, inPod: new Set() },
  };
}

async function findFolder(options: CollectOptions): Promise<string> {
  const local = (await listLocalRuns(options.out)).filter(({ file }) =>
    file.about.run.startsWith(options.run),
  );
  const [only, other] = local;
  if (only !== undefined && other === undefined) return only.dir;
  const collected = await findCollected(options.out, options.run);
  if (collected !== null) {
    throw new HopbookError("RUN_NOT_FOUND", `Cannot collect ${options.run}: it was collected`, {
      hint: `Look at it with hopbook report ${collected}`,
    });
  }
  const run = await describeOneRun(options);
  for (const { node, stateDir } of run.nodes) {
    if (stateDir === null) continue;
    const bytes = await fetchBundle(options, { run: run.id, node, stateDir });
    if (bytes !== null) return unpackFolder(bytes, { out: options.out, run: run.id });
  }
  throw new HopbookError("RUN_NOT_FOUND", `Cannot collect ${run.id}: no node keeps what it needs`, {
    hint: "Collect it on the machine that started it",
  });
}

/** The folder's writer, which knows again where its files came from. */
async function reopenFolder(dir: string, { about, startedAt }: DetachedFile): Promise<RunFolder> {
  const { run: id, runbook, target } = about;
  const folder = openRunFolder({ dir, id, runbook, target, createdAt: new Date(startedAt) });
  for (const { path, node, argv, exitCode, truncated, sourceSha256 } of (await readManifest(dir)).files) {
    folder.registerFile(path, {
      ...(node === null ? {} : { node }),
      ...(argv === null ? {} : { argv }),
      ...(exitCode === null ? {} : { exitCode }),
      ...(truncated ? { truncated } : {}),
      ...(sourceSha256 === null ? {} : { sha256: sourceSha256 }),
    });
  }
  return folder;
}
