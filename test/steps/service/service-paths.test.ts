import t from "tap";
import { validateValue } from "../../../lib/document/index.js";
import type { KubeReader } from "../../../lib/model/kube.js";
import { servicePaths } from "../../../lib/steps/service/service-paths.js";
import { recordedContext as setUp, recordedNat } from "../recorded.js";

const INPUT = { from: "shop/client", to: "10.96.0.20:80" };

t.test("of one endpoint: the whole way by the Service's address, and that by the endpoint's", async (t) => {
  t.strictSame(validateValue(servicePaths.example, servicePaths.inputSchema), []);
  const fake = setUp();
  const { outputs } = await servicePaths.plan(INPUT, fake.context);
  t.strictSame(validateValue(outputs, servicePaths.outputSchema), []);
  t.strictSame(outputs.service, {
    ...{ name: "shop/web", clusterIp: "10.96.0.20:80", endpoints: ["192.168.2.2:8080"] },
    ...{ notReady: [], untried: false },
  });
  t.strictSame(
    outputs.paths.map(({ to, hops }) => `${to.kind} ${to.ip}:${String(to.port)} ${hops.length}`),
    ["service 10.96.0.20:80 8", "pod 192.168.2.2:8080 8"],
  );
  t.strictSame(outputs.probe, ["tcp-connect"]);
  t.match(fake.files.get("evidence/paths/step.json"), { paths: [{}, {}] });
});

t.test("of several: by the Service's address as far as nobody has chosen one", async (t) => {
  const second = [
    "-A KUBE-SVC-WEB -m statistic --mode random --probability 0.5 -j KUBE-SEP-WEB2",
    "-A KUBE-SEP-WEB2 -p tcp -j DNAT --to-destination 192.168.1.3:8080",
  ];
  const { outputs } = await servicePaths.plan(
    INPUT,
    setUp(recordedNat.replace("-A KUBE-SVC-WEB ", `${second.join("\n")}\n-A KUBE-SVC-WEB `)).context,
  );
  t.strictSame([...outputs.service.endpoints].sort(), ["192.168.1.3:8080", "192.168.2.2:8080"]);
  const [front] = outputs.paths;
  t.equal(outputs.paths.length, 3);
  t.match(front?.to, { kind: "service", ip: "10.96.0.20", port: 80, node: null, pod: null });
  t.strictSame(
    front?.hops.map(({ role }) => role),
    ["pod", "host-veth"],
  );
});

t.test("the probe follows the Service's port, not the endpoints'", async (t) => {
  const dns = recordedNat.replace("--dport 80 ", "--dport 53 ");
  const probe = async (protocol: "auto" | "udp" | "tcp"): Promise<unknown> => {
    const fake = setUp(dns);
    return (await servicePaths.plan({ ...INPUT, to: "10.96.0.20:53", protocol }, fake.context)).outputs.probe;
  };
  t.strictSame(await probe("auto"), ["dns-udp"]);
  t.strictSame(await probe("tcp"), ["dns-tcp"]);
  const { outputs } = await servicePaths.plan({ ...INPUT, protocol: "udp" }, setUp().context);
  t.strictSame(outputs.probe, ["udp"]);
});

t.test("an address that the node has no rule for is tried as it is", async (t) => {
  const { outputs } = await servicePaths.plan({ ...INPUT, to: "203.0.113.9:80" }, setUp().context);
  t.match(outputs.service, { clusterIp: "203.0.113.9:80", endpoints: [], untried: false });
  t.equal(outputs.paths.length, 1);
});

t.test("a Service without endpoints has no ways, and is told of", async (t) => {
  const service = {
    metadata: { namespace: "shop", name: "web" },
    spec: { clusterIP: "10.96.0.20", ports: [{ port: 80 }] },
  };
  const pod = {
    metadata: { namespace: "shop", name: "client", uid: "a1" },
    spec: { nodeName: "node-a" },
    status: { phase: "Running", podIP: "192.168.1.2", conditions: [{ type: "Ready", status: "True" }] },
  };
  const kube = {
    ...{ server: "https://x", context: "x", namespace: "shop" },
    request: ({ resource }: { resource: string }) => Promise.resolve(resource === "pods" ? pod : service),
    list: () => Promise.resolve([]),
  } as unknown as KubeReader;
  const { outputs } = await servicePaths.plan({ ...INPUT, to: "svc/web:80" }, setUp(undefined, kube).context);
  t.match(outputs, { service: { name: "shop/web", untried: true }, paths: [] });
});

t.test("what is no Service is refused: before anything is read where its name says so", async (t) => {
  t.throws(() => servicePaths.check?.({ ...INPUT, to: "shop/web:8080" }), /it is no Service/);
  t.doesNotThrow(() => servicePaths.check?.({ ...INPUT, to: "shop/svc/web:80" }));
  const refused = servicePaths.plan({ ...INPUT, to: "192.168.2.2:8080" }, setUp().context);
  await t.rejects(refused, { code: "INPUT_INVALID" });
  await t.rejects(servicePaths.plan({ ...INPUT, to: "10.96.0.20:81" }, setUp().context), /no such port/);
});
