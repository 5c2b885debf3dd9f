import t from "tap";
import { findKubeService, findServiceByIp } from "../../../lib/cluster/facts/service.js";
import type { KubeReader } from "../../../lib/model/kube.js";

const slice = (addressType: string, ips: Readonly<Record<string, string>>): unknown => ({
  addressType,
  ports: [{ name: "http", port: 8080 }],
  endpoints: Object.entries(ips).map(([name, ip]) => ({
    ...{ addresses: [ip], nodeName: "node-b", targetRef: { kind: "Pod", name } },
  })),
});
const SLICES = [slice("IPv4", { web: "10.0.2.2" }), slice("IPv6", { web: "FD00:2::2" })];

function query(spec: object, slices: readonly unknown[] = SLICES): Parameters<typeof findKubeService>[1] {
  const service = {
    metadata: { namespace: "shop", name: "web" },
    spec: { ports: [{ name: "http", port: 80 }], ...spec },
  };
  const kube = {
    ...{ server: "https://x", context: "x", namespace: "shop" },
    request: () => Promise.resolve(service),
    list: ({ resource }: { resource: string }) =>
      Promise.resolve(resource === "services" ? [service] : [...slices]),
  } as unknown as KubeReader;
  return { kube, text: "svc/web", port: null, away: null };
}
const NAME = { namespace: "shop", name: "web" };
const DUAL = { clusterIP: "10.96.0.20", clusterIPs: ["10.96.0.20", "fd00:96::20"] };

t.test("a Service with two ClusterIPs has its backend in both families", async (t) => {
  t.match(await findKubeService(NAME, query(DUAL)), {
    ...{
      clusterIp: { ip: "10.96.0.20", port: 80 },
      backend: { ip: "10.0.2.2", port: 8080 },
      otherBackends: 0,
    },
    otherFamily: { clusterIp: { ip: "fd00:96::20", port: 80 }, backend: { ip: "fd00:2::2", port: 8080 } },
  });
  const swapped = { clusterIP: "fd00:96::20", clusterIPs: ["fd00:96::20", "10.96.0.20"] };
  t.match(await findKubeService(NAME, query(swapped)), {
    ...{ clusterIp: { ip: "fd00:96::20" }, backend: { ip: "fd00:2::2" } },
    otherFamily: { clusterIp: { ip: "10.96.0.20" }, backend: { ip: "10.0.2.2" } },
  });
  t.match(
    await findServiceByIp("fd00:96::20", query(DUAL)),
    { clusterIp: { ip: "fd00:96::20" }, backend: { ip: "fd00:2::2" }, otherFamily: null },
    "one that is named by its address has that family alone",
  );
});

t.test("a backend that is not there in the other family is not made up", async (t) => {
  const other = [SLICES[0], slice("IPv6", { other: "fd00:2::3" })];
  t.match(await findKubeService(NAME, query(DUAL, other)), {
    backend: { ip: "10.0.2.2" },
    otherFamily: null,
  });
  t.match(await findKubeService(NAME, query({ clusterIP: "10.96.0.20" })), { otherFamily: null });
});

t.test("a headless Service's pods are counted once, not once a family", async (t) => {
  const dual = { clusterIP: "None", clusterIPs: ["None"], ipFamilies: ["IPv6", "IPv4"] };
  t.match(await findKubeService(NAME, query(dual)), {
    ...{ clusterIp: null, backend: { ip: "fd00:2::2" }, otherBackends: 0 },
    otherFamily: { clusterIp: null, backend: { ip: "10.0.2.2" } },
  });
  t.match(await findKubeService(NAME, query({ clusterIP: "None" })), { otherBackends: 1, otherFamily: null });
});
