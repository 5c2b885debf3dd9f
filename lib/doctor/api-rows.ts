import {
  askRights,
  FACT_RIGHTS,
  factRightsIn,
  findEndPods,
  gatherAccessFacts,
  describeRights,
  missingOf,
  listKubeNodes,
  withKubeFacts,
  weighAccess,
  type AccessFacts,
  type KubePod,
  type LoadedCluster,
  type PendingAccess,
  type RightAnswer,
} from "../cluster/index.js";
import {
  accessRows,
  blocks,
  choiceRows,
  describeOffset,
  ok,
  warn,
  type AskedRight,
  type DoctorRow,
} from "./index.js";
import { asHopbookError } from "../errors.js";
import type { NodeTarget } from "../model/access.js";
import type { AccessChoice } from "../model/cluster.js";
import type { KubeApi } from "../model/kube.js";
import { findProgram } from "../session/find-program.js";
import { buildTrialPod } from "../session/trial-pod.js";

export interface ApiLook {
  readonly version: string | null;
  readonly rows: readonly DoctorRow[];
  readonly choices: readonly AccessChoice[];
  readonly rights: readonly AskedRight[];
  readonly targets: readonly NodeTarget[];
  readonly pods: readonly KubePod[];
}

type Node = Omit<NodeTarget, "access" | "pod">;

/** Clocks that differ by more make certificates and leases a riddle. */
const CLOCK_MS = 5_000;
const TIMEOUT_MS = 2_000;

