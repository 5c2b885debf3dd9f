import t from "tap";
import { listBackends, MAX_BACKENDS } from "../../../lib/cluster/ends/backends.js";
import type { ClusterFacts } from "../../../lib/cluster/index.js";
import type { KubeReader } from "../../../lib/model/kube.js";

/** The API's word of a Service with so many ready endpoints, and one that is not. */
function askOf(count: number): ClusterFacts {
  const endpoints = Array.from({ length: count }, (_, index) => ({
    ...{ addresses: [`10.0.2.${index + 1}`], nodeName: "node-b" },
    targetRef: { kind: "Pod", name: `web-${index}` },
  }));
  const unready = { addresses: ["10.0.2.200"], conditions: { ready: false } };
  const slice = {
    addressType: "IPv4",
    ports: [{ name: "", port: 8080 }],
    endpoints: [...endpoints, unready],
  };
  const service = {
    metadata: { namespace: "shop", name: "web" },
    spec: { clusterIP: "10.96.0.20", ports: [{ port: 80 }] },
  };
  const kube = {
    ...{ server: "https://x", context: "x", namespace: "shop" },
    request: () => Promise.resolve(service),
    list: ({ resource, query }: { resource: string; query?: { fieldSelector?: string } }) => {
      const isIt = query?.fieldSelector === undefined || query.fieldSelector.endsWith("=10.96.0.20");
      return Promise.resolve(resource === "services" ? (isIt ? [service] : []) : [slice]);
    },
  } as unknown as KubeReader;
  return { kube, profile: { endNamespace: undefined } } as unknown as ClusterFacts;
}

const notes: string[] = [];
const options = { fromNode: "node-a", namespace: "shop", note: (text: string) => notes.push(text) };

t.test("every ready backend of a Service, by its name or its address", async (t) => {
  const three = ["10.0.2.1", "10.0.2.2", "10.0.2.3"];
  for (const text of ["svc/web:80", "shop/svc/web", "10.96.0.20:80"])
    t.strictSame(await listBackends(text, askOf(3), options), three, text);
  t.strictSame(notes, []);
});

t.test("what is no Service has none", async (t) => {
  for (const text of ["shop/web:80", "node/node-a", "203.0.113.9:443", "deploy/web"])
    t.strictSame(await listBackends(text, askOf(3), options), [], text);
});

t.test("more than can be followed side by side are cut, and that is said", async (t) => {
  const found = await listBackends("svc/web:80", askOf(MAX_BACKENDS + 4), options);
  t.equal(found.length, MAX_BACKENDS);
  t.strictSame(notes, [`svc/web:80: of ${MAX_BACKENDS + 4} backends the first ${MAX_BACKENDS} are followed`]);
});
