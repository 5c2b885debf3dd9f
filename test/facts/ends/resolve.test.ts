import t from "tap";
import { NAMINGS } from "../../fixtures/namings.js";
import { HopbookError } from "../../../lib/errors.js";
import {
  findService,
  gatherFacts,
  locateEnds,
  resolveEnd,
  selectPods,
  showText,
  type LoadedProfile,
} from "../../../lib/cluster/index.js";
import { parseEnd } from "../../../lib/cluster/end-name.js";
import { replayNode, type Recorded, type Recording } from "../../fixtures/nodes/replay.js";
import { fc } from "../../fixtures/property.js";

const NAT = `*nat
-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB
-A KUBE-SERVICES ! -s 10.0.0.0/8 -d 10.96.0.30/32 -p tcp -m comment --comment "shop/two cluster IP" -m tcp --dport 80 -j KUBE-SVC-TWO
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/dns:dns cluster IP" -m udp --dport 53 -j KUBE-SVC-DNS
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/dns:metrics cluster IP" -m tcp --dport 9153 -j KUBE-SVC-DNS
-A KUBE-SERVICES -d 10.96.0.40/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-NONE
-A KUBE-SVC-WEB ! -s 10.0.0.0/8 -d 10.96.0.20/32 -j KUBE-MARK-MASQ
-A KUBE-SVC-WEB -m comment --comment "shop/web:http -> 10.0.2.2:8080" -j KUBE-SEP-W1
-A KUBE-SVC-TWO -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-W1
-A KUBE-SVC-TWO -j KUBE-SEP-W2
-A KUBE-SVC-DNS -j KUBE-SEP-W2
-A KUBE-SVC-LOOP -j KUBE-SVC-LOOP
-A KUBE-SEP-W1 -p tcp -m tcp -j DNAT --to-destination 10.0.2.2:8080
-A KUBE-SEP-W2 -p tcp -m tcp -j DNAT --to-destination 10.0.1.3:8080
COMMIT
`;

const PODS: Record<string, [string, string, string][]> = {
  "node-a": [
    ["shop", "client", "10.0.1.2"],
    ["shop", "cart", "10.0.1.3"],
    ["other", "web", "10.0.1.4"],
  ],
  "node-b": [
    ["shop", "web", "10.0.2.2"],
    ["shop", "api-7d9f-x2x", "10.0.2.3"],
    ["shop", "proxy", ""],
  ],
};

function record(node: string): Recording {
  const pods = PODS[node] ?? [];
  const items = pods.map(([namespace, name]) => ({
    id: `id-${namespace}-${name}`,
    metadata: { name, namespace, uid: name, attempt: 0 },
    state: "SANDBOX_READY",
    createdAt: "1",
  }));
  const inspect = pods.map(([, name, ip]) =>
    JSON.stringify({
      info: { pid: 9 },
      status: {
        network: { ip },
        linux: { namespaces: { options: { network: name === "proxy" ? "NODE" : "POD" } } },
      },
    }),
  );
  const recording: Record<string, Recorded | string> = {
    "hopbook-crictl  pods -o json": JSON.stringify({ items }),
    "hopbook-crictl  ps -o json": "{}",
    "iptables-save -t nat": NAT,
    "ip -j route get 192.0.2.1": '[{"dst":"192.0.2.1","dev":"eth0","prefsrc":"172.16.0.2"}]',
    [`hopbook-inspectp  ${items.map((item) => item.id).join(" ")}`]: `\u001e${inspect.join("\u001e")}`,
  };
  for (const [index, item] of items.entries()) {
    recording[`hopbook-inspectp  ${item.id}`] = `\u001e${inspect[index] ?? ""}`;
    recording[`hopbook-cni-cache ${item.id}`] = "";
  }
  return recording;
}

const profile: LoadedProfile = {
  name: "x",
  nodes: [
    { name: "node-a", address: "172.16.0.1", access: { via: "local" } },
    { name: "node-b", address: "node-b.example", access: { via: "local" } },
  ],
  cni: "auto",
  interfaces: {},
  workDir: "/var/tmp",
};
const accesses = new Map(["node-a", "node-b"].map((node) => [node, replayNode(node, record(node))]));
const facts = await gatherFacts(profile, accesses, { namings: NAMINGS });