/** What the cluster's API has to say before a run. Rejects with INTERRUPTED alone. */
export async function lookAtApi(
  api: KubeApi,
  {
    cluster,
    pending,
    ends,
    signal,
  }: {
    readonly cluster: LoadedCluster;
    readonly pending: PendingAccess;
    readonly ends: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<ApiLook> {
  const [about, listed, found] = await Promise.all([
    askAbout(api, signal),
    lookAtList(api, { cluster, signal }),
    findEnds(api, { ends, signal, endNamespace: cluster.profile.endNamespace }),
  ]);
  if (about.isDown) {
    return {
      ...{ version: null, rows: [about.row], choices: [], rights: [], pods: [] },
      targets: settled(cluster, pending),
    };
  }
  const { pods } = found;
  const nodes = withNodesOf(pods, listed.nodes);
  const spaces = [...new Set(pods.map(({ namespace }) => namespace))];
  const programs = { kubectl: findProgram("kubectl"), oc: findProgram("oc") };
  const candidates = pods.map(({ namespace, name, node }) => ({ namespace, name, node }));
  const asking = {
    api,
    wishes: pending,
    nodes,
    ends: candidates,
    programs,
    manifestOf: buildTrialPod,
    signal,
  };
  const [facts, factRights] = await Promise.all([
    gatherAccessFacts({ ...asking, wishes: alsoSettled(pending) }),
    askRights(api, [...FACT_RIGHTS, ...spaces.flatMap(factRightsIn)], { signal }).catch(() => []),
  ]);
  const plan = weighAccess({ ...asking, facts });
  const entered = new Set(plan.targets.map(({ name, pod }) => pod ?? name));
  // What a run cannot do without: the nodes of its ends, unless their pods can be entered alone.
  const ofEnds = pods.flatMap(({ namespace, name, node }) => {
    const pod = `${namespace}/${name}`;
    return node === null || entered.has(pod) ? [pod] : [node];
  });
  const needed = new Set(
    ofEnds.length > 0 ? ofEnds : plan.targets.length > 0 ? [] : nodes.map(({ name }) => name),
  );
  return {
    version: about.version,
    rows: [
      about.row,
      ...about.clock,
      ...listed.rows,
      ...found.rows,
      ...factRow(factRights),
      ...dedupe(accessRows(facts)),
      ...nodes.filter(({ name }) => ofEnds.length === 0 || ofEnds.includes(name)).flatMap(nodeRow),
      ...choiceRows(plan.choices, needed),
    ],
    choices: plan.choices,
    rights: rightsOf(facts, factRights),
    targets: plan.targets,
    pods,
  };
}

/** Where the profile settles on debug pods nothing is chosen, and yet it is to be known what stands against them. */
function alsoSettled(pending: PendingAccess): PendingAccess {
  return {
    ...pending,
    viaOf: (node) => {
      const via = pending.viaOf(node);
      return via === "debugPod" ? "auto" : via;
    },
  };
}

interface About {
  readonly isDown: boolean;
  readonly version: string | null;
  readonly row: DoctorRow;
  readonly clock: readonly DoctorRow[];
}

async function askAbout(api: KubeApi, signal: AbortSignal): Promise<About> {
  try {
    const { version, clockOffsetMs, clockErrorMs, roundTripMs } = await api.about({
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    const row = ok("api", null, `${version} at ${api.server}, as ${api.user}, ${roundTripMs} ms`);
    if (clockOffsetMs === null) return { isDown: false, version, row, clock: [] };
    const found = `${describeOffset(clockOffsetMs, clockErrorMs)} from this machine's`;
    const clock =
      Math.abs(clockOffsetMs) - clockErrorMs <= CLOCK_MS
        ? ok("api-clock", null, found)
        : warn("api-clock", null, {
            found,
            todo: "Set the clocks by NTP: leases and certificates go by them",
          });
    return { isDown: false, version, row, clock: [clock] };
  } catch (error) {
    const { code, message, hint } = asHopbookError(error);
    if (code === "INTERRUPTED") throw error;
    const todo = hint ?? "Check the kubeconfig";
    // Who may not ask for the version may well do the rest.
    const isDown = code === "KUBE_UNREACHABLE" || code === "KUBE_UNAUTHORISED";
    const row = isDown
      ? blocks("api", null, { found: message, todo })
      : warn("api", null, { found: message, todo });
    return { isDown, version: null, row, clock: [] };
  }
}

async function lookAtList(
  api: KubeApi,
  { cluster, signal }: { readonly cluster: LoadedCluster; readonly signal: AbortSignal },
): Promise<{ readonly nodes: readonly Node[]; readonly rows: readonly DoctorRow[] }> {
  const own = cluster.profile.nodes.map(({ name, address }): Node => ({
    name,
    ...(address === undefined ? {} : { address }),
  }));
  try {
    const all = await listKubeNodes(api, { timeoutMs: TIMEOUT_MS, signal });
    return { nodes: own.length === 0 ? all : withKubeFacts(own, all), rows: [] };
  } catch (error) {
    const { code, message } = asHopbookError(error);
    if (code === "INTERRUPTED") throw error;
    const todo =
      "Ask for list nodes, or list the nodes in a profile; those of the pods are known all the same";
    const isRefused = code === "KUBE_FORBIDDEN" || code === "PERMISSION_DENIED";
    const rows = isRefused ? [warn("facts", null, { found: message, todo })] : [];
    return { nodes: own, rows };
  }
}

async function findEnds(
  api: KubeApi,
  {
    ends,
    signal,
    endNamespace,
  }: {
    readonly ends: readonly string[];
    readonly signal: AbortSignal;
    readonly endNamespace: string | undefined;
  },
): Promise<{ readonly pods: readonly KubePod[]; readonly rows: readonly DoctorRow[] }> {
  const [from, ...to] = ends;
  if (from === undefined) return { pods: [], rows: [] };
  try {
    const pods = await findEndPods(
      { paths: [{ from, to }], others: [] },
      {
        ...{ kube: api, signal, endNamespace },
      },
    );
    const rows = pods.map(({ namespace, name, node, trouble }) => {
      const target = `${namespace}/${name}`;
      const where = node === null ? "on no node yet" : `on ${node}`;
      if (trouble === null) return ok("ends", target, where);
      return warn("ends", target, {
        found: `${where}: ${trouble}`,
        todo: `See kubectl describe pod -n ${namespace} ${name}`,
      });
    });
    return { pods, rows };
  } catch (error) {
    const { code, message, hint } = asHopbookError(error);
    if (code === "INTERRUPTED" || code === "INPUT_INVALID") throw error;
    const todo = hint ?? "Name other ends";
    return {
      pods: [],
      rows: code === "KUBE_UNREACHABLE" ? [] : [blocks("ends", null, { found: message, todo })],
    };
  }
}

function withNodesOf(pods: readonly KubePod[], nodes: readonly Node[]): readonly Node[] {
  const known = new Set(nodes.map(({ name }) => name));
  const more = pods.flatMap(({ node }) => (node === null || known.has(node) ? [] : [node]));
  return [...nodes, ...[...new Set(more)].map((name) => ({ name }))];
}

/** Without an API those nodes count of which the profile says itself how they are entered. */
function settled({ profile }: LoadedCluster, pending: PendingAccess): readonly NodeTarget[] {
  return profile.nodes.filter(({ name }) => ["ssh", "local", "toolbox"].includes(pending.viaOf(name)));
}

function factRow(answers: readonly RightAnswer[]): readonly DoctorRow[] {
  const missing = missingOf(answers).map(({ right }) => right);
  if (answers.length === 0) return [];
  if (missing.length === 0)
    return [ok("facts", null, `may ${describeRights(answers.map(({ right }) => right))}`)];
  const found = `may not ${describeRights(missing)}`;
  return [
    warn("facts", null, { found, todo: "Name pods and addresses in place of what may not be looked up" }),
  ];
}

function nodeRow({ name, kube }: Node): readonly DoctorRow[] {
  if (kube === undefined) return [];
  const taints = kube.taints.map(({ key, effect }) => `${key}:${effect}`).join(", ");
  const words = [
    kube.ready ? "ready" : `not ready: ${kube.notReady ?? ""}`,
    ...(kube.cordoned ? ["cordoned"] : []),
    ...(taints === "" ? [] : [`taints ${taints}`]),
    ...[kube.osImage, kube.kernel, kube.runtime].filter((word) => word !== ""),
  ];
  const found = words.join(", ");
  if (kube.ready) return [ok("node", name, found)];
  return [warn("node", name, { found, todo: `See kubectl describe node ${name}` })];
}

function dedupe(rows: readonly DoctorRow[]): readonly DoctorRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

function rightsOf(facts: AccessFacts, more: readonly RightAnswer[]): readonly AskedRight[] {
  const all = [
    ...more,
    ...(facts.node === null ? [] : [facts.node]),
    ...facts.places.flatMap(({ rights }) => rights),
    ...facts.pods.flatMap(({ rights }) => [...rights.ephemeral, ...rights.podExec]),
    ...(facts.scc === null ? [] : [facts.scc]),
  ].map(({ right, allowed }): AskedRight => {
    const { verb, group, resource, subresource, namespace } = right;
    const what = subresource === undefined ? resource : `${resource}/${subresource}`;
    return { verb, group, resource: what, namespace: namespace ?? null, allowed };
  });
  return [...new Map(all.map((right) => [JSON.stringify(right), right])).values()];
}
