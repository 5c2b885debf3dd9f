import { existsSync } from "node:fs";
import { lstat, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  createRunFolder,
  FINDINGS_FILE,
  readFindings,
  readRunJson,
  requireRunFolder,
} from "../artifacts/index.js";
import { asHopbookError, HopbookError } from "../errors.js";
import type { NodeAccess, NodeAccessConfig, Via } from "../model/access.js";
import type { ClusterProfile, EnteredNode } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { createReplayer, ReplayPlan, type RecordedCluster, type Replayer } from "../recording/index.js";
import { checkRunbook, loadRunbook, type Runbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { compareVerdicts } from "../verdict/compare.js";
import { readEntered } from "../verdict/access-evidence.js";
import type { GrantFlags } from "../authority/authority.js";
import { loadNamedRunbook } from "../catalogue/named-runbook.js";
import { execute } from "../run/execute.js";
import type { OpenCluster, OpenClusterOptions } from "../session/open-cluster.js";
import type { RawInputs, RunReport, SharedOptions } from "../session/options.js";
import { EXAMPLE_RUN_DIR } from "../catalogue/places.js";
import {
  checkInputs,
  permit,
  targetOf,
  workOfRunbook,
  type RunbookSession,
  type RunbookWork,
} from "../session/runbook-session.js";
import { settleSession } from "../session/session.js";
import { recipeDirsOf } from "../run/recorded-recipes.js";
import { readRecordedInputs } from "./typed-inputs.js";
import type { World } from "../run/world.js";
import { makeOwnFolder } from "../process/own-folder.js";

export interface ReplayOptions extends Pick<SharedOptions, "cwd" | "signal" | "onEvent"> {
  /** A run's folder, or `example:NAME`, one of those that come with hopbook. */
  readonly dir: string;
  /** Folder that the replay's own run folder is made in; undefined: nothing is left. */
  readonly out?: string | undefined;
  /** Name or file; undefined: the runbook that the folder keeps. */
  readonly runbook?: string | undefined;
  /** In place of the recorded ones. */
  readonly inputs?: RawInputs;
  /** What scripts may do on this machine; what concerns nodes is as it was. Default: nothing. */
  readonly grants?: GrantFlags;
}

export interface ReplayReport extends Omit<RunReport, "dir"> {
  /** null where nothing was to be left. */
  readonly dir: string | null;
  /** Whether the findings are, byte for byte, those of the recorded run; null where that has none. */
  readonly same: boolean | null;
  /** How the verdict differs from the recorded run's; empty where it does not. null where that has no findings. */
  readonly differences: readonly string[] | null;
}

/**
 * The run again, from its recording alone: no node is logged in to, and nothing is waited for. Throws EVIDENCE_INVALID
 * where the folder has no recording that can be read, RECORDING_MISSING where the runbook asks for what is not in it.
 */
export async function replayRun(options: ReplayOptions): Promise<ReplayReport> {
  const dir = await findRunFolder(options.dir, options.cwd);
  const plan = await ReplayPlan.load(dir);
  const recorded = await loadRecorded(plan, options);
  const steps = new Set<string>();
  const replayer = createReplayer(plan, { currentSteps: () => [...steps] });
  const work = options.out ?? makeOwnFolder("replay");
  const { id } = plan.header.run;
  const startedAt = new Date(plan.startedAtMs);
  try {
    const session = await permit(await openRecorded(plan, { recorded, options, signal: replayer.signal }));
    const { name } = session.runbook.metadata;
    const folder = await createRunFolder({
      ...{ out: work, runbook: name, target: targetOf(session.inputs), now: startedAt, id },
    });
    const world = replayWorld(replayer, steps, () => readEntered(dir));
    const isTemporary = options.out === undefined;
    const report = await execute(session, {
      ...{ startedAt, folder, world, isTemporary },
    }).catch(async (error: unknown) => {
      if (options.out !== undefined && replayer.fault !== null)
        await rm(folder.dir, { recursive: true, force: true });
      throw replayer.fault ?? error;
    });
    if (replayer.fault !== null) {
      if (!isTemporary) await rm(folder.dir, { recursive: true, force: true });
      throw replayer.fault;
    }
    const same = await isSameText(join(dir, FINDINGS_FILE), join(report.dir, FINDINGS_FILE));
    const recordedFindings = same === null ? null : await readFindings(dir).catch(() => null);
    const differences = recordedFindings === null ? null : compareVerdicts(recordedFindings, report.findings);
    return { ...report, dir: isTemporary ? null : report.dir, same, differences };
  } finally {
    replayer.close();
    if (options.out === undefined) await rm(work, { recursive: true, force: true });
  }
}

/** The folder that a name means: `example:healthy` comes with hopbook. */
async function findRunFolder(name: string, cwd: string): Promise<string> {
  const example = /^example:([a-z][a-z0-9-]*)$/.exec(name)?.[1];
  if (example !== undefined && !existsSync(join(EXAMPLE_RUN_DIR, example))) {
    throw new HopbookError("EVIDENCE_INVALID", `Cannot replay ${name}: no example has that name`, {
      hint: "There are example:healthy and example:policy-drop",
    });
  }
  const dir = example === undefined ? resolve(cwd, name) : join(EXAMPLE_RUN_DIR, example);
  await requireRunFolder(dir);
  return dir;
}

async function loadRecorded(plan: ReplayPlan, options: ReplayOptions): Promise<RunbookWork> {
  const runbook = await loadItsRunbook(plan.dir, options);
  const recorded = await readRunJson(plan.dir, "inputs.json");
  if (typeof recorded !== "object" || recorded === null || Array.isArray(recorded))
    throw new HopbookError("EVIDENCE_INVALID", `Cannot replay ${plan.dir}: inputs.json is no object`);
  const inputs = readRecordedInputs(runbook, recorded as Record<string, unknown>, options.inputs ?? {});
  checkInputs(runbook, inputs);
  const namedRunbook = options.runbook ?? join(plan.dir, "runbook.yaml");
  return { ...workOfRunbook(runbook, inputs), namedRunbook, asksApi: false };
}

/** A session as it was: its cluster, its API and its recipes are what was recorded of them. */
async function openRecorded(
  plan: ReplayPlan,
  {
    recorded,
    options,
    signal,
  }: { readonly recorded: RunbookWork; readonly options: ReplayOptions; readonly signal: AbortSignal },
): Promise<RunbookSession> {
  const { cwd, grants, onEvent } = options;
  const opening = {
    ...{ cwd, grants: grants ?? { yes: true }, onEvent, runId: plan.header.run.id },
    signal: AbortSignal.any([options.signal, signal]),
  };
  const session = await settleSession(opening, {
    cluster: { profile: profileOf(plan.header.cluster), overlays: [], dirs: {} },
    work: grants === undefined ? withoutThisMachine(recorded) : recorded,
  });
  // What was denied then was not recorded; what was answered is as it was trimmed then.
  return { ...session, recipeDirs: recipeDirsOf(plan.dir), guard: (kube) => kube };
}

async function loadItsRunbook(dir: string, options: ReplayOptions): Promise<Runbook> {
  if (options.runbook !== undefined) return loadNamedRunbook(options.runbook, options.cwd);
  const file = join(dir, "runbook.yaml");
  const info = await lstat(file).catch(() => null);
  if (info?.isFile() !== true) {
    throw new HopbookError("EVIDENCE_INVALID", `Cannot replay ${dir}: it has no runbook.yaml`, {
      where: { file },
    });
  }
  const runbook = await loadRunbook(file);
  checkRunbook(runbook, [...STEP_KINDS.values()]);
  return runbook;
}

/** The cluster as it was: there is no way in to it. */
function profileOf({ nodes, kube, ...cluster }: RecordedCluster): ClusterProfile {
  return {
    ...cluster,
    ...(kube === undefined ? {} : { kube }),
    nodes: nodes.map(({ via, ...node }) => ({
      ...node,
      access: recordedAccess(via),
    })),
  };
}

function recordedAccess(via: Via): NodeAccessConfig {
  if (via === "local") return { via };
  return via === "ssh" || via === "toolbox" ? { via, user: "recorded" } : { via, kube: {} };
}

const THIS_MACHINE: readonly string[] = ["read", "write", "net", "env"];

/** Scripts may look at nothing here, unless that is granted for the replay: a folder may come from anybody. */
function withoutThisMachine(work: RunbookWork): RunbookWork {
  const permissions = Object.fromEntries(
    Object.entries(work.runbook.permissions).filter(([scope]) => !THIS_MACHINE.includes(scope)),
  );
  return { ...work, runbook: { ...work.runbook, permissions } };
}

function replayWorld(replayer: Replayer, steps: Set<string>, entered: () => readonly EnteredNode[]): World {
  return {
    clock: replayer.clock,
    ends: () => Promise.resolve([]),
    open: (profile, options) => Promise.resolve({ ...openReplayed(replayer, profile, options), entered }),
    demand(request, permitted) {
      replayer.demand(request);
      permitted();
    },
    event(event) {
      if (event.type === "stepStarted") steps.add(event.step);
      if (event.type === "stepEnded") steps.delete(event.step);
      replayer.event(event);
    },
  };
}

function openReplayed(
  replayer: Replayer,
  profile: ClusterProfile,
  { wrap, wrapKube = (kube) => kube }: OpenClusterOptions,
): OpenCluster {
  const accesses = new Map<string, GuardedAccess>();
  const raw: NodeAccess[] = [];
  const unreachable = new Map<string, HopbookError>();
  for (const { name, access } of profile.nodes) {
    const error = replayer.loginOf(name);
    if (error === null) {
      const node = replayer.access(name, access.via);
      raw.push(node);
      accesses.set(name, wrap(node));
    } else {
      unreachable.set(name, error === undefined ? neverRecorded(name) : asHopbookError(error));
    }
  }
  const [first] = unreachable.values();
  if (accesses.size === 0 && first !== undefined) throw first;
  const kube = replayer.kube();
  return {
    ...{ accesses, unreachable },
    ...(kube === undefined ? {} : { kube: wrapKube(kube) }),
    close: async () => {
      await Promise.all(raw.map((access) => access.close()));
    },
  };
}

function neverRecorded(node: string): HopbookError {
  return new HopbookError("NODE_UNREACHABLE", `Cannot log in to ${node}: it was not recorded`);
}

const MAX_FINDINGS_BYTES = 256 * 1024 * 1024;

async function isSameText(recorded: string, now: string): Promise<boolean | null> {
  const info = await lstat(recorded).catch(() => null);
  if (info?.isFile() !== true || info.size > MAX_FINDINGS_BYTES) return null;
  return (await readFile(recorded)).equals(await readFile(now));
}
