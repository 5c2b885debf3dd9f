import type { TranscriptEntry } from "../artifacts/index.js";
import { CAPTURE_SCRIPTS } from "../capture/index.js";
import { CLUSTER_SCRIPTS } from "../cluster/index.js";
import { recordAccess } from "../engine/recorder.js";
import { HopbookError } from "../errors.js";
import type { Argv, NodeAccess, NodeTarget } from "../model/access.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { PermissionsSpec } from "../model/permissions.js";
import type { LimitRequest } from "../model/steps.js";
import {
  declared,
  describeDeclared as describe,
  effective,
  grantAll,
  guardAccess,
  missingFlags,
  parseGrant,
  permissionDenied,
  questions,
  visible,
  type Decision,
  type Grant,
  type GrantFlags,
} from "../permissions/index.js";
import type { Runbook } from "../runbook/index.js";
import { PROBE_SCRIPTS } from "../traffic/index.js";

/** Every script that may run on a node, by name and to the letter. */
const KNOWN_SCRIPTS = new Map(
  Object.entries({ ...CLUSTER_SCRIPTS, ...CAPTURE_SCRIPTS, ...PROBE_SCRIPTS }).map(
    ([name, text]) => [name, new Set([text])] as const,
  ),
);

export type { GrantFlags } from "../permissions/index.js";

export type Recorder = (entry: TranscriptEntry) => void;

/** What one run may do, and the only doors through which it does anything. */
export interface Authority {
  /** How it was granted, for the transcript. */
  readonly decisions: readonly TranscriptEntry[];
  isNodeAllowed(target: NodeTarget): { readonly allowed: boolean; readonly reason: string };
  /** Puts the permission guard and the recorder around a way in. */
  wrap(access: NodeAccess, record: Recorder): NodeAccess;
  demand(request: LimitRequest, record: Recorder): void;
  /** See StepContext.actionOf. */
  actionOf(argv: Argv): string;
}

export interface AuthoriseOptions {
  readonly runbook: Pick<Runbook, "metadata" | "permissions">;
  readonly profile: ClusterProfile;
  readonly grants: GrantFlags;
  readonly confirm: ((question: readonly string[]) => Promise<boolean>) | undefined;
}

/**
 * Settles what a run may do before it touches a node: by the flags, or else by asking, once, for all that the
 * runbook declares. Throws PERMISSION_DENIED where nobody can be asked or the answer is no.
 */
export async function authorise(options: AuthoriseOptions): Promise<Authority> {
  const { runbook, profile } = options;
  const wanted = declared(runbook.permissions);
  let grant = parseGrant(options.grants);
  const nodes = profile.nodes.map(({ name, address, access }) => ({ name, address, via: access.via }));
  const missing = missingFlags(wanted, grant, namesOf(profile));
  if (missing.length > 0) {
    const question = [
      `${visible(runbook.metadata.name)} on cluster ${visible(profile.name)}`,
      ...questions(wanted, nodes),
    ];
    grant = await ask({ ...options, question, missing, grant });
  }
  const policy = effective(wanted, grant, { scripts: KNOWN_SCRIPTS });
  return {
    decisions: [entryOf(grant, profile)],
    isNodeAllowed: (target) => policy.check({ kind: "node", node: target.name, via: target.access.via }),
    wrap: (access, record) =>
      recordAccess(
        guardAccess(access, policy, (decision) => {
          if (!decision.allowed) record(decisionEntry(decision));
        }),
        record,
      ),
    actionOf: () => "node/mutate",
    demand(request, record) {
      if (!("node" in request))
        throw new HopbookError("PERMISSION_DENIED", `Scripts may not ${request.kind}`);
      const via = profile.nodes.find((node) => node.name === request.node)?.access.via ?? "ssh";
      const decision = policy.check({ ...request, via });
      record(decisionEntry(decision));
      if (!decision.allowed) throw permissionDenied(decision, { action: request.kind, argv: [] });
    },
  };
}

async function ask(
  options: AuthoriseOptions & { question: string[]; missing: string[]; grant: Grant },
): Promise<Grant> {
  const { confirm, question, missing, grant, runbook } = options;
  if (confirm === undefined) {
    throw new HopbookError(
      "PERMISSION_DENIED",
      `Cannot run ${runbook.metadata.name}: permissions are missing`,
      {
        detail: [...question, "missing:", ...missing.map((flag) => `  ${flag}`)].join("\n"),
        hint: `Grant exactly this: ${missing.join(" ")}; or all that the runbook declares: --yes`,
      },
    );
  }
  if (await confirm(question)) return grantAll(grant, "the person at the terminal");
  throw new HopbookError("PERMISSION_DENIED", `Cannot run ${runbook.metadata.name}: the answer was no`, {
    hint: "No node was touched",
  });
}

/** What a runbook declares, one line each, for `show`. */
export function describeDeclared(permissions: PermissionsSpec): string[] {
  return describe(declared(permissions)).map((line) => line.trim());
}

function namesOf(profile: ClusterProfile): string[] {
  return profile.nodes.map((node) => node.name);
}

function entryOf(grant: Grant, profile: ClusterProfile): TranscriptEntry {
  return {
    type: "permission",
    at: new Date().toISOString(),
    decision: "granted",
    scope: "run",
    node: null,
    subject: profile.name,
    by: grant.everythingBy ?? "flags",
  };
}

function decisionEntry(decision: Decision): TranscriptEntry {
  return {
    type: "permission",
    at: new Date().toISOString(),
    decision: decision.allowed ? "granted" : "denied",
    scope: decision.scope,
    node: decision.node,
    subject: decision.subject,
    by: decision.allowed ? decision.by : `${decision.by}: ${decision.reason}`,
  };
}
