import t from "tap";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeQuery } from "../../../lib/cluster/facts/pods.js";
import {
  findServiceByIp,
  findServiceByNodePort,
  listServiceRanges,
} from "../../../lib/cluster/facts/service-by-address.js";
import { findKubeService } from "../../../lib/cluster/facts/service.js";
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
      sentTo: { ip: "10.96.0.20", port: 80 },
      backend: { ip: "10.0.2.2", port: 8080 },
      otherBackends: 0,
    },
    otherFamily: { sentTo: { ip: "fd00:96::20", port: 80 }, backend: { ip: "fd00:2::2", port: 8080 } },
  });
  const swapped = { clusterIP: "fd00:96::20", clusterIPs: ["fd00:96::20", "10.96.0.20"] };
  t.match(await findKubeService(NAME, query(swapped)), {
    ...{ sentTo: { ip: "fd00:96::20" }, backend: { ip: "fd00:2::2" } },
    otherFamily: { sentTo: { ip: "10.96.0.20" }, backend: { ip: "10.0.2.2" } },
  });
  t.match(
    await findServiceByIp("fd00:96::20", query(DUAL)),
    { sentTo: { ip: "fd00:96::20" }, backend: { ip: "fd00:2::2" }, otherFamily: null },
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
    ...{ sentTo: null, backend: { ip: "fd00:2::2" }, otherBackends: 0 },
    otherFamily: { sentTo: null, backend: { ip: "10.0.2.2" } },
  });
  t.match(await findKubeService(NAME, query({ clusterIP: "None" })), { otherBackends: 1, otherFamily: null });
});

const WEB = {
  clusterIP: "10.96.0.20",
  ports: [{ name: "http", port: 80, nodePort: 30_080 }],
  externalIPs: ["198.51.100.20"],
};
const two = [slice("IPv4", { web: "10.0.2.2", cart: "10.0.2.3" })];

t.test("a Service by its other addresses and its NodePort", async (t) => {
  const asked = (given: object = {}, port: number | null = null): Parameters<typeof findKubeService>[1] => ({
    ...query({ ...WEB, ...given }),
    port,
  });
  const selectors: string[] = [];
  const list = (
    given: object = {},
    isListed = (selector: string) => selector.includes("!=ClusterIP"),
  ): Parameters<typeof findKubeService>[1] => {
    const { kube, ...rest } = asked(given);
    const service = {
      metadata: { namespace: "shop", name: "web" },
      spec: { ...WEB, ...given },
      status: { loadBalancer: { ingress: [{ hostname: "x" }, { ip: "198.51.100.10" }] } },
    };
    const all = kube.list.bind(kube);
    const listOf = (request: Parameters<typeof all>[0]): Promise<readonly unknown[]> => {
      if (request.resource !== "services") return all(request);
      const selector = request.query?.["fieldSelector"] ?? "";
      selectors.push(selector);
      return Promise.resolve(isListed(selector) ? [service] : []);
    };
    return { ...rest, kube: { ...kube, list: listOf as typeof kube.list } };
  };
  t.match(await findServiceByIp("198.51.100.20", list()), {
    ...{ sentTo: { ip: "198.51.100.20", port: 80 }, door: { kind: "externalIp", node: null } },
  });
  t.match(await findServiceByIp("198.51.100.10", list()), { door: { kind: "loadBalancer", node: null } });
  const isOpen = "spec.type!=ClusterIP,spec.type!=ExternalName";
  t.strictSame(
    selectors.slice(-2),
    ["spec.clusterIP=198.51.100.10", isOpen],
    "the cluster's many others are not listed",
  );
  const second = list({ clusterIPs: ["10.96.0.20", "fd00:96::20"] }, (all) => all.includes("=ClusterIP,"));
  t.match(await findServiceByIp("fd00:96::20", second), { door: null, sentTo: { ip: "fd00:96::20" } });
  let known: readonly string[] = [];
  const unserved = (told: readonly string[]): void => void (known = told);
  t.equal(await findServiceByIp("198.51.100.99", { ...list(), unserved }), null);
  t.ok(known.length > 0, "whose ClusterIPs there are tells whether it is one of their range");
  const at = { ip: "172.16.0.2", port: 30_080, node: "node-c" };
  t.match(await findServiceByNodePort(at, { ...asked({}, 30_080), away: "node-a" }), {
    ...{ sentTo: { ip: "172.16.0.2", port: 30_080 }, door: { kind: "nodePort", node: "node-c" } },
    ...{ backend: { ip: "10.0.2.2", port: 8080 }, refusedAt: null },
  });
  await findServiceByNodePort(at, list());
  t.equal(selectors.at(-1), isOpen, "a NodePort is none of a Service without");
  t.equal(await findServiceByNodePort({ ...at, port: 30_099 }, asked()), null);
  const local = { ...asked({ externalTrafficPolicy: "Local" }, 30_080), away: "node-a" };
  t.match(await findServiceByNodePort(at, local), {
    refusedAt: "node-c",
    notes: [/no backend on node-c: what comes to it there is dropped on purpose/],
  });
  t.match(await findServiceByNodePort({ ...at, node: "node-b" }, local), { refusedAt: null, notes: [] });
  const refused = Object.assign(new HopbookError("KUBE_FORBIDDEN", "no"), {});
  const kube = { ...local.kube, list: () => Promise.reject(refused) };
  t.equal(
    await findServiceByIp("198.51.100.20", { ...local, kube }),
    null,
    "who may not list them finds none",
  );
});

