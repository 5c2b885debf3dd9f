import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { CLUSTER_SCRIPTS } from "../../../lib/cluster/index.js";
import type { KubeReader } from "../../../lib/model/kube.js";
import { validateValue } from "../../../lib/document/index.js";
import { findArgvFault } from "../../../lib/permissions/index.js";
import { dnsRead } from "../../../lib/steps/dns/dns-read.js";
import { PROBE_SCRIPTS } from "../../../lib/traffic/index.js";
import { keyOf, replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "../samples.js";

const ROOT = join(import.meta.dirname, "../../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const SCRIPTS = new Map(
  Object.entries({ ...CLUSTER_SCRIPTS, ...PROBE_SCRIPTS }).map(
    ([name, text]) => [name, new Set([text])] as const,
  ),
);
const FILE =
  "nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\noptions ndots:5\n#done\n";
const NAT = `*nat
:KUBE-SERVICES - [0:0]
:KUBE-SVC-A - [0:0]
:KUBE-SEP-A - [0:0]
:KUBE-SEP-B - [0:0]
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-A
-A KUBE-SVC-A -m statistic --mode random --probability 0.5 -j KUBE-SEP-A
-A KUBE-SVC-A -j KUBE-SEP-B
-A KUBE-SEP-A -p udp -m udp -j DNAT --to-destination 192.168.218.66:53
-A KUBE-SEP-B -p udp -m udp -j DNAT --to-destination 192.168.218.67:53
COMMIT
`;

const ADDRESSES = JSON.stringify([
  { ifname: "lo", addr_info: [{ family: "inet", local: "127.0.0.1", prefixlen: 8, scope: "host" }] },
  { ifname: "eth0", addr_info: [{ family: "inet", local: "10.77.0.11", prefixlen: 24, scope: "global" }] },
  {
    ifname: "nodelocaldns",
    addr_info: [{ family: "inet", local: "169.254.20.10", prefixlen: 32, scope: "global" }],
  },
]);

interface Told {
  readonly nat?: string | { readonly stdout: string; readonly exitCode: number };
  readonly kube?: KubeReader;
}

function setUp(file: string, { nat = NAT, kube }: Told = {}): FakeContext {
  const accesses = Object.entries(RECORDED).map(([node, recording]) => {
    const replay = replayNode(node, recording);
    return replay.beside({
      exec: async (argv, options, run) => {
        const key = keyOf(argv);
        const said = {
          "iptables-save": nat,
          "ip6tables-save": "*nat\nCOMMIT\n",
          ip: argv[2] === "address" ? ADDRESSES : null,
        }[argv[0] ?? ""];
        const own = key.startsWith("hopbook-resolver") ? file : (said ?? null);
        if (own === null) return run();
        return { ...(await replayNode(node, { [key]: own }).exec(argv, options)), durationMs: 0 };
      },
    });
  });
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  return fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    recipeDirs: [join(ROOT, "runbooks/cni")],
    ...(kube === undefined ? {} : { kube }),
  });
}

t.test("the walk, the servers and those behind them, by commands that are declared", async (t) => {
  const fake = setUp(FILE);
  const { commands, outputs } = await dnsRead.plan({ from: "shop/client", name: "web" }, fake.context);
  t.strictSame(validateValue(outputs, dnsRead.outputSchema), []);
  t.strictSame(outputs.names, ["web.shop.svc.cluster.local", "web.svc.cluster.local", "web"]);
  t.strictSame(outputs.servers, [
    {
      ...{ ip: "10.96.0.10", role: "nameserver", service: "kube-system/kube-dns" },
      ...{ endpoints: ["192.168.218.66", "192.168.218.67"], device: null },
    },
  ]);
  t.strictSame(outputs.to, ["192.168.218.66:53", "192.168.218.67:53"]);
  for (const { action, argv } of commands) {
    t.ok(dnsRead.actions.includes(action), action);
    t.equal(findArgvFault(action, argv, SCRIPTS), undefined);
  }
  t.ok(commands.some(({ action }) => action === "pod/resolver"));
});

t.test("a server that is no Service is asked beside the cluster's own", async (t) => {
  const fake = setUp("nameserver 192.0.2.1\n#done\n");
  const { outputs } = await dnsRead.plan({ from: "shop/client", name: "web" }, fake.context);
  t.match(outputs.servers, [
    { ip: "192.0.2.1", role: "nameserver", service: null, endpoints: [] },
    { ip: "10.96.0.10", role: "reference" },
  ]);
  t.equal(outputs.to[0], "192.0.2.1:53");
});

