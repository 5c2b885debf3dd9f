import t from "tap";
import { discoverPath } from "../../lib/hops/index.js";
import { findRouteDevice } from "../../lib/linux/proc-routes.js";
import type { Argv, ExecResult } from "../../lib/model/access.js";
import type { GuardedAccess } from "../../lib/model/guarded-access.js";
import type { ClusterProfile, End } from "../../lib/model/cluster.js";
import { fc } from "../fixtures/property.js";
import { commandsIn, frame } from "../fixtures/snapshot.js";
import { trust } from "../fixtures/trust.js";

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101F40A\t0003\t0\t0\t0\t00000000\t0\t0\t0
net1\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
off0\t0001F40A\t00000000\t0201\t0\t0\t0\tFFFFFFFF\t0\t0\t0
`;
const ROUTES6 = `fd000000000000000000000000000000 10 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     net6
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

t.test("the device of the longest prefix, by /proc/net", async (t) => {
  const texts = { route: ROUTES, route6: ROUTES6 };
  t.equal(findRouteDevice(texts, "10.244.1.0"), "net1", "a route that refuses is none");
  t.equal(findRouteDevice(texts, "10.244.1.9"), "net1");
  t.equal(findRouteDevice(texts, "10.96.0.1"), "eth0");
  t.equal(findRouteDevice(texts, "fd00::1"), "net6");
  t.equal(findRouteDevice(texts, "2001:db8::1"), "eth0");
  t.equal(findRouteDevice({ route: "", route6: "" }, "10.0.0.1"), null);
  fc.assert(
    fc.property(fc.string(), fc.oneof(fc.ipV4(), fc.ipV6()), (text, ip) => {
      const dev = findRouteDevice({ route: text, route6: text }, ip);
      return dev === null || text.includes(dev);
    }),
  );
});

type Answers = (argv: Argv) => {
  readonly exitCode?: number;
  readonly stdout?: unknown;
  readonly text?: string;
};

/** A pod's access that answers reads; what is not a read of its own namespace fails the test. */
function lonePod(node: string, asked: string[], answers: Answers): GuardedAccess {
  const refuse = (): never => {
    throw new Error("not in these tests");
  };
  return trust({
    ...{ node, via: "ephemeral", stream: refuse, pull: refuse, close: () => Promise.resolve() },
    exec: (argv, { action }): Promise<ExecResult> => {
      const parts = commandsIn(argv);
      asked.push(`${node} ${action} ${parts === null ? argv.join(" ") : "snapshot"}`);
      const textOf = ({ stdout, text }: ReturnType<Answers>): string =>
        text ?? (stdout === undefined ? "" : JSON.stringify(stdout));
      const answer = answers(argv);
      const { exitCode = 0 } = answer;
      const framed = parts?.map((part) => ({ ...answers(part), stdout: textOf(answers(part)) }));
      const out = exitCode === 0 && framed !== undefined ? frame(framed) : textOf(answer);
      return Promise.resolve({
        ...{ node, argv, exitCode, signal: null, timedOut: false, canceled: false, truncated: false },
        ...{ startedAt: "2026-01-01T00:00:00.000Z", durationMs: 1 },
        ...{ stdout: Buffer.from(out), stderr: Buffer.from("") },
      });
    },
  });
}

const withIp: Answers = (argv) =>
  argv.includes("address")
    ? { stdout: [{ ifindex: 2, ifname: "eth0", mtu: 1450, operstate: "UP", flags: ["UP"], addr_info: [] }] }
    : { stdout: [{ dst: "x", dev: "eth0" }] };
const withoutIp: Answers = ([program, path]) =>
  program === "ip" ? { exitCode: 127 } : { text: path === "/proc/net/route" ? ROUTES : ROUTES6 };