t.test("internalTrafficPolicy: Local takes backends of the sender's node alone", async (t) => {
  const spec = { ...WEB, internalTrafficPolicy: "Local" };
  const from = async (away: string): Promise<unknown> => findKubeService(NAME, { ...query(spec), away });
  t.match(await from("node-b"), { notes: [], backend: { ip: "10.0.2.2" } });
  t.match(await from("node-a"), { notes: [/internalTrafficPolicy: Local and no backend on node-a/] });
});

t.test("session affinity: which backend a client is kept to is asked where it matters", async (t) => {
  const spec = { ...WEB, sessionAffinity: "ClientIP" };
  const kept = { ...query(spec, two), askPinned: () => Promise.resolve("10.0.2.2") };
  t.match(await findKubeService(NAME, kept), {
    ...{ backend: { ip: "10.0.2.2" }, otherBackends: 0 },
    notes: [/for 10800 s .*: this one is kept to 10\.0\.2\.2, which is followed$/],
  });
  t.match(await findKubeService(NAME, { ...kept, backend: "shop/web" }), { otherBackends: 0 });
  t.match(
    await findKubeService(
      NAME,
      query({ ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } }, two),
    ),
    {
      otherBackends: 1,
      notes: [/for 60 s .*is not known$/, /of 2 backends the first is followed/],
    },
  );
  t.match(await findKubeService(NAME, query(spec)), { notes: [] }, "one backend alone is everybody's");
});

t.test("an ExternalName is refused with what to do in its place", async (t) => {
  const named = (externalName: string): Promise<unknown> =>
    findKubeService(NAME, query({ type: "ExternalName", externalName }));
  await t.rejects(named("db.example.com"), {
    ...{
      code: "TARGET_NOT_FOUND",
      message: /ExternalName, a name in DNS alone that stands for "db\.example\.com"/,
    },
    hint: /resolve the name in the pod/,
  });
  await t.rejects(named("198.51.100.7"), {
    ...{ code: "TARGET_NOT_FOUND", hint: /--to 198\.51\.100\.7, with the port/ },
  });
});

t.test("the ranges of ClusterIPs are what the API tells of them; nothing where it does not", async (t) => {
  const told = (list: () => Promise<readonly unknown[]>): Promise<readonly string[]> =>
    listServiceRanges({ kube: { list } as unknown as KubeQuery["kube"], signal: undefined });
  const ranges = [{ spec: { cidrs: ["10.96.0.0/12", "fd00:96::/112", 7] } }, { spec: {} }];
  t.strictSame(await told(() => Promise.resolve(ranges)), ["10.96.0.0/12", "fd00:96::/112"]);
  t.strictSame(await told(() => Promise.reject(new HopbookError("KUBE_FORBIDDEN", "no"))), []);
  const kube = { list: () => Promise.reject(new HopbookError("INTERRUPTED", "stopped")) };
  const stopped = { kube: kube as unknown as KubeQuery["kube"], signal: AbortSignal.abort() };
  await t.rejects(listServiceRanges(stopped), { code: "INTERRUPTED" });
});