t.test("an address of the node's own is told with its device", async (t) => {
  const fake = setUp("nameserver 169.254.20.10\nnameserver 127.0.0.1\n#done\n");
  const { outputs } = await dnsRead.plan({ from: "shop/client", name: "web" }, fake.context);
  t.match(outputs.servers, [
    { ip: "169.254.20.10", service: null, device: "nodelocaldns" },
    { ip: "127.0.0.1", device: null },
    { ip: "10.96.0.10", role: "reference" },
  ]);
});

for (const [what, nat, why] of [
  ["that fails", { stdout: "", exitCode: 4 }, /iptables-save on node-a ended with exit code 4/],
  ["that is missing", { stdout: "", exitCode: 127 }, /a program is missing there/],
  ["without Services", "*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n", /has no chain of Services/],
] as const) {
  t.test(`a NAT table ${what} is unread, not empty`, async (t) => {
    const fake = setUp(FILE, { nat });
    const { outputs } = await dnsRead.plan({ from: "shop/client", name: "web" }, fake.context);
    t.match(outputs.servers, [{ ip: "10.96.0.10", service: null, endpoints: [], unread: why }]);
    t.match(fake.notes.join("\n"), /who is behind 10\.96\.0\.10 is not known/);
  });
}

t.test("what the table does not tell the API does, by a Service's second ClusterIP too", async (t) => {
  const service = {
    metadata: { namespace: "kube-system", name: "kube-dns" },
    spec: {
      ...{ clusterIP: "fd00:96::a", clusterIPs: ["fd00:96::a", "10.96.0.10"] },
      ports: [{ name: "dns", port: 53, protocol: "UDP" }],
    },
  };
  const slice = {
    ...{ addressType: "IPv4", ports: [{ name: "dns", port: 53 }] },
    endpoints: [
      { addresses: ["10.0.2.9"], conditions: { ready: false } },
      { addresses: ["10.0.2.3"] },
      { addresses: ["10.0.2.2"] },
    ],
  };
  const list = ({ resource, query }: Parameters<KubeReader["list"]>[0]): Promise<readonly unknown[]> => {
    if (resource === "endpointslices") return Promise.resolve([slice]);
    const first = query?.["fieldSelector"]?.replace("spec.clusterIP=", "");
    return Promise.resolve(resource !== "services" || first === "10.96.0.10" ? [] : [service]);
  };
  const kube = { namespace: "shop", list } as unknown as KubeReader;
  const fake = setUp(FILE, { nat: "*nat\nCOMMIT\n", kube });
  const { outputs } = await dnsRead.plan({ from: "node/node-a", name: "web" }, fake.context);
  t.match(outputs.servers, [{ service: "kube-system/kube-dns", endpoints: ["10.0.2.2", "10.0.2.3"] }]);
  t.notOk(outputs.servers[0]?.unread);
});

t.test("one family's servers are asked where resolv.conf names one, and the others are named", async (t) => {
  const file = "nameserver 10.96.0.10\nnameserver fd00:10:96::a\n#done\n";
  for (const [family, asked, leftOut] of [
    [undefined, ["10.96.0.10", "fd00:10:96::a"], undefined],
    ["4", ["10.96.0.10"], ["fd00:10:96::a"]],
    ["ipv6", ["fd00:10:96::a"], ["10.96.0.10"]],
  ] as const) {
    const fake = setUp(file);
    const input = { from: "shop/client", name: "web", ...(family !== undefined && { family }) };
    const { outputs } = await dnsRead.plan(input, fake.context);
    t.strictSame([...outputs.config.nameservers], [...asked]);
    t.strictSame(outputs.config.leftOut, leftOut);
    t.equal(/not asked, being of the other IP family/.test(fake.notes.join("\n")), leftOut !== undefined);
  }
  const { outputs } = await dnsRead.plan(
    { from: "shop/client", name: "web", family: "6" },
    setUp(FILE).context,
  );
  t.strictSame(outputs.config.nameservers, ["10.96.0.10"], "it knows AAAA as well");
});

t.test("without a file nothing is guessed", async (t) => {
  const plan = dnsRead.plan({ from: "shop/client", name: "web" }, setUp("#none\n").context);
  await t.rejects(plan, { code: "TARGET_NOT_FOUND", message: /resolver configuration of shop\/client/ });
});
