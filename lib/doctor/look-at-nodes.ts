import {
  blocks,
  DOCTOR_ACTION,
  DOCTOR_NAME,
  DOCTOR_SCRIPT,
  nodeRows,
  parseLook,
  type DoctorRow,
  type NodeLook,
} from "./index.js";
import { asHopbookError } from "../errors.js";
import type { Argv, NodeTarget } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import type { ClusterProfile } from "../model/cluster.js";
import type { KubeReader } from "../model/kube.js";
import { cniRow } from "./cni-rows.js";
import { enterNodes } from "../session/action-session.js";
import type { Session } from "../session/session.js";

/** What doctor does on nodes. */
export const DOCTOR_ERRAND = {
  name: "doctor",
  title: "See what stands in a run's way",
  action: DOCTOR_ACTION,
  scripts: { [DOCTOR_NAME]: DOCTOR_SCRIPT },
};
const TIMEOUT_MS = 10_000;
const LEASE_MS = 2 * 60_000;

/** A pod at an end; without an API nobody knows its UID, or where it is. */
export interface DoctorPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | null;
  readonly node: string | null;
}

interface LookAtNodesOptions {
  readonly nodes: readonly NodeTarget[];
  readonly pods: readonly DoctorPod[];
  /** The cluster's API, for what it says of the CNI beside the nodes. */
  readonly kube?: KubeReader | undefined;
}

/**
 * Enters these nodes and asks each by one command. Throws PERMISSION_DENIED where none may be entered; what is wrong
 * with a node is a row.
 */
export async function lookAtNodes(
  session: Session,
  { nodes, pods, kube }: LookAtNodesOptions,
): Promise<readonly DoctorRow[]> {
  const cluster = await enterNodes(session, DOCTOR_ERRAND, { nodes, leaseMs: LEASE_MS });
  const { recipeDirs, signal } = session;
  const profile = { ...session.profile, nodes };
  try {
    const looks = await Promise.all(
      nodes.map(async ({ name, access: { via } }) => {
        const access = cluster.accesses.get(name);
        try {
          if (access === undefined) throw cluster.unreachable.get(name) ?? new Error("it was not opened");
          const look = await lookAt(access, profile, pods);
          return { look, rows: nodeRows(look, { via, workDir: profile.workDir }) };
        } catch (error) {
          return { look: null, rows: [failureRow(name, error)] };
        }
      }),
    );
    const found = looks.flatMap(({ look }) => look ?? []);
    const cni = found.length === 0 ? [] : [await cniRow(found, profile, { recipeDirs, kube, signal })];
    return [...onePodRow(looks.flatMap(({ rows }) => rows)), ...cni];
  } finally {
    await cluster.close();
  }
}

async function lookAt(
  access: GuardedAccess,
  { workDir, runtimeEndpoint }: ClusterProfile,
  pods: readonly DoctorPod[],
): Promise<NodeLook> {
  const mine = pods.filter(({ node }) => node === null || node === access.node);
  const words = mine.flatMap(({ namespace, name, uid }) => [namespace, name, uid ?? "-"]);
  const argv: Argv = ["sh", "-c", DOCTOR_SCRIPT, DOCTOR_NAME, workDir, runtimeEndpoint ?? "", ...words];
  const result = await access.exec(argv, { action: DOCTOR_ACTION, timeoutMs: TIMEOUT_MS });
  const sentAtMs = Date.parse(result.startedAt);
  return parseLook(result.stdout.toString("utf8"), {
    ...{ node: access.node, sentAtMs, receivedAtMs: sentAtMs + result.durationMs },
  });
}

function failureRow(node: string, error: unknown): DoctorRow {
  const { message, hint, detail, code } = asHopbookError(error);
  const found = [message, detail]
    .filter((part) => part !== undefined)
    .join("; ")
    .replaceAll("\n", " ");
  return blocks("login", node, { found, todo: hint ?? `See ${code} in the list of errors` });
}

/** Where nobody knows a pod's node, one node that has it is enough. */
function onePodRow(rows: readonly DoctorRow[]): readonly DoctorRow[] {
  const seen = new Set(
    rows.filter(({ check, status }) => check === "pod" && status === "ok").map(({ target }) => target),
  );
  return rows.filter(({ check, status, target }) => check !== "pod" || status === "ok" || !seen.has(target));
}
