import t from "tap";
import { selectPods, type ClusterFacts, type SelectedPod } from "../../../lib/cluster/index.js";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeReader, KubeRequest } from "../../../lib/model/kube.js";

const pod = (name: string, more: object = {}): object => ({
  metadata: { name, namespace: "shop", uid: `uid-${name}`, labels: { app: "web" } },
  spec: { nodeName: "node-a" },
  status: { phase: "Running", podIP: "10.0.0.1", conditions: [{ type: "Ready", status: "True" }] },
  ...more,
});
const ENDING = {
  metadata: { name: "web-2", namespace: "shop", uid: "uid-web-2", deletionTimestamp: "2026-01-01T00:00:00Z" },
};

function factsOf(asked: string[] = []): ClusterFacts {
  const missing = new HopbookError("KUBE_NOT_FOUND", "there is none");
  const answers: Readonly<Record<string, unknown>> = {
    "pods/shop/client": pod("client"),
    "services/shop/web": { metadata: {}, spec: { selector: { app: "web", tier: "front" } } },
    "services/shop/bare": { metadata: {}, spec: {} },
    "deployments/shop/web": { metadata: { uid: "d" }, spec: { selector: { matchLabels: { app: "web" } } } },
  };
  const kube = {
    namespace: "shop",
    request: ({ resource, namespace, name }: KubeRequest) => {
      const key = `${resource}/${namespace ?? ""}/${name ?? ""}`;
      asked.push(key);
      const found = answers[key];
      return found === undefined ? Promise.reject(missing) : Promise.resolve(found);
    },
    list: ({ namespace, query = {} }: KubeRequest) => {
      asked.push(`${namespace ?? "all"} ${Object.values(query).join()}`);
      return Promise.resolve([pod("web-1"), pod("web-2", ENDING)]);
    },
  } as unknown as KubeReader;
  const profile = {
    ...{ name: "c", cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    nodes: [{ name: "node-a", access: { via: "local" as const } }],
  };
  return { profile, accesses: new Map(), pods: [], failures: new Map(), namings: [], kube };
}

const notes: string[] = [];
const options = { note: (text: string): void => void notes.push(text) };
const names = (pods: readonly SelectedPod[]): string[] =>
  pods.map(({ namespace, name }) => `${namespace}/${name}`);

t.test(
  "by name, owner, Service, labels and node, each pod once; one that ends is left out with a word",
  async (t) => {
    const asked: string[] = [];
    const texts = ["client", "deploy/web", "svc/web", "app=web,tier!=back", "node/node-a"];
    t.strictSame(names(await selectPods(texts, factsOf(asked), options)), ["shop/client", "shop/web-1"]);
    t.strictSame(asked.toSorted(), [
      ...["all spec.nodeName=node-a", "deployments/shop/web", "pods/shop/client", "services/shop/web"],
      ...["shop app=web", "shop app=web,tier!=back", "shop app=web,tier=front"],
    ]);
    t.match(notes[0], /^shop\/web-2 is left out: it is ending$/);
  },
);

t.test("an address is the pod's that has it, and no node's", async (t) => {
  const asked: string[] = [];
  t.strictSame(names(await selectPods(["10.0.0.1"], factsOf(asked), options)), ["shop/web-1"]);
  t.strictSame(asked, ["all status.podIP=10.0.0.1"]);
  const hosts = pod("agent", { spec: { nodeName: "node-a", hostNetwork: true } });
  const facts = factsOf();
  const kube = { ...facts.kube, list: () => Promise.resolve([hosts]) } as unknown as KubeReader;
  await t.rejects(selectPods(["10.0.0.1"], { ...facts, kube }, options), {
    ...{ code: "TARGET_NOT_FOUND", message: /none that runs has that address/, hint: /pods,svc,nodes/ },
  });
});

t.test("what leads to no pod is an error that says so", async (t) => {
  for (const [text, message] of [
    ["svc/bare", /it has no selector/],
    ["svc/none", /Cannot find "?svc\/none/],
    ["node/node-x", /Cannot find pods of/],
  ] as const)
    await t.rejects(selectPods([text], factsOf(), options), { code: "TARGET_NOT_FOUND", message });
  for (const text of ["10.0.0.1:80", "svc/web:80"])
    await t.rejects(selectPods([text], factsOf(), options), { code: "INPUT_INVALID" });
});
