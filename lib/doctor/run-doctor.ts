import { parseEnd, shareLookups } from "../cluster/index.js";
import { blocks, worst, type DoctorReport, type DoctorRow } from "./index.js";
import { asHopbookError, EXIT, type ExitCode } from "../errors.js";
import type { NodeTarget } from "../model/access.js";
import type { KubeApi } from "../model/kube.js";
import { workOf } from "../session/action-session.js";
import { apiOf, openSession, type Session } from "../session/session.js";
import { lookAtApi, type ApiLook } from "./api-rows.js";
import { imageRows } from "./image-rows.js";
import { DOCTOR_ERRAND, lookAtNodes, type DoctorPod } from "./look-at-nodes.js";
import type { SharedOptions } from "../session/options.js";

export type { DoctorReport } from "./index.js";
export { renderDoctor } from "./index.js";

export interface DoctorOptions extends Pick<
  SharedOptions,
  "cluster" | "kube" | "cwd" | "grants" | "confirm" | "signal" | "isClusterNamed"
> {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Of a large cluster without ends only some nodes are entered. */
const MAX_NODES = 8;

/**
 * What stands in the way of a run, before it: what the cluster's API says, then each node by one command. Where the
 * nodes may not be entered the report says what was not looked at. Rejects where the cluster itself cannot be told
 * (CLUSTER_NOT_FOUND, DOCUMENT_INVALID), with INPUT_INVALID or with INTERRUPTED.
 */
export async function runDoctor(
  options: DoctorOptions,
): Promise<DoctorReport & { readonly exitCode: ExitCode }> {
  const startedAt = new Date();
  const { signal } = options;
  const work = { ...workOf(DOCTOR_ERRAND), asksApi: false };
  const session = await openSession(options, () => Promise.resolve(work));
  const { cluster, profile } = session;
  const ends = [options.from, options.to].filter((end) => end !== undefined);
  const names = ends.map(parseEnd);
  const guarded = profile.kube === undefined ? null : apiOf(session);
  const api = guarded === null ? null : shareLookups(guarded);
  const look =
    api === null || cluster.pending === undefined
      ? null
      : await lookAtApi(api, { cluster, pending: cluster.pending, ends, signal });
  const pods: readonly DoctorPod[] =
    look !== null && look.pods.length > 0
      ? look.pods.map(({ namespace, name, node, runtimeUid }) => ({ namespace, name, node, uid: runtimeUid }))
      : names.flatMap((end) =>
          end.kind === "pod"
            ? [{ namespace: end.namespace ?? "default", name: end.name, uid: null, node: null }]
            : [],
        );
  const targets = pickNodes(look?.targets ?? [], pods);
  const [images, { rows, notLookedAt, isRefused }] = await Promise.all([
    api === null ? [] : imageRows(api, { targets, signal }),
    enter(session, { look, pods, api }),
  ]);
  const all = [...(look?.rows ?? []), ...images, ...rows];
  const status = worst(all);
  return {
    ...{ apiVersion: "hopbook.dev/v1", kind: "Doctor" },
    cluster: {
      name: profile.name,
      ...{ context: api?.context ?? null, server: api?.server ?? null, version: look?.version ?? null },
    },
    ...{ startedAt: startedAt.toISOString(), durationMs: Date.now() - startedAt.getTime(), status },
    ...{ rows: all, choices: look?.choices ?? [], rights: look?.rights ?? [], notLookedAt },
    exitCode: status === "blocks" ? EXIT.unreachable : isRefused ? EXIT.incomplete : EXIT.healthy,
  };
}

interface Entered {
  readonly rows: readonly DoctorRow[];
  readonly notLookedAt: DoctorReport["notLookedAt"];
  /** Nodes would have been entered, and may not be. */
  readonly isRefused: boolean;
}

async function enter(
  session: Session,
  {
    look,
    pods,
    api,
  }: {
    readonly look: ApiLook | null;
    readonly pods: readonly DoctorPod[];
    readonly api: KubeApi | null;
  },
): Promise<Entered> {
  const targets = (look?.targets ?? session.profile.nodes).filter(({ pod }) => pod === undefined);
  const wanted = pickNodes(targets, pods);
  const left = targets.filter((node) => !wanted.includes(node)).map(({ name }) => name);
  const notLookedAt =
    left.length === 0 || pods.length > 0
      ? []
      : [{ what: left.join(", "), reason: `only ${MAX_NODES} nodes are entered without --from and --to` }];
  const alone = (look?.targets ?? []).flatMap(({ pod }) => pod ?? []);
  const more = alone.map((what) => ({
    what,
    reason: "a pod that is entered alone shows what it has when a run enters it",
  }));
  if (wanted.length === 0) return { rows: [], notLookedAt: [...notLookedAt, ...more], isRefused: false };
  try {
    const rows = await lookAtNodes(session, { nodes: wanted, pods, kube: api ?? undefined });
    return { rows, notLookedAt: [...notLookedAt, ...more], isRefused: false };
  } catch (error) {
    const { code, message, hint } = asHopbookError(error);
    if (session.signal.aborted || code === "INTERRUPTED") throw error;
    const nodes = wanted.map(({ name }) => name).join(", ");
    if (code !== "PERMISSION_DENIED") {
      const row = blocks("login", nodes, { found: message, todo: hint ?? "See the list of errors" });
      return { rows: [row], notLookedAt: [...notLookedAt, ...more], isRefused: false };
    }
    const reason = `the nodes may not be entered${hint === undefined ? "" : `: ${hint}`}`;
    return { rows: [], notLookedAt: [{ what: nodes, reason }, ...notLookedAt, ...more], isRefused: true };
  }
}

/** The nodes of the ends; those that may have them where nobody knows. */
function pickNodes(targets: readonly NodeTarget[], pods: readonly DoctorPod[]): readonly NodeTarget[] {
  const known = new Set(pods.flatMap(({ node }) => node ?? []));
  if (known.size > 0) return targets.filter(({ name }) => known.has(name));
  return targets.slice(0, MAX_NODES);
}
