import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createRunFolder, describeError } from "../artifacts/index.js";
import { findProfile, loadProfile } from "../cluster/index.js";
import { Engine, type RunOutcome } from "../engine/engine.js";
import { asHopbookError, EXIT, HopbookError, type ExitCode } from "../errors.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { Findings } from "../model/findings.js";
import type { FlowPath } from "../model/hops.js";
import type { EvidenceSink, RunEvent, StepKind } from "../model/steps.js";
import type { Plan } from "../plan/plan.js";
import { coerceInputs, interpolate, listSecrets, type Runbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { findBreaks, judgeRun, judgeWithoutFlows } from "./analyze.js";
import { loadNamedRunbook } from "./catalogue.js";
import { authorise, type Authority, type GrantFlags, type Recorder } from "./authority.js";
import { exitCodeOfRun } from "./exit-code.js";
import { openCluster, type OpenCluster } from "./open-cluster.js";
import { RECIPE_DIR } from "./places.js";
import { writeReports } from "./report.js";

export type { RunOutcome } from "../engine/engine.js";
export type { Plan } from "../plan/plan.js";

export interface SharedOptions {
  /** Cluster profile: a file or a name; undefined: ./hopbook.yaml. */
  readonly cluster?: string | undefined;
  readonly cwd: string;
  readonly grants: GrantFlags;
  /** Asks the person, with lines that say what is asked for; undefined: nobody can be asked. */
  readonly confirm?: ((question: readonly string[]) => Promise<boolean>) | undefined;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
}

export interface PlanOptions extends SharedOptions {
  /** Name or file. */
  readonly runbook: string;
  /** As text, by the runbook's own input names. */
  readonly raw: Readonly<Record<string, string | string[] | boolean>>;
}

export interface RunOptions extends PlanOptions {
  /** Folder that run folders are made in. */
  readonly out: string;
}

export interface RunReport {
  readonly dir: string;
  readonly findings: Findings;
  readonly outcome: RunOutcome;
  readonly exitCode: ExitCode;
}

interface Prepared {
  readonly runbook: Runbook;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly profile: ClusterProfile;
  readonly authority: Authority;
}

/**
 * Everything that can be wrong before a node is touched is found here. With `only` nothing is granted or asked for
 * but what these step kinds need: to look at a path nobody has to allow a capture.
 */
async function prepare(
  options: PlanOptions,
  only?: (runbook: Runbook) => readonly StepKind[],
): Promise<Prepared> {
  const runbook = await loadNamedRunbook(options.runbook, options.cwd);
  const inputs = coerceInputs(runbook, options.raw);
  checkInputs(runbook, inputs);
  const profile = await loadProfile(
    await findProfile({ flag: options.cluster, cwd: options.cwd, home: homedir() }),
  );
  const { metadata } = runbook;
  const permissions = only === undefined ? runbook.permissions : narrow(runbook, only(runbook));
  const authority = await whileWanted(options.signal, () =>
    authorise({
      runbook: { metadata, permissions },
      profile,
      grants: options.grants,
      confirm: options.confirm,
    }),
  );
  return { runbook, inputs, profile, authority };
}

/** What can be said of a step's input before any node is touched: where it depends on the inputs alone. */
function checkInputs(runbook: Runbook, inputs: Readonly<Record<string, unknown>>): void {
  for (const step of runbook.steps) {
    const kind = STEP_KINDS.get(step.uses);
    if (kind?.check === undefined) continue;
    let input: Record<string, unknown>;
    try {
      input = interpolate(step, { inputs, steps: {} }, runbook.document);
    } catch {
      // It needs what an earlier step finds; the step itself will say what is wrong.
      continue;
    }
    kind.check(input);
  }
}

/** The kinds of a runbook's steps that run while the plan is made. */
function discoveryKinds({ steps }: Runbook): readonly StepKind[] {
  const kinds = steps.flatMap((step) => STEP_KINDS.get(step.uses) ?? []);
  return kinds.filter((kind) => kind.phase === "discovery");
}

/** What discovery needs of what a runbook declares: the nodes and its own actions, no capture and no traffic. */
function narrow({ permissions }: Runbook, kinds: readonly StepKind[]): Runbook["permissions"] {
  const exec = [...new Set(kinds.flatMap((kind) => kind.actions))];
  return { ...(permissions.node === undefined ? {} : { node: permissions.node }), exec };
}

/** The exact commands of a run, by node. Reads from the nodes, changes nothing. */
export async function planRunbook(options: PlanOptions): Promise<Plan> {
  const prepared = await prepare(options, discoveryKinds);
  return whileWanted(options.signal, () =>
    withEngine(prepared, { options, sink: NO_SINK, record: () => undefined }, (engine) => engine.plan()),
  );
}

/** The paths between two ends. */
export async function discoverHops(
  options: SharedOptions & { readonly from: string; readonly to: string },
): Promise<readonly FlowPath[]> {
  const raw = { from: options.from, to: [options.to] };
  const kind = STEP_KINDS.get("path/discover");
  if (kind === undefined) throw new HopbookError("INTERNAL", "There is no step kind path/discover");
  const prepared = await prepare({ ...options, runbook: "trace-path", raw }, () => [kind]);
  return whileWanted(options.signal, () =>
    withEngine(prepared, { options, sink: NO_SINK, record: () => undefined }, async (engine) => {
      const plan = await engine.planOne(kind, raw);
      return (plan.outputs as { paths: readonly FlowPath[] }).paths;
    }),
  );
}

/** Whatever fails after the person wanted out failed because of that. */
async function whileWanted<T>(signal: AbortSignal, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw signal.aborted ? interrupted(error) : error;
  }
}