const end = (name: string, node: string, ip: string): End => ({
  ...{ kind: "pod", text: name, pod: name, node, ip, port: 8080, addresses: [{ ip, port: 8080 }] },
  ...{ netns: null, hostNetwork: false, cniHostInterfaces: [] },
});
const profile = (...pods: readonly string[]): ClusterProfile => ({
  ...{ name: "c", cni: "auto", interfaces: {}, workDir: "/var/tmp" },
  nodes: pods.map((pod) => ({ name: pod, pod, access: { via: "ephemeral", kube: {} } })),
});

t.test("two pods alone: two hops, no question to a node", async (t) => {
  for (const node of ["node-a", "node-b"]) {
    const asked: string[] = [];
    const accesses = new Map(["shop/a", "shop/b"].map((name) => [name, lonePod(name, asked, withIp)]));
    const context = { accesses, profile: profile("shop/a", "shop/b"), recipes: [] };
    const path = await discoverPath(
      end("shop/a", "node-a", "10.0.0.1"),
      end("shop/b", node, "10.0.0.2"),
      context,
    );
    t.same(
      path.hops.map(({ index, node, target, role, interface: name, mtuBytes, netns }) => [
        ...[index, node, target, role, name, mtuBytes, netns.kind],
      ]),
      [
        [0, "node-a", "shop/a", "pod", "eth0", 1450, "own"],
        [1, node, "shop/b", "pod", "eth0", 1450, "own"],
      ],
    );
    t.equal(new Set(path.hops.map(({ id }) => id)).size, 2);
    t.same(path.unseen, [...new Set(["node-a", node])]);
    t.match(path, { recipe: "pods-only", replyHops: null, underlay: {}, tunnels: {}, notes: [] });
    t.strictSame(asked, ["shop/a netns/read snapshot", "shop/b netns/read snapshot"]);
  }
});

t.test("a pod with ip(8) and without a shell is asked command by command", async (t) => {
  const asked: string[] = [];
  const answers: Answers = (argv) => (argv[0] === "sh" ? { exitCode: 126 } : withIp(argv));
  const accesses = new Map(["shop/a", "shop/b"].map((name) => [name, lonePod(name, asked, answers)]));
  const context = { accesses, profile: profile("shop/a", "shop/b"), recipes: [] };
  const path = await discoverPath(
    end("shop/a", "node-a", "10.0.0.1"),
    end("shop/b", "node-b", "10.0.0.2"),
    context,
  );
  t.same(
    path.hops.map(({ interface: name }) => name),
    ["eth0", "eth0"],
  );
  t.equal(asked.filter((line) => line.includes(" netns/read ip ")).length, 4);
});

t.test("a pod without ip(8) is read by /proc/net; an end outside needs none", async (t) => {
  const asked: string[] = [];
  const accesses = new Map([["shop/a", lonePod("shop/a", asked, withoutIp)]]);
  const outside: End = { ...end("x", "", "192.0.2.1"), kind: "ip", pod: null, node: null };
  const context = { accesses, profile: profile("shop/a"), recipes: [] };
  const path = await discoverPath(end("shop/a", "node-a", "10.0.0.1"), outside, context);
  t.match(path.hops, [{ interface: "eth0", mtuBytes: null, evidence: [/proc\/net\/route/] }]);
  t.equal(path.hops.length, 1);
  const nowhere = new Map([["shop/a", lonePod("shop/a", [], () => ({ exitCode: 127 }))]]);
  await t.rejects(
    discoverPath(end("shop/a", "node-a", "10.0.0.1"), outside, { ...context, accesses: nowhere }),
    {
      code: "TOOL_MISSING",
    },
  );
});

t.test("a pod whose node can be entered is not seen from within alone", async (t) => {
  const accesses = new Map([["shop/a", lonePod("shop/a", [], withIp)]]);
  const both = profile("shop/a");
  const nodes = [...both.nodes, { name: "node-a", access: { via: "local" } as const }];
  const outside: End = { ...end("x", "", "192.0.2.1"), kind: "ip", pod: null, node: null };
  const wanted = { accesses, profile: { ...both, nodes }, recipes: [] };
  await t.rejects(discoverPath(end("shop/a", "node-a", "10.0.0.1"), outside, wanted), {
    code: "NODE_UNREACHABLE",
  });
});
