import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAccess } from "../../lib/access/registry.js";
import { openKube } from "../../lib/kube/index.js";
import type { NodeAccess, NodeTarget, Via } from "../../lib/model/access.js";
import { installPodman } from "../access/podman.js";
import { startSshd } from "../access/sshd.js";
import { writeFakeOc } from "./fake-oc.js";
import { coreApi, waitForServiceAccount } from "./kube.js";
import { TOOLS_IMAGE } from "./names.js";
import { until } from "./run.js";
import type { TestCluster } from "./use.js";

export interface WayIn {
  readonly via: Via;
  /** What is not the real thing; "": nothing. */
  readonly standIn: string;
  readonly open: () => Promise<NodeAccess>;
}

export interface EveryWay {
  readonly ways: readonly WayIn[];
  /** A folder of this machine. */
  readonly work: string;
  readonly release: () => Promise<void>;
}

/** Every way in there is, on our own cluster, with all that is made for them in one namespace. */
export async function prepareEveryWay(cluster: TestCluster, namespace: string): Promise<EveryWay> {
  const { own, config, nodes } = cluster;
  if (own === null) throw new Error("every way in is to be had on our own cluster only");
  const api = coreApi(config);
  const work = mkdtempSync(join(tmpdir(), "hopbook-every-way-"));
  const sshd = await startSshd();
  const release = async (): Promise<void> => {
    rmSync(work, { recursive: true, force: true });
    await sshd.stop();
    await api.deleteNamespace({ name: namespace });
  };
  const [node] = nodes;
  const state = own.nodes.find(({ name }) => name === node);
  const pod = `${namespace}/inside`;
  try {
    await api.createNamespace({ body: { metadata: { name: namespace } } });
    await installPodman(sshd);
    await makePod(api, { namespace, node });
  } catch (error) {
    await release();
    throw error;
  }
  const ref = { kubeconfig: [own.files.kubeconfig] };
  const made = { kube: ref, namespace, image: TOOLS_IMAGE } as const;
  const { kubectl } = own;
  const oc = writeFakeOc(work, { kubectl, image: TOOLS_IMAGE, namespace });
  const { address = "", access: login } = sshd.target();
  const { pid = 0, startTimeTicks = 0, address: nodeAddress = "" } = state ?? {};
  const ssh = { via: "ssh", user: "root", sudo: false, sshConfig: own.files.sshConfig } as const;
  const targets: readonly (Omit<NodeTarget, "name"> & { readonly standIn?: string })[] = [
    { access: { via: "local", pid, startTimeTicks } },
    { access: ssh, address: nodeAddress },
    {
      ...{ standIn: "podman; the node is this machine", address },
      access: { ...login, via: "toolbox", image: "reg.test/tools:1" },
    },
    { access: { ...made, via: "debugPod" } },
    { access: { ...made, via: "kubectlDebug", kubectl } },
    { standIn: "oc, on top of kubectl", access: { ...made, via: "ocDebug", oc } },
    { access: { via: "ephemeral", kube: ref, image: TOOLS_IMAGE }, pod },
    { access: { via: "podExec", kube: ref }, pod },
  ];
  const ways = targets.map(({ standIn = "", ...target }, index): WayIn => {
    const { via } = target.access;
    const lease = { runId: `every-way-${index}`, owner: "every@way", durationMs: 300_000 };
    return {
      ...{ via, standIn },
      open: () => openAccess({ ...target, name: node }, { openKube, lease }),
    };
  });
  return { ways, work, release };
}

async function makePod(
  api: ReturnType<typeof coreApi>,
  { namespace, node }: { readonly namespace: string; readonly node: string },
): Promise<void> {
  await waitForServiceAccount(api, namespace);
  const container = { name: "c", image: TOOLS_IMAGE, command: ["sleep", "infinity"] };
  await api.createNamespacedPod({
    namespace,
    body: {
      metadata: { name: "inside" },
      spec: { nodeName: node, terminationGracePeriodSeconds: 0, containers: [container] },
    },
  });
  await until("the pod runs", 60_000, async () => {
    const { status } = await api.readNamespacedPod({ name: "inside", namespace });
    return status?.phase === "Running" || null;
  });
}
