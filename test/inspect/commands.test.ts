import t from "tap";
import {
  mergeCommands,
  planAudit,
  planBaseline,
  planInspection,
  planSuperset,
  runInspection,
} from "../../lib/inspect/index.js";
import type { FlowBreak } from "../../lib/inspect/index.js";
import type { Argv, ExecOptions, ExecResult, NodeAccess } from "../../lib/model/access.js";
import type { End } from "../../lib/model/cluster.js";
import type { HopRole } from "../../lib/model/roles.js";
import type { FlowPath, Hop } from "../../lib/model/hops.js";
import { fc } from "../fixtures/property.js";
import { commandsIn, frame } from "../fixtures/snapshot.js";
import { trustAll } from "../fixtures/trust.js";

function makeEnd(pod: string, node: string, ip: string): End {
  return {
    kind: "pod",
    text: pod,
    pod,
    node,
    ip,
    port: null,
    addresses: [{ ip, port: null }],
    netns: { kind: "path", path: `/run/netns/${node}-pod` },
    hostNetwork: false,
    cniHostInterfaces: [],
  };
}

function makePath(names: Partial<Record<HopRole, string>> = {}): FlowPath {
  const name = {
    pod: "eth0",
    "host-veth": "cali1",
    bridge: "cni0",
    tunnel: "vxlan.calico",
    nic: "eth0",
    ...names,
  };
  const roles = ["pod", "host-veth", "tunnel", "nic"] as const;
  const order = [
    ...roles.map((role) => ["node-a", role] as const),
    ...roles.toReversed().map((role) => ["node-b", role] as const),
  ];
  const hops = order.map(([node, role], index): Hop => ({
    index,
    id: `${node}.${role}`,
    node,
    role,
    interface: name[role],
    netns: { kind: "host" },
    mtuBytes: null,
    encapsulation: { kind: "none" },
    evidence: [],
  }));
  const tunnel = {
    interface: name.tunnel,
    address: null,
    gateway: null,
    remoteMac: null,
    remoteVtep: "10.0.0.2",
  };
  return {
    from: makeEnd("shop/client", "node-a", "192.168.1.1"),
    to: makeEnd("shop/web", "node-b", "192.168.2.2"),
    recipe: "calico-vxlan",
    hops,
    replyHops: null,
    underlay: {
      "node-a": { ip: "10.0.0.1", interface: name.nic },
      "node-b": { ip: "10.0.0.2", interface: name.nic },
    },
    tunnels: { "node-a": tunnel, "node-b": tunnel },
    notes: [],
  };
}

const AT_FDB: FlowBreak = {
  status: "lost",
  direction: "request",
  lastSeen: { node: "node-a", role: "tunnel", interface: "vxlan.calico" },
  firstMissing: { node: "node-a", role: "nic", interface: "eth0" },
};

t.test("the baseline reads counters on both nodes and in both pods", async (t) => {
  const commands = planBaseline([makePath(), makePath()]);
  const lines = commands.map((command) => command.argv.join(" "));
  t.equal(commands.length, 24, "the same path twice is asked once");
  t.ok(lines.includes("nstat -asz --json"));
  t.ok(lines.includes("nsenter --net=/run/netns/node-b-pod iptables-save -c"));
  t.notOk(
    lines.some((line) => line.includes("ip6tables")),
    "no IPv6 in the path",
  );
  t.equal(new Set(commands.map((command) => command.file)).size, commands.length);
});

t.test("the inspection stays around the break, and asks as the kernel would see the packets", async (t) => {
  const commands = planInspection(makePath(), AT_FDB);
  const lines = commands.map((command) => `${command.node}: ${command.argv.join(" ")}`);
  t.ok(lines.includes("node-a: bridge -j fdb show dev vxlan.calico"));
  t.ok(lines.includes("node-a: ip -j route get 192.168.2.2 from 192.168.1.1 iif cali1"));
  t.ok(lines.includes("node-a: ip -j route get 192.168.1.1 from 192.168.2.2 iif vxlan.calico"));
  t.ok(lines.some((line) => line.includes("net/ipv4/conf/vxlan.calico/rp_filter")));
  t.equal(
    lines.filter((line) => line.startsWith("node-b")).length,
    3,
    "of the far node its links, FDB and neighbours",
  );
  t.notOk(lines.some((line) => line.includes("nsenter")));
  const all = new Set(
    planSuperset(makePath()).map((command) => `${command.node}: ${command.argv.join(" ")}`),
  );
  t.ok(
    lines.every((line) => all.has(line)),
    "a shown plan has all of it",
  );
});

t.test("a delivered flow needs no inspection; an unanswered one reads the far pod", async (t) => {
  t.same(planInspection(makePath(), { ...AT_FDB, status: "delivered" }), []);
  const lastSeen = { node: "node-b", role: "pod", interface: "eth0" } as const;
  const commands = planInspection(makePath(), {
    ...AT_FDB,
    status: "unanswered",
    lastSeen,
    firstMissing: null,
  });
  t.ok(commands.some((command) => command.action === "netns/read" && command.argv.includes("ss")));
});