t.test("ends that are found", async (t) => {
  t.match(await resolveEnd("shop/web:8080", facts), {
    kind: "pod",
    pod: "shop/web",
    node: "node-b",
    ip: "10.0.2.2",
    port: 8080,
    netns: { kind: "path", path: "/proc/9/ns/net" },
  });
  t.match(await resolveEnd("10.0.2.2:80", facts), { kind: "pod", pod: "shop/web", port: 80 });
  t.match(await resolveEnd("node/node-a:22", facts), {
    kind: "node",
    ip: "172.16.0.1",
    port: 22,
    hostNetwork: true,
  });
  t.match(
    await resolveEnd("node/node-b", facts),
    { kind: "node", ip: "172.16.0.2" },
    "asked by its default route",
  );
  t.match(await resolveEnd("172.16.0.1", facts), { kind: "node", node: "node-a" });
  t.match(await resolveEnd("shop/proxy", facts), {
    kind: "pod",
    ip: "172.16.0.2",
    hostNetwork: true,
    netns: { kind: "host" },
  });
  const outside = await resolveEnd("[2001:DB8::1]:443", facts).catch((error: unknown) => error);
  t.match(outside, /ip6tables-save/, "an IPv6 address is looked up in ip6tables");
  t.strictSame((await resolveEnd("203.0.113.9:443", facts)).addresses, [{ ip: "203.0.113.9", port: 443 }]);
});

t.test("all backends of a Service are ends of their own; what is none is one end", async (t) => {
  const to = ["10.96.0.30:80", "shop/web:8080"];
  const [from, ...others] = await locateEnds({ from: "shop/client", to }, facts, { allBackends: true });
  t.equal(from.node, "node-a");
  const ends = await Promise.all(others.map(({ finish }) => finish()));
  t.strictSame(
    ends.map(({ kind, pod, ip }) => [kind, pod, ip]),
    [
      ["service", "shop/web", "10.0.2.2"],
      ["service", "shop/cart", "10.0.1.3"],
      ["pod", "shop/web", "10.0.2.2"],
    ],
  );
});

t.test("services", async (t) => {
  t.match(await resolveEnd("10.96.0.20:80", facts), {
    ...{ kind: "service", service: "shop/web", pod: "shop/web" },
    node: "node-b",
    ip: "10.96.0.20",
    port: 80,
  });
  t.match(await resolveEnd("10.96.0.20", facts), { port: 80 }, "its only port");
  await t.rejects(resolveEnd("10.96.0.30:80", facts), {
    code: "TARGET_AMBIGUOUS",
    hint: /--backend shop\/web/,
    detail: /shop\/web at 10\.0\.2\.2:8080\nshop\/cart at 10\.0\.1\.3:8080/,
  });
  const chosen = await resolveEnd("10.96.0.30:80", facts, { backend: "shop/cart" });
  t.match(chosen, {
    kind: "service",
    node: "node-a",
    ...{ ip: "10.0.1.3", port: 8080, otherBackends: 1 },
    addresses: [
      { ip: "10.96.0.30", port: 80 },
      { ip: "10.0.1.3", port: 8080 },
    ],
  });
  t.equal((await resolveEnd("10.96.0.20:80", facts)).otherBackends, undefined, "the only one has no others");
  await t.rejects(resolveEnd("10.96.0.30:80", facts, { backend: "shop/api" }), { code: "TARGET_NOT_FOUND" });
  await t.rejects(resolveEnd("10.96.0.10", facts), {
    code: "TARGET_AMBIGUOUS",
    detail: /53\/udp.*\n9153\/tcp/,
  });
  await t.rejects(resolveEnd("10.96.0.10:54", facts), { code: "TARGET_NOT_FOUND", message: /no such port/ });
  await t.rejects(resolveEnd("10.96.0.40:80", facts), { code: "TARGET_NOT_FOUND", message: /no endpoint/ });
  const loop = NAT.replace("-j KUBE-SVC-WEB", "-j KUBE-SVC-LOOP");
  t.strictSame(
    findService(loop, "10.96.0.20", NAMINGS)[0]?.endpoints,
    [],
    "a chain that leads to itself ends",
  );
});

t.test("pods by an address, where no API is asked", async (t) => {
  const options = { note: (): void => undefined };
  t.match(await selectPods(["10.0.2.2"], facts, options), [
    { namespace: "shop", name: "web", node: "node-b" },
  ]);
  await t.rejects(selectPods(["203.0.113.9"], facts, options), {
    ...{ code: "TARGET_NOT_FOUND", message: /none that runs has that address/ },
  });
});

