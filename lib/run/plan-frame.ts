import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isAbsolute, resolve } from "node:path";
import { unreadable } from "../files/failure.js";
import type { Plan } from "../plan/plan.js";
import { canonicalJson, sha256 } from "../plan/plan.js";
import { sealPlan, type PlanSource, type SealedPlan } from "../plan/seal.js";
import { originsOf, type Runbook } from "../runbook/index.js";
import { maskingOf } from "./masking.js";
import type { AccessEnd } from "../model/access.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { KubeNode } from "../model/kube.js";
import type { RunbookSession } from "../session/runbook-session.js";

/** What stands in a plan in place of a secret. */
export const SECRET = "[secret]";

/** A plan with all that it depends on, and the digest over that. */
export async function frame(
  plan: Plan,
  session: RunbookSession,
  {
    ends,
    missingFlags = [],
  }: { readonly ends: readonly AccessEnd[]; readonly missingFlags?: readonly string[] },
): Promise<SealedPlan> {
  const { runbook, profile, cwd, namedCluster } = session;
  return sealPlan(
    {
      ...maskingOf(session).plan(plan),
      ...plannedAccess(
        profile,
        new Set(plan.steps.flatMap(({ commands }) => commands.map(({ node }) => node))),
      ),
      inputs: maskSecrets(runbook, plan.inputs),
      origins: absoluteOrigins(runbook),
    },
    {
      run: { id: session.id },
      named: {
        runbook: nameOrPath(session.namedRunbook, cwd),
        cluster: namedCluster === undefined ? null : nameOrPath(namedCluster, cwd),
        ...namedKube(profile),
      },
      sources: sourcesOf(runbook),
      scripts: await scriptsOf(session),
      profileSha256: sha256(canonicalJson(lastingOf(profile))),
      ends,
      declared: runbook.permissions,
      missingFlags,
    },
  );
}

/** The ways in to those nodes. */
export function plannedAccess(
  { nodes }: Pick<ClusterProfile, "nodes">,
  wanted: ReadonlySet<string>,
): Pick<Plan, "access"> {
  const access = nodes
    .filter(({ name }) => wanted.has(name))
    .map(({ name, access: way, kube }) => ({
      ...{ node: name, via: way.via },
      image: "image" in way ? (way.image ?? null) : null,
      ...identityOf(kube),
    }));
  const sorted = access.toSorted((a, b) => (a.node < b.node ? -1 : 1));
  return sorted.length === 0 ? {} : { access: sorted };
}

/** A node that was made anew has another UID, and a machine that was put in its place another id. */
function identityOf(kube: KubeNode | undefined): { readonly identity?: string } {
  const { uid, machineId } = kube ?? {};
  const told = [
    ...(uid === undefined ? [] : [`UID ${uid}`]),
    ...(machineId === undefined ? [] : [`machine ${machineId}`]),
  ];
  return told.length === 0 ? {} : { identity: told.join(", ") };
}

function namedKube({ file, kube, api }: ClusterProfile): Pick<SealedPlan["named"], "kube"> {
  if (file !== undefined || api === undefined) return {};
  return { kube: { context: api.context, namespace: kube?.namespace ?? "default" } };
}

/** A profile without what the API says of its nodes at the moment: a plan holds when a node was cordoned since.
 * Where ends are, which `endNamespace` has a say in, stands in its commands. */
function lastingOf({ choices: _, endNamespace: __, nodes, ...profile }: ClusterProfile): object {
  const lasting = nodes.map(({ kube: _seen, ...node }) => ({ ...node, access: withoutWarmth(node.access) }));
  return { ...profile, nodes: lasting, file: null };
}

/** How long a pod stays behind is no part of what a run does. */
function withoutWarmth(access: ClusterProfile["nodes"][number]["access"]): object {
  return { ...access, keepWarmMs: undefined };
}

/** Files absolute, as the sources are: a plan says the same from wherever it was made. */
function absoluteOrigins(runbook: Runbook): NonNullable<Plan["origins"]> {
  const origins = Object.entries(originsOf(runbook));
  return Object.fromEntries(
    origins.map(([pointer, origin]) => [pointer, { ...origin, file: resolve(origin.file) }]),
  );
}

/** What is a path is made absolute, so that the plan can be run from another folder. */
function nameOrPath(text: string, cwd: string): string {
  return isAbsolute(text) || text.includes("/") || /\.ya?ml$/.test(text) ? resolve(cwd, text) : text;
}

function maskSecrets(
  { inputs }: Pick<Runbook, "inputs">,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      inputs[name]?.secret === true && value !== null ? SECRET : value,
    ]),
  );
}

function sourcesOf({ sources }: Runbook): readonly PlanSource[] {
  return sources.map(({ file, sha256: digest }) => ({ file: resolve(file), sha256: digest }));
}

/** With what each imports: a step that is planned late has no other word of it in the plan. */
async function scriptsOf({
  runbook,
  scripts: seen,
}: RunbookSession): Promise<(PlanSource & { step: string })[]> {
  const scripts: (PlanSource & { step: string })[] = [];
  for (const step of [...runbook.steps, ...runbook.finally]) {
    const { file } = step.with;
    if (step.form !== "script" || typeof file !== "string") continue;
    const modules = seen?.get(file) ?? [{ file, sha256: await digestOfFile(file) }];
    scripts.push(...modules.map((module) => ({ step: step.id, file: module.file, sha256: module.sha256 })));
  }
  return scripts;
}

async function digestOfFile(file: string): Promise<string> {
  try {
    return createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
  } catch (error) {
    throw unreadable(file, error, { what: "the script" });
  }
}