t.test(
  "where nothing left the sender its own network is read; of what else is not known, nothing",
  async (t) => {
    const firstMissing = { node: "node-a", role: "pod", interface: "eth0" } as const;
    const unsent = {
      ...AT_FDB,
      status: "inconclusive",
      direction: null,
      lastSeen: null,
      firstMissing,
    } as const;
    const lines = planInspection(makePath(), unsent).map(({ argv }) => argv.join(" "));
    t.ok(lines.includes("nsenter --net=/run/netns/node-a-pod ip -j neigh show dev eth0"));
    t.notOk(lines.some((line) => line.includes("node-b-pod")));
    t.same(planInspection(makePath(), { ...unsent, firstMissing: null }), []);
    t.same(planInspection(makePath(), { ...AT_FDB, status: "inconclusive" }), []);
  },
);

t.test(
  "whether a bridge asks the node's rules is read where a Service's pod is on the client's own node",
  async (t) => {
    const asks = (to: End): boolean =>
      [planInspection, (path: FlowPath) => planAudit(path)].every((plan) =>
        plan({ ...makePath(), to }, AT_FDB).some(({ argv }) =>
          argv.includes("net/bridge/bridge-nf-call-iptables"),
        ),
      );
    const web = makeEnd("shop/web", "node-a", "192.168.1.2");
    const addresses = [{ ip: "10.96.0.20", port: 80 }, ...web.addresses];
    t.ok(asks({ ...web, addresses }));
    t.notOk(asks(web), "nothing is translated");
    t.notOk(asks({ ...web, node: "node-b", addresses }), "its answers are routed");
  },
);

t.test("no interface name that could be an option or a path reaches an argv", async (t) => {
  const hostile = fc.oneof(fc.string(), fc.constantFrom("-rf", "../x", "a b", "$(id)", "x;y", "..", "a\nb"));
  fc.assert(
    fc.property(hostile, (name) => {
      const path = makePath({ tunnel: name, "host-veth": name, nic: name, pod: name });
      return planSuperset(path).every((command) =>
        command.argv.every((word) => word !== name || /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]*$/.test(name)),
      );
    }),
  );
  t.pass();
});

t.test("running keeps the order, one command a namespace, and every failure as a record", async (t) => {
  const asked: string[] = [];
  const answer = (argv: Argv): { stdout: string; stderr: string; exitCode: number | null } => ({
    stdout: argv.join(" "),
    stderr: argv[0] === "nft" ? "not found\n" : "",
    exitCode: argv[0] === "nft" ? 127 : argv[0] === "nstat" ? null : 0,
  });
  const access = {
    node: "node-a",
    via: "local",
    exec: (argv: Argv, { action }: ExecOptions): Promise<Partial<ExecResult>> => {
      asked.push(action);
      const [stdout, stderr] = [frame((commandsIn(argv) ?? []).map(answer)), ""].map((text) =>
        Buffer.from(text),
      );
      return Promise.resolve({ argv, exitCode: 0, stdout: stdout!, stderr: stderr! });
    },
  } as unknown as NodeAccess;
  const refusing = {
    node: "node-b",
    exec: () => Promise.reject(new Error("refused")),
  } as unknown as NodeAccess;
  const commands = mergeCommands(planInspection(makePath(), AT_FDB), planBaseline([makePath()]));
  const saved = new Map<string, string>();
  const records = await runInspection(commands, {
    accesses: trustAll([access, refusing]),
    save: (file, bytes) => void saved.set(file, Buffer.from(bytes).toString()),
    signal: new AbortController().signal,
  });
  t.strictSame(asked, ["node/read", "netns/read"]);
  t.same(
    records.map(({ file, argv }) => [file, argv]),
    commands.map(({ file, argv }) => [file, argv]),
  );
  const of = (node: string, kind: string): unknown =>
    records.find((record) => record.node === node && record.kind === kind);
  t.match(of("node-a", "nftables"), { exitCode: 127, stderr: "not found" });
  t.match(of("node-a", "nstat"), { exitCode: null, stderr: "no answer in time" });
  t.match(of("node-a", "fdb"), { exitCode: 0, stderr: "" });
  t.match(of("node-b", "fdb"), { exitCode: null, stderr: "refused" });
  for (const { argv, file } of commands.filter(({ node }) => node === "node-a")) {
    t.equal(saved.get(file), `${argv.join(" ")}\n`, file);
  }
  const closed = await runInspection(commands, { accesses: new Map(), save: () => {} });
  t.ok(closed.every(({ exitCode, stderr }) => exitCode === null && /not open/.test(stderr)));
  const signal = AbortSignal.abort();
  t.same(await runInspection(commands, { accesses: new Map(), save: () => {}, signal }), []);
});

t.test(
  "queues are read twice of nodes and pods in which the packets wait in one, and of no others",
  async (t) => {
    const path = makePath();
    const isQueued = ({ node, role }: Hop): boolean =>
      (node === "node-b" && role === "host-veth") || (node === "node-a" && role === "pod");
    const hops = path.hops.map((hop): Hop => (isQueued(hop) ? { ...hop, queued: true } : hop));
    for (const commands of [planBaseline([{ ...path, hops }]), planSuperset({ ...path, hops })]) {
      const read = commands.filter(({ kind }) => kind === "queues");
      t.strictSame(
        read.map(({ node, netns, look }) => [node, netns === "host" ? netns : netns.pod, look.join(" ")]),
        [
          ["node-b", "host", "tc -j -s qdisc show"],
          ["node-a", "shop/client", "tc -j -s qdisc show"],
        ],
      );
    }
    t.notOk(planBaseline([path]).some(({ kind }) => kind === "queues"));
  },
);