/**
 * Plans, runs, judges and reports. Rejects only where nothing was captured: before a node is touched, or where
 * discovery fails; afterwards evidence is kept and the outcome says what is missing.
 */
export async function runRunbook(options: RunOptions): Promise<RunReport> {
  const prepared = await prepare(options);
  const startedAt = new Date();
  const id = randomBytes(6).toString("hex");
  const target = targetOf(prepared.inputs);
  const { runbook } = prepared;
  const folder = await createRunFolder({
    out: options.out,
    runbook: runbook.metadata.name,
    target,
    now: startedAt,
    id,
  });
  const record: Recorder = (entry) => folder.appendTranscript(entry);
  folder.redact(listSecrets(runbook, prepared.inputs));
  await folder.writeText("runbook.yaml", runbook.document.text);
  await folder.writeJson("inputs.json", prepared.inputs);
  for (const decision of prepared.authority.decisions) record(decision);

  let outcome: RunOutcome;
  try {
    outcome = await withEngine(prepared, { options, sink: folder, record, id }, async (engine) => {
      await folder.writeJson("plan.json", await engine.plan());
      return engine.run();
    });
  } catch (error) {
    const known = asHopbookError(options.signal.aborted ? interrupted(error) : error);
    record(describeError(known, new Date()));
    await folder.finish();
    throw withFolder(known, folder.dir);
  }
  if (outcome.error !== null) record(describeError(asHopbookError(outcome.error), new Date()));
  const run = {
    id,
    runbook: runbook.metadata.name,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    cluster: prepared.profile.name,
    complete: outcome.incomplete.length === 0,
    incomplete: outcome.incomplete,
  };
  await folder.writeJson("evidence/run.json", run);
  // A run that ended before it followed anything, or never meant to, has no flows to judge.
  const findings = existsSync(join(folder.dir, "evidence/flows.json"))
    ? await judgeRun(folder.dir, runbook)
    : judgeWithoutFlows(run, runbook);
  await writeReports(folder, findings);
  await folder.finish();
  // An interrupt after the last step, while the verdict is made, finds all evidence there, and is one all the same.
  const exitCode = options.signal.aborted ? EXIT.interrupted : exitCodeOfRun(outcome, findings);
  return { dir: folder.dir, findings, outcome, exitCode };
}

async function withEngine<T>(
  prepared: Prepared,
  how: {
    readonly options: SharedOptions;
    readonly sink: EvidenceSink;
    readonly record: Recorder;
    readonly id?: string;
  },
  body: (engine: Engine) => Promise<T>,
): Promise<T> {
  const { options, sink } = how;
  options.onEvent({ type: "phase", phase: "connect" });
  const cluster: OpenCluster = await openCluster(prepared.profile, {
    signal: options.signal,
    wrap: (access) => prepared.authority.wrap(access, how.record),
    isAllowed: (target) => prepared.authority.isNodeAllowed(target),
  });
  const engine = new Engine({
    runbook: prepared.runbook,
    inputs: prepared.inputs,
    kinds: STEP_KINDS,
    host: {
      runId: how.id ?? "plan",
      profile: prepared.profile,
      accesses: cluster.accesses,
      unreachable: cluster.unreachable,
      signal: options.signal,
      sink,
      recipeDirs: [RECIPE_DIR],
      demand: (request) => prepared.authority.demand(request, how.record),
      locateBreaks: () => findBreaks(sink.dir),
      actionOf: (argv) => prepared.authority.actionOf(argv),
      startSandbox: () => Promise.reject(new HopbookError("INTERNAL", "There is no sandbox yet")),
      readPackets: () => {
        throw new HopbookError("INTERNAL", "Packets cannot be read yet");
      },
      onEvent: options.onEvent,
    },
  });
  try {
    return await body(engine);
  } finally {
    await engine.close();
    await cluster.close();
  }
}

/** Evidence that a plan has no use for. */
const NO_SINK: EvidenceSink = {
  dir: "",
  writeJson: () => Promise.resolve(),
  writeText: () => Promise.resolve(),
  registerFile: () => undefined,
};

function targetOf(inputs: Readonly<Record<string, unknown>>): string {
  return typeof inputs["from"] === "string" ? inputs["from"] : "run";
}

function interrupted(error: unknown): HopbookError {
  return new HopbookError("INTERRUPTED", "Interrupted while the plan was made; nothing was captured", {
    cause: error,
  });
}

function withFolder(error: HopbookError, dir: string): HopbookError {
  const detail = [error.detail, `what was read so far: ${dir}`]
    .filter((text) => text !== undefined)
    .join("\n");
  return new HopbookError(error.code, error.message, {
    where: error.where,
    hint: error.hint,
    detail,
    cause: error.cause,
  });
}
