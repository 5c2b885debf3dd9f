import { existsSync } from "node:fs";
import type { TranscriptEntry } from "../artifacts/index.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { StepKind } from "../model/steps.js";
import { fitsAction, type Grant } from "../permissions/index.js";
import { coerceInputs, interpolate, listSecrets, type Runbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { authorise, type Authority } from "../authority/authority.js";
import { loadNamedRunbook } from "../catalogue/named-runbook.js";
import { guardKube } from "../authority/guard-kube.js";
import { loadGrant, type GrantPlaces } from "../authority/load-grant.js";
import { askCluster } from "./ask-cluster.js";
import { openProfile, openProfileIfAny } from "./cluster-profile.js";
import { foreseeEnds } from "./foresee-ends.js";
import { foresee, overlayFilesOf, sourceFilesOf } from "../authority/foresee.js";
import type { SeenScripts } from "./pin-scripts.js";
import { checkScripts } from "../catalogue/scripts.js";
import { whileWanted } from "./interruption.js";
import type { PlanOptions, SharedOptions } from "./options.js";
import { RECIPE_DIR } from "../catalogue/places.js";

/** What is to run, before anybody was asked whether it may. */
export interface Loaded {
  readonly runbook: Runbook;
  /** Typed; defaults filled in. */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly profile: ClusterProfile;
  /** As they were before anybody was asked; undefined: they are what they are when they are first started. */
  readonly scripts?: SeenScripts;
  /** Where hop recipes are looked for; of one name the later folder's is taken. Default: those of hopbook. */
  readonly recipeDirs?: readonly string[];
  /** What was found out about the cluster before anybody was asked, and is worth a word. */
  readonly notes?: readonly string[];
  /** What the cluster's API was asked for that, for the transcript. */
  readonly asked?: readonly TranscriptEntry[];
  /** What is granted and denied before anybody is asked; absent in a replay, where it is as it was. */
  readonly grant?: Grant;
}

export interface Prepared extends Loaded {
  readonly authority: Authority;
}

/** Everything that can be wrong before a node is touched, and before anybody is asked, is found here. */
export async function load(
  options: PlanOptions,
  readInputs = (runbook: Runbook): Record<string, unknown> => coerceInputs(runbook, options.raw),
): Promise<Loaded> {
  // Its overlays have a say in the runbook; that there is none is the last thing to complain of.
  const cluster = await openProfileIfAny(options);
  const runbook = await loadNamedRunbook(options.runbook, options.cwd, { cluster });
  const inputs = readInputs(runbook);
  checkInputs(runbook, inputs);
  const scripts = await checkScripts(runbook, options.signal);
  const found = cluster ?? (await openProfile(options));
  const { recipes } = found.dirs;
  const ofCluster = recipes !== undefined && existsSync(recipes) ? [recipes] : [];
  const { grant } = await loadGrant({
    ...grantPlaces(options, runbook),
    profile: found.profile,
  });
  const { profile, notes, asked } = await askCluster(found, {
    ends: foreseeEnds(runbook, inputs),
    signal: options.signal,
    guard: (kube) => guardKube(kube, grant),
  });
  const recipeDirs = [RECIPE_DIR, ...ofCluster];
  return { runbook, inputs, profile, scripts, recipeDirs, notes, asked, grant };
}

function grantPlaces(
  options: Pick<SharedOptions, "grants" | "cwd" | "cluster" | "isClusterNamed">,
  runbook: Runbook,
): Omit<GrantPlaces, "profile"> {
  return {
    flags: options.grants,
    runbook: runbook.metadata.name,
    cwd: options.cwd,
    sourceFiles: sourceFilesOf(runbook),
    overlayFiles: overlayFilesOf(runbook),
    isClusterNamed: options.isClusterNamed ?? options.cluster !== undefined,
  };
}

/**
 * Settles what may be done. With `only` nothing is granted or asked for but what these step kinds need: to look at a
 * path nobody has to allow a capture.
 */
export async function permit(
  loaded: Loaded,
  options: SharedOptions,
  only?: readonly StepKind[],
): Promise<Prepared> {
  const { runbook, profile } = loaded;
  const { metadata } = runbook;
  const permissions = only === undefined ? runbook.permissions : narrow(runbook, only);
  const authority = await whileWanted(options.signal, () =>
    authorise({
      runbook: { metadata, permissions },
      profile,
      grants: options.grants,
      confirm: options.confirm,
      cwd: options.cwd,
      sourceFiles: sourceFilesOf(runbook),
      overlayFiles: overlayFilesOf(runbook),
      isClusterNamed: options.isClusterNamed ?? options.cluster !== undefined,
      whole: runbook.permissions,
      // A plan only looks: what its actions would be refused later is no matter yet.
      steps: only === undefined ? foresee(runbook, loaded.inputs) : [],
      secrets: listSecrets(runbook, loaded.inputs),
    }),
  );
  return { ...loaded, authority };
}

/** What can be said of a step's input before any node is touched: where it depends on the inputs alone. */
export function checkInputs(runbook: Runbook, inputs: Readonly<Record<string, unknown>>): void {
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

/** The kinds of a runbook's steps that read from nodes while the plan is made. */
export function discoveryKinds({ steps, finally: last }: Runbook): readonly StepKind[] {
  const kinds = [...steps, ...last].flatMap((step) => STEP_KINDS.get(step.uses) ?? []);
  return kinds.filter((kind) => kind.phase === "discovery" || kind.planActions !== undefined);
}

/** What discovery needs of what a runbook declares: the nodes and its own actions, no capture and no traffic. */
function narrow({ permissions }: Runbook, kinds: readonly StepKind[]): Runbook["permissions"] {
  const declaredExec = permissions.exec ?? [];
  const mayDo = (action: string): boolean => declaredExec.some((pattern) => fitsAction(pattern, action));
  const wanted = kinds.flatMap((kind) =>
    kind.phase === "discovery" ? kind.actions : (kind.planActions ?? []).filter(mayDo),
  );
  const exec = [...new Set(wanted)];
  return { ...(permissions.node === undefined ? {} : { node: permissions.node }), exec };
}
