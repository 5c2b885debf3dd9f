import type { TranscriptEntry } from "../artifacts/index.js";
import { CAPTURE_SCRIPTS } from "../capture/index.js";
import { CLUSTER_SCRIPTS } from "../cluster/index.js";
import { recordAccess } from "../engine/recorder.js";
import { HopbookError } from "../errors.js";
import { quoteShellWord } from "../model/shell-word.js";
import type { Argv, NodeAccess, NodeTarget } from "../model/access.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { PermissionsSpec } from "../model/permissions.js";
import type { LimitRequest } from "../model/steps.js";
import {
  declared,
  describeDeclared as describe,
  effective,
  grantAll,
  guardAccess,
  missingFlags,
  permissionDenied,
  visible,
  withoutDenied,
  type Decision,
  type Grant,
  type PermissionRequest,
  type Policy,
} from "../permissions/index.js";
import type { Runbook } from "../runbook/index.js";
import { PROBE_SCRIPTS } from "../traffic/index.js";
import { askPermission, type Confirm } from "./ask-permission.js";
import { describeMore, narrowToRun } from "./narrow.js";
import { followPath } from "./follow-path.js";
import type { ForeseenStep } from "./foresee.js";
import { refuseImpossible } from "./impossible.js";
import type { LoadedGrant } from "./load-grant.js";

/** Scripts of the steps, which may run on a node, by name and to the letter. */
const STEP_SCRIPTS = { ...CLUSTER_SCRIPTS, ...CAPTURE_SCRIPTS, ...PROBE_SCRIPTS };

export type { Confirm, PermissionQuestion } from "./ask-permission.js";
export type { GrantFlags, QuestionGroup } from "../permissions/index.js";

export type Recorder = (entry: TranscriptEntry) => void;

/** What one run may do, and the only doors through which it does anything. */
export interface Authority {
  /** What was granted and denied, and by whom, for the transcript. */
  readonly decisions: readonly TranscriptEntry[];
  isNodeAllowed(
    target: NodeTarget,
    record?: Recorder,
  ): { readonly allowed: boolean; readonly reason: string };
  /** Puts the permission guard and the recorder around a way in. */
  wrap(access: NodeAccess, record: Recorder): GuardedAccess;
  /** See StepContext.demand. */
  demand(request: LimitRequest, record: Recorder): void;
  /** See StepContext.actionOf. */
  actionOf(argv: Argv): string;
}

export interface AuthoriseOptions {
  readonly runbook: Pick<Runbook, "metadata" | "permissions">;
  readonly profile: ClusterProfile;
  readonly granted: LoadedGrant;
  /** Asks the person; undefined: nobody can be asked. */
  readonly confirm: Confirm | undefined;
  /** What relative paths that the runbook declares are relative to. */
  readonly folder: string;
  /** What is known of the steps, so that what is sure to be refused is refused now. */
  readonly steps?: readonly ForeseenStep[];
  /** Where the runbook's permissions were narrowed: all of them, since `actionOf` names actions by what is declared. */
  readonly whole?: PermissionsSpec;
  /** Values that no command line may show. */
  readonly secrets?: readonly string[];
  /** Scripts of its own, by name and to the letter, besides those of the steps. */
  readonly scripts?: Readonly<Record<string, string>>;
}

/**
 * Settles what a run may do before it touches a node: by the flags, profiles and grants, or else by asking, once, for
 * all that the runbook declares. Throws PERMISSION_DENIED where nobody can be asked or the answer is no, and where
 * what is denied leaves a step nothing to do.
 */