t.test("ends that are not found list the near ones", async (t) => {
  await t.rejects(resolveEnd("shop/clent", facts), { code: "TARGET_NOT_FOUND", hint: /shop\/client/ });
  await t.rejects(resolveEnd("shop/api", facts), { code: "TARGET_NOT_FOUND", hint: /shop\/api-7d9f-x2x/ });
  await t.rejects(resolveEnd("prod/client", facts), { code: "TARGET_NOT_FOUND", hint: /shop\/client/ });
  await t.rejects(resolveEnd("web", facts), { code: "TARGET_AMBIGUOUS", detail: /other\/web.*\nshop\/web/ });
  await t.rejects(resolveEnd("cart", facts), { code: "TARGET_NOT_FOUND", hint: /did you mean shop\/cart/ });
  await t.rejects(resolveEnd("cart:8080", facts), {
    code: "TARGET_NOT_FOUND",
    hint: "did you mean shop/cart:8080?",
  });
  await t.rejects(resolveEnd("shop/zzzzzzzz", facts), {
    code: "TARGET_NOT_FOUND",
    detail: /^pods in shop: shop\/api-7d9f-x2x, shop\/c/m,
    hint: /kubectl get pods/,
  });
  await t.rejects(resolveEnd("none/zzzzzzzz", facts), {
    code: "TARGET_NOT_FOUND",
    detail: /^namespaces seen: .*shop/m,
  });
  await t.rejects(resolveEnd("zzz.default.svc:80", facts), {
    code: "TARGET_NOT_FOUND",
    hint: /not looked up in DNS/,
  });
  await t.rejects(resolveEnd("zzzzzzzz", facts), {
    code: "TARGET_NOT_FOUND",
    hint: "write it as namespace/pod",
  });
  const many = Array.from({ length: 9 }, (_, index) => ({ ...facts.pods[0]!, name: `q${index}` }));
  await t.rejects(resolveEnd("shop/zzzzzzzz", { ...facts, pods: many }), {
    code: "TARGET_NOT_FOUND",
    detail: /^namespaces seen: /,
  });
  await t.rejects(resolveEnd("shop/zzzzzzzz", { ...facts, pods: [] }), {
    message: /none of 0 running pods/,
  });
  const profile = { ...facts.profile, endNamespace: "shop" };
  t.match(
    await resolveEnd("cart:80", { ...facts, profile }),
    { pod: "shop/cart", port: 80 },
    "-n, without an API",
  );
  await t.rejects(resolveEnd("node/nod-a", facts), { code: "TARGET_NOT_FOUND", hint: /node\/node-a/ });
  for (const text of [
    "shop/web:0",
    "shop/web:99999",
    "1.2.3.4.5",
    "-x",
    "a b",
    "",
    "shop/web:80;ls",
    "x".repeat(999),
  ]) {
    await t.rejects(resolveEnd(text, facts), { code: "INPUT_INVALID" }, JSON.stringify(text.slice(0, 20)));
  }
});

t.test("nodes that were not asked are named", async (t) => {
  const down = new HopbookError("NODE_UNREACHABLE", "Cannot log in to node-b: timed out", {
    where: { node: "node-b" },
  });
  const unreachable = new Map([["node-b", down]]);
  const half = await gatherFacts(profile, new Map([...accesses].slice(0, 1)), { unreachable });
  await t.rejects(resolveEnd("shop/web", half), {
    code: "TARGET_NOT_FOUND",
    detail: /node-b was not asked: Cannot log in to node-b/,
  });
  await t.rejects(resolveEnd("shop/web", await gatherFacts(profile, new Map(), { unreachable })), down);
  const twice = await gatherFacts(profile, new Map([...accesses].map(([, access]) => [access.node, access])));
  const moved = {
    ...twice,
    pods: [...twice.pods, { ...(twice.pods[0] as (typeof twice.pods)[0]), node: "node-b" }],
  };
  await t.rejects(resolveEnd("shop/client", moved), { code: "TARGET_AMBIGUOUS", hint: /node-a, node-b/ });
});

t.test("a refused permission is no node's failure", async (t) => {
  const denied = new HopbookError("PERMISSION_DENIED", "Cannot run runtime/pods: it was not granted");
  const refusing = replayNode("node-a", {}).beside({ exec: () => Promise.reject(denied) });
  await t.rejects(gatherFacts(profile, new Map([["node-a", refusing]])), denied);
});

t.test("texts that are no ends, addresses and names", (t) => {
  t.equal(showText("a\u001b[2J\u202e"), '"a\\u001b[2J\\u202e"');
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.webAuthority()), (text) => {
      try {
        parseEnd(text);
      } catch (error) {
        if (!(error instanceof HopbookError)) throw error;
      }
      findService(
        `-A KUBE-SERVICES -d ${text} --dport 80 -j KUBE-SVC-X\n-A KUBE-SVC-X ${text}`,
        "1.2.3.4",
        NAMINGS,
      );
    }),
    { numRuns: 1000 },
  );
  t.end();
});
