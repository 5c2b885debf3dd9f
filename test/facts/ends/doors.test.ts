import t from "tap";
import { NAMINGS } from "../../fixtures/namings.js";
import { replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { gatherFacts, locateEnds, resolveEnd, type LoadedProfile } from "../../../lib/cluster/index.js";
import type { KubeReader } from "../../../lib/model/kube.js";
import { findNodePort, findService } from "../../../lib/cluster/ends/service-ports.js";

/** Services and pods by addresses that are not their own, as a node's NAT table leads them on. */

const NAT = `*nat
-A KUBE-SERVICES -d 10.96.0.20/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB
-A KUBE-SERVICES -d 198.51.100.20/32 -p tcp -m comment --comment "shop/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-WEB
-A KUBE-SERVICES -d 198.51.100.10/32 -p tcp -m comment --comment "shop/web:http loadbalancer IP" -m tcp --dport 80 -j KUBE-EXT-WEB
-A KUBE-SERVICES -d 10.96.0.22/32 -p tcp -m comment --comment "shop/sticky cluster IP" -m tcp --dport 80 -j KUBE-SVC-KEEP
-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web:http" -m tcp --dport 30080 -j KUBE-EXT-WEB
-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/edge:http" -m tcp --dport 30081 -j KUBE-EXT-EDGE
-A KUBE-EXT-WEB -m comment --comment "masquerade traffic for shop/web:http external destinations" -j KUBE-MARK-MASQ
-A KUBE-EXT-WEB -j KUBE-SVC-WEB
-A KUBE-EXT-EDGE -s 10.0.0.0/8 -m comment --comment "pod traffic for shop/edge:http external destinations" -j KUBE-SVC-WEB
-A KUBE-EXT-EDGE -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
-A KUBE-EXT-EDGE -m addrtype --src-type LOCAL -j KUBE-SVC-WEB
-A KUBE-SVC-WEB -j KUBE-SEP-W1
-A KUBE-SVC-KEEP -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-W1 --mask 255.255.255.255 --rsource -j KUBE-SEP-W1
-A KUBE-SVC-KEEP -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-W2 --mask 255.255.255.255 --rsource -j KUBE-SEP-W2
-A KUBE-SVC-KEEP -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-W1
-A KUBE-SVC-KEEP -j KUBE-SEP-W2
-A KUBE-SEP-W1 -p tcp -m tcp -j DNAT --to-destination 10.0.2.2:8080
-A KUBE-SEP-W2 -p tcp -m tcp -j DNAT --to-destination 10.0.1.3:8080
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \\"cbr0\\" id: \\"2f\\"" -m multiport --dports 8088,8089 -j CNI-DN-2f
-A CNI-DN-2f -s 10.0.2.0/24 -p tcp -m tcp --dport 8088 -j CNI-HOSTPORT-SETMARK
-A CNI-DN-2f -p tcp -m tcp --dport 8088 -j DNAT --to-destination 10.0.2.2:80
-A CNI-DN-2f -p tcp -m tcp --dport 8089 -j DNAT --to-destination 10.0.2.2:81
COMMIT
`;
const PODS: Readonly<Record<string, readonly [string, string][]>> = {
  "node-a": [
    ["client", "10.0.1.2"],
    ["cart", "10.0.1.3"],
  ],
  "node-b": [["web", "10.0.2.2"]],
};

function record(node: string): Recording {
  const pods = PODS[node] ?? [];
  const items = pods.map(([name]) => ({
    ...{ id: `id-${name}`, metadata: { name, namespace: "shop", uid: name, attempt: 0 } },
    ...{ state: "SANDBOX_READY", createdAt: "1" },
  }));
  const inspected = pods.map(([, ip]) => {
    const linux = { namespaces: { options: { network: "POD" } } };
    return `\u001e${JSON.stringify({ info: { pid: 9 }, status: { network: { ip }, linux } })}`;
  });
  return {
    "hopbook-crictl  pods -o json": JSON.stringify({ items }),
    "hopbook-crictl  ps -o json": "{}",
    "iptables-save -t nat": NAT,
    "cat /proc/net/xt_recent/KUBE-SEP-W1":
      "src=10.0.1.2 ttl: 64 last_seen: 100 oldest_pkt: 1 100\nsrc=10.0.9.9 ttl: 64 last_seen: 900 oldest_pkt: 1 900\n",
    "cat /proc/net/xt_recent/KUBE-SEP-W2":
      "src=10.0.1.2 ttl: 64 last_seen: 300 oldest_pkt: 2 100, 300\nnoise\n",
    [`hopbook-inspectp  ${items.map(({ id }) => id).join(" ")}`]: inspected.join(""),
    ...Object.fromEntries(items.map(({ id }, index) => [`hopbook-inspectp  ${id}`, inspected[index] ?? ""])),
    ...Object.fromEntries(items.map(({ id }) => [`hopbook-cni-cache ${id}`, ""])),
  };
}

const profile: LoadedProfile = {
  name: "x",
  nodes: [
    { name: "node-a", address: "172.16.0.1", access: { via: "local" } },
    { name: "node-b", address: "172.16.0.2", access: { via: "local" } },
  ],
  ...{ cni: "auto", interfaces: {}, workDir: "/var/tmp" },
};
const accesses = new Map(["node-a", "node-b"].map((node) => [node, replayNode(node, record(node))]));
const facts = await gatherFacts(profile, accesses, { namings: NAMINGS });

interface Found {
  readonly end: Awaited<ReturnType<typeof resolveEnd>>;
  readonly notes: readonly string[];
}

async function find(text: string, fromNode = "node-a"): Promise<Found> {
  const notes: string[] = [];
  const end = await resolveEnd(text, facts, { fromNode, note: (said) => notes.push(said) });
  return { end, notes };
}

t.test("a NodePort is its Service's, by the way of the node that has the address", async (t) => {
  for (const text of ["172.16.0.2:30080", "node/node-b:30080"]) {
    const { end, notes } = await find(text);
    t.match(end, {
      ...{ kind: "service", service: "shop/web", pod: "shop/web", node: "node-b" },
      ...{ ip: "172.16.0.2", port: 30_080, door: { kind: "nodePort", node: "node-b" } },
      addresses: [
        { ip: "172.16.0.2", port: 30_080 },
        { ip: "10.0.2.2", port: 8080 },
      ],
    });
    t.strictSame(notes, [
      `${text} is a NodePort of shop/web, translated on node-b to 10.0.2.2:8080; by node-b's own NAT table`,
    ]);
  }
  t.match((await find("172.16.0.2:22")).end, { kind: "node", door: undefined }, "a port of the node itself");
});

t.test("a load balancer's address and an external IP are translated by the sender's own node", async (t) => {
  for (const [ip, kind, what] of [
    ["198.51.100.10", "loadBalancer", "a load balancer's address"],
    ["198.51.100.20", "externalIp", "an external IP"],
  ] as const) {
    const { end, notes } = await find(`${ip}:80`);
    t.match(end, { ip, service: "shop/web", door: { kind, node: null }, node: "node-b" });
    t.match(notes, [new RegExp(`is ${what} of shop/web, translated by the first node that it comes to`)]);
  }
});

t.test(
  "a traffic policy of Local: another node without a backend takes nothing, the own one all",
  async (t) => {
    const elsewhere = await find("172.16.0.2:30081");
    t.match(elsewhere.end, { kind: "node", node: "node-b", ip: "172.16.0.2", port: 30_081 });
    t.match(elsewhere.notes, [
      /dropped on purpose, and is no loss of the network; by node-b's own NAT table/,
    ]);
    const own = await find("172.16.0.1:30081");
    t.match(own.end, { kind: "service", service: "shop/edge", pod: "shop/web" });
    const withLocal = NAT.replace(
      "-A KUBE-SVC-WEB",
      "-A KUBE-EXT-EDGE -j KUBE-SVL-E\n-A KUBE-SVL-E -j KUBE-SEP-W2\n$&",
    );
    t.strictSame(findNodePort(withLocal, 30_081, NAMINGS)[0]?.local, [{ ip: "10.0.1.3", port: 8080 }]);
    t.equal(findNodePort(NAT, 30_080, NAMINGS)[0]?.local, null);
  },
);

t.test("a host port is its pod's", async (t) => {
  const { end, notes } = await find("172.16.0.2:8089");
  t.match(end, { kind: "service", service: null, pod: "shop/web", port: 8089, door: { kind: "hostPort" } });
  t.match(end.addresses, [{ port: 8089 }, { ip: "10.0.2.2", port: 81 }]);
  t.match(notes, [/is a host port, translated on node-b to 10\.0\.2\.2:81/]);
});

t.test(
  "a host port is its pod's where the API names the pods, and a node says nothing of them",
  async (t) => {
    const web = {
      metadata: { name: "web", namespace: "shop", uid: "web" },
      spec: { nodeName: "node-b", containers: [{ name: "c" }] },
      status: { phase: "Running", podIP: "10.0.2.2", podIPs: [{ ip: "10.0.2.2" }] },
    };
    const kube = {
      ...{ server: "https://x", context: "x", namespace: "shop" },
      request: () => Promise.resolve(web),
      list: ({ resource, query }: { resource: string; query?: { fieldSelector?: string } }) =>
        Promise.resolve(resource === "pods" && query?.fieldSelector === "status.podIP=10.0.2.2" ? [web] : []),
    } as unknown as KubeReader;
    const known = { ...facts, pods: [], kube };
    for (const text of ["172.16.0.2:8089", "node/node-b:8089"]) {
      const notes: string[] = [];
      const note = (said: string): void => void notes.push(said);
      const [, located] = await locateEnds({ from: "172.16.0.1", to: [text] }, known, { note });
      t.equal(located?.node, "node-b");
      t.match(located?.known ?? (await located?.finish()), {
        ...{ kind: "service", service: null, pod: "shop/web", port: 8089, door: { kind: "hostPort" } },
        addresses: [
          { ip: "172.16.0.2", port: 8089 },
          { ip: "10.0.2.2", port: 81 },
        ],
      });
      t.match(notes, [/is a host port, translated on node-b to 10\.0\.2\.2:81; by node-b's own NAT table/]);
    }
    const unknown = { ...known, kube: { ...kube, list: () => Promise.resolve([]) } };
    const [, lost] = await locateEnds({ from: "172.16.0.1", to: ["172.16.0.2:8089"] }, unknown);
    t.match(lost?.known, { pod: null, door: { kind: "hostPort" } }, "a pod that is gone");
    const [, refused] = await locateEnds({ from: "172.16.0.1", to: ["172.16.0.2:30081"] }, unknown);
    t.match(
      refused?.known,
      { kind: "node", node: "node-b", port: 30_081 },
      "by its own table, dropped on purpose",
    );
  },
);

t.test(
  "an address of no pod that lies in a node's range of pods is told as one that may be gone",
  async (t) => {
    const kube = {
      ...{ server: "https://x", context: "x", namespace: "shop" },
      request: () => Promise.resolve({}),
      list: () => Promise.resolve([]),
    } as unknown as KubeReader;
    const nodes = facts.profile.nodes.map((node) => ({
      ...node,
      kube: { podCidrs: node.name === "node-b" ? ["nonsense", "10.0.2.0/24"] : [] },
    }));
    const known = {
      ...facts,
      pods: [],
      kube,
      profile: { ...facts.profile, nodes },
    } as unknown as typeof facts;
    const ask = async (text: string): Promise<readonly string[]> => {
      const notes: string[] = [];
      const note = (said: string): void => void notes.push(said);
      await locateEnds({ from: "172.16.0.1", to: [text] }, known, { note });
      return notes.filter((said) => said.includes("podCIDR"));
    };
    t.strictSame(await ask("10.0.2.77:80"), [
      "no pod that runs has 10.0.2.77, which lies among pods' addresses (10.0.2.0/24, podCIDR of node-b): its pod may be gone",
    ]);
    t.strictSame(await ask("203.0.113.9:80"), []);
  },
);

t.test("session affinity: the node says to which backend the sender is kept", async (t) => {
  const notes: string[] = [];
  const note = (said: string): void => void notes.push(said);
  const [, kept] = await locateEnds({ from: "shop/client", to: ["10.96.0.22:80"] }, facts, { note });
  const end = await kept?.finish();
  t.match(
    end,
    { pod: "shop/cart", ip: "10.96.0.22", port: 80 },
    "the newer of two, by the Service's address",
  );
  t.equal(end?.otherBackends, undefined);
  t.match(notes, [
    /10800 s after its last connection .*: this one is kept to 10\.0\.1\.3, which is followed/,
  ]);
  await t.rejects(
    locateEnds({ from: "shop/cart", to: ["10.96.0.22:80"] }, facts, { note }),
    { code: "TARGET_AMBIGUOUS" },
    "one that is kept to none may go to any",
  );
  t.match(notes.at(-1), /to which this one is kept, if to any, is not known/);
  t.strictSame(findService(NAT, "10.96.0.20", NAMINGS)[0]?.affinity, null);
});
