import { readFileSync } from "node:fs";
import type { CoreV1Api } from "@kubernetes/client-node";
import { type KubeConfig, type KubernetesObject, KubernetesObjectApi } from "@kubernetes/client-node";
import { runProgram, type LabCommandOptions, type LabCommandResult } from "../../lib/lab/enter.js";
import { downCluster } from "./down.js";
import { coreApi, fetchByClient, loadKubeConfig, waitForServiceAccount } from "./kube.js";
import type { SCENARIO_IMAGES } from "./manifests.js";
import { SCENARIO_NAMESPACE, scenarioManifests } from "./manifests.js";
import { whyNot } from "./require.js";
import { until } from "./run.js";
import { readClusterState, type ClusterState } from "./state.js";
import { upCluster } from "./up.js";

/** A cluster for a test: our own, or the one that HOPBOOK_TEST_KUBECONFIG names. */
export interface TestCluster {
  readonly config: KubeConfig;
  /** The nodes of shop/client and shop/web. */
  readonly nodes: readonly [string, string];
  /** null for somebody else's cluster, whose nodes cannot be entered. */
  readonly own: ClusterState | null;
  /** Whether useCluster brought it up. */
  readonly madeHere: boolean;
  /** Takes away what useCluster made, and leaves what was there before. */
  readonly release: () => Promise<void>;
}

/** Why no test of a cluster can run here; null where they can. */
export function whyNoCluster(): string | null {
  return process.env["HOPBOOK_TEST_KUBECONFIG"] === undefined ? whyNot() : null;
}

/** The cluster, with the shop's two pods running on two of its nodes. */
export async function useCluster(say: (text: string) => void): Promise<TestCluster> {
  const kubeconfig = process.env["HOPBOOK_TEST_KUBECONFIG"];
  if (kubeconfig !== undefined) return useForeign(kubeconfig);
  const wasUp = readClusterState() !== null;
  const own = await upCluster(say);
  const [near, far] = own.nodes.map((node) => node.name) as [string, string];
  return {
    config: loadKubeConfig(own.files.kubeconfig),
    nodes: [near, far],
    own,
    madeHere: !wasUp,
    release: wasUp ? async () => undefined : downCluster,
  };
}

async function useForeign(kubeconfig: string): Promise<TestCluster> {
  const config = loadKubeConfig(kubeconfig);
  const api = coreApi(config);
  const ready = (await api.listNode()).items.filter(
    (node) =>
      node.spec?.unschedulable !== true &&
      node.spec?.taints?.some(({ effect }) => effect === "NoSchedule" || effect === "NoExecute") !== true,
  );
  const [near, far] = ready.map((node) => node.metadata?.name ?? "");
  if (near === undefined || far === undefined) {
    throw new Error("the tests need two nodes that take pods; this cluster has fewer");
  }
  const images = {
    clientImage: process.env["HOPBOOK_TEST_CLIENT_IMAGE"] ?? "busybox:1.36",
    webImage: process.env["HOPBOOK_TEST_WEB_IMAGE"] ?? "busybox:1.36",
  } satisfies Record<keyof typeof SCENARIO_IMAGES, string>;
  const release = async (): Promise<void> => {
    await api.deleteNamespace({ name: "shop" });
  };
  const objects = KubernetesObjectApi.makeApiClient(config);
  // Fails where a shop is there already: it is not ours to change.
  await objects.create(SCENARIO_NAMESPACE);
  try {
    await waitForServiceAccount(api, "shop");
    const { items } = scenarioManifests({ nodes: [near, far], ...images }) as unknown as {
      items: KubernetesObject[];
    };
    for (const item of items) await objects.create(item);
    await until("the shop's pods are ready", 180_000, () => arePodsReady(api));
    // Ready pods are not yet behind the Service on every node.
    await until("the Service answers by its name", 20_000, async () => {
      return (await fetchByClient(config, "http://web/")) === "web\n" || null;
    });
  } catch (error) {
    await release();
    throw error;
  }
  return { config, nodes: [near, far], own: null, madeHere: false, release };
}

async function arePodsReady(api: CoreV1Api): Promise<true | null> {
  const { items } = await api.listNamespacedPod({ namespace: "shop" });
  const ready = items.filter((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  );
  return ready.length === 2 || null;
}

/** Runs a command on a node of our own cluster, as root there. */
export async function onNode(
  cluster: ClusterState,
  name: string,
  command: { readonly argv: readonly string[] } & LabCommandOptions,
): Promise<LabCommandResult> {
  const node = cluster.nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`the cluster has no node ${name}`);
  const namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
  const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const { argv, ...options } = command;
  const enter = ["nsenter", "-t", String(node.pid), ...namespaces, "--", ...argv];
  return runProgram(enter, { ...options, env: { HOME: "/root", PATH, ...options.env } });
}

/** The pid, on its node, of a program that scripts/node.sh started there. */
export async function pidOnNode(cluster: ClusterState, node: string, program: string): Promise<string> {
  const { stdout } = await onNode(cluster, node, { argv: ["cat", `/run/${program}.pid`] });
  if (!/^\d+\n$/.test(stdout)) throw new Error(`${node} has no pid of ${program}`);
  return stdout.trim();
}

/** What a file of test/cluster/fixtures holds. */
export function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8")) as unknown;
}
