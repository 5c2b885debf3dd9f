import t from "tap";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeReader } from "../../../lib/model/kube.js";
import { findIdleService } from "../../../lib/steps/service/idle-service.js";

const SIGNAL = new AbortController().signal;
const PROFILE = { name: "test", nodes: [], cni: "auto", interfaces: {}, workDir: "/var/tmp" };

interface World {
  readonly spec?: object;
  readonly endpoints?: readonly object[];
  readonly fails?: Error;
}

const asked: unknown[] = [];
function ask(text: string, world: World, endNamespace?: string): ReturnType<typeof findIdleService> {
  const { spec = { clusterIP: "10.96.0.20" }, endpoints = [], fails } = world;
  const service = { metadata: { namespace: "shop", name: "web" }, spec };
  const kube = {
    namespace: "default",
    request: (wanted: unknown) => {
      asked.push(wanted);
      return fails === undefined ? Promise.resolve(service) : Promise.reject(fails);
    },
    list: ({ resource, query }: { resource: string; query?: { fieldSelector?: string } }) => {
      if (resource !== "services") return Promise.resolve([{ endpoints }]);
      return Promise.resolve(query?.fieldSelector === "spec.clusterIP=10.96.0.20" ? [service] : []);
    },
  } as unknown as KubeReader;
  const profile = { ...PROFILE, ...(endNamespace === undefined ? {} : { endNamespace }) };
  return findIdleService(text, { kube, profile, signal: SIGNAL });
}
const unready = (more: object): object => ({
  conditions: { ready: false },
  addresses: ["10.1.1.7"],
  ...more,
});

t.test("a Service without a ready endpoint, by its name and by its address", async (t) => {
  const endpoints = [
    unready({ targetRef: { kind: "Pod", name: "web-0" } }),
    unready({}),
    unready({ addresses: [7] }),
  ];
  for (const text of ["shop/svc/web:80", "10.96.0.20:80"]) {
    t.strictSame(await ask(text, { endpoints }), {
      ...{ name: "shop/web", clusterIp: "10.96.0.20", endpoints: [], untried: true },
      notReady: ["shop/web-0", "10.1.1.7", "an endpoint"],
    });
  }
  const headless = await ask("svc/web", { spec: { clusterIP: "None" } });
  t.match(headless, { clusterIp: null, notReady: [] });
});

t.test("a name without a namespace is in that of -n, else in the context's", async (t) => {
  asked.length = 0;
  await ask("svc/web", {}, "orders");
  await ask("svc/web", {});
  t.match(asked, [{ namespace: "orders" }, { namespace: "default" }]);
});

t.test("null: it has endpoints, it is none, or nobody may say", async (t) => {
  const worlds: readonly (readonly [string, World])[] = [
    ["svc/web:80", { endpoints: [{ addresses: ["10.1.1.7"] }] }],
    ["svc/web:80", { spec: { type: "ExternalName" } }],
    ["203.0.113.9:80", {}],
    ["shop/web:80", {}],
    ["svc/web:80", { fails: new HopbookError("KUBE_NOT_FOUND", "none") }],
    ["svc/web:80", { fails: new HopbookError("KUBE_FORBIDDEN", "no") }],
  ];
  for (const [text, world] of worlds) t.equal(await ask(text, world), null, text);
  t.equal(await findIdleService("svc/web", { profile: PROFILE, signal: SIGNAL }), null, "no API");
  await t.rejects(ask("svc/web", { fails: new HopbookError("KUBE_UNREACHABLE", "gone") }), /gone/);
});