export async function authorise(options: AuthoriseOptions): Promise<Authority> {
  const { runbook, profile, granted, steps = [] } = options;
  const wanted = declared(runbook.permissions, options.folder);
  const name = runbook.metadata.name;
  const scripts = new Map(
    Object.entries({ ...STEP_SCRIPTS, ...options.scripts }).map(
      ([key, text]) => [key, new Set([text])] as const,
    ),
  );
  const policyOf = (grant: Grant, bounds = wanted): Policy =>
    effective(bounds, grant, { scripts, resolvePath: followPath });
  const names = profile.nodes.map((node) => node.name);
  // A person is asked for what this run takes; what is granted by flags and profiles is held against all of it.
  const taken = narrowToRun(wanted, steps);
  const missing = missingFlags(taken, granted.grant, names);
  // Nobody is asked for what is of no use: as if all were granted, is there still a step that is refused?
  refuseImpossible(steps, {
    policy: policyOf(missing.length > 0 ? grantAll(granted.grant, "an answer") : granted.grant),
    name,
  });
  if (granted.strange.length > 0 && (missing.length === 0 || options.confirm === undefined)) {
    throw unnamedProfile(name, { profile, strange: granted.strange });
  }
  if (missing.length > 0) {
    const asked = withoutDenied(taken, granted.grant);
    const more = describeMore(withoutDenied(wanted, granted.grant), asked);
    const notes = [...granted.notes, ...(more === null ? [] : [more])];
    const isNarrowed = options.whole !== undefined && options.whole !== runbook.permissions;
    await askPermission({ ...options, wanted: asked, missing, steps, notes, isNarrowed });
  }
  const grant = missing.length > 0 ? grantAll(granted.grant, "the person at the terminal") : granted.grant;
  const policy = missing.length > 0 ? policyOf(grant, taken) : policyOf(grant);
  return authorityOf(policy, {
    profile,
    secrets: options.secrets ?? [],
    actionOf: effective(declared(options.whole ?? runbook.permissions), grant).actionOf,
  });
}

/** Nobody is asked, for want of a terminal or because all is granted; but who granted it may not know of this. */
function unnamedProfile(
  runbook: string,
  { profile, strange }: { readonly profile: ClusterProfile; readonly strange: readonly string[] },
): HopbookError {
  const file = profile.file ?? profile.name;
  const message = `Cannot run ${visible(runbook)} without a question: ${visible(file, { maxChars: 400 })} was not named`;
  return new HopbookError("PERMISSION_DENIED", message, {
    detail: strange.map((text) => visible(text, { maxChars: 600 })).join("\n"),
    hint: `Name the profile, if you trust it: --cluster ${quoteShellWord(file)}`,
  });
}

function authorityOf(
  policy: Policy,
  more: Pick<Policy, "actionOf"> & { readonly profile: ClusterProfile; readonly secrets: readonly string[] },
): Authority {
  const { profile, secrets, actionOf } = more;
  return Object.freeze<Authority>({
    decisions: entriesOf(policy.grant, profile),
    isNodeAllowed(target, record) {
      const decision = policy.check({ kind: "node", node: target.name, via: target.access.via });
      record?.(decisionEntry(decision, null));
      return decision;
    },
    wrap: (access, record) =>
      // The guard is outermost: what is refused is no command of the transcript, and what is recorded is what ran.
      guardAccess(recordAccess(access, record), {
        policy,
        secrets,
        audit: (decision, argv) => record(decisionEntry(decision, argv)),
      }),
    actionOf,
    demand(request, record) {
      const decision = policy.check(completeRequest(request, profile));
      record(decisionEntry(decision, null));
      if (!decision.allowed) throw permissionDenied(decision, { action: request.kind, argv: null });
    },
  });
}

function completeRequest(request: LimitRequest, profile: ClusterProfile): PermissionRequest {
  if (!("node" in request)) return request;
  return { ...request, via: profile.nodes.find((node) => node.name === request.node)?.access.via ?? "ssh" };
}

/** What a runbook declares, one line each, for `show`. */
export function describeDeclared(permissions: PermissionsSpec): string[] {
  return describe(declared(permissions)).map((line) => line.trim());
}

function entriesOf(grant: Grant, profile: ClusterProfile): TranscriptEntry[] {
  const at = new Date().toISOString();
  const run: TranscriptEntry = {
    ...{ type: "permission", at, decision: "granted", scope: "run", node: null },
    ...{ subject: profile.name, by: grant.everythingBy ?? "flags and profiles" },
  };
  const rules = grant.rules.map(({ effect, scope, value, by }): TranscriptEntry => {
    const decision = effect === "allow" ? "granted" : "denied";
    return { type: "permission", at, decision, scope, node: null, subject: value ?? "all", by };
  });
  return [run, ...rules];
}

/** `argv`: of a refused command, which is no command of the transcript. */
function decisionEntry(decision: Decision, argv: Argv | null): TranscriptEntry {
  const { allowed, scope, node, subject, by, reason } = decision;
  const command = allowed || argv === null ? "" : `: ${argv.map(quoteShellWord).join(" ")}`;
  return {
    type: "permission",
    at: new Date().toISOString(),
    decision: allowed ? "granted" : "denied",
    scope,
    node,
    subject: scope === "mutate" || scope === "shell" ? subject : `${subject}${command}`,
    by: allowed ? by : `${by}: ${reason}`,
  };
}
