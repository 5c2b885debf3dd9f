import t from "tap";
import { CAUSES } from "../../lib/analysis/cause/index.js";
import { loadNextSteps } from "../../lib/catalogue/next-steps.js";
import type { FlowFinding, Verdict } from "../../lib/model/findings.js";
import { addNextSteps, addStepsOfChecks } from "../../lib/verdict/next-steps.js";
import { buildFindings, fdbMissing, healthy, inconclusive, rejected, unanswered } from "../report/samples.js";

const steps = await loadNextSteps();
const nextOf = (flow: FlowFinding): readonly string[] =>
  addNextSteps(buildFindings([flow]), steps).flows[0]?.verdict.next ?? [];
const withVerdict = (flow: FlowFinding, change: Partial<Verdict>): FlowFinding => ({
  ...flow,
  verdict: { ...flow.verdict, ...change },
});

t.test("each cause that can be said has its steps, and no other has", async (t) => {
  t.same(Object.keys(steps.causes).sort(), [...CAUSES.keys()].sort());
});

t.test("each verdict without a cause has steps for where nothing more is known", async (t) => {
  for (const flow of [fdbMissing, healthy, inconclusive, rejected, unanswered]) {
    const bare = withVerdict(flow, { cause: null });
    const next = nextOf(bare);
    t.ok(next.length > 0, flow.verdict.status);
    t.notMatch(next.join(), /[{}]/);
  }
});

t.test("the cause's steps come first; places and ends stand in them", async (t) => {
  const next = nextOf(fdbMissing).join("\n");
  t.match(next, /`bridge fdb show dev vxlan\.calico` on node-a lacks/);
  const lost = withVerdict(fdbMissing, { cause: null });
  t.notMatch(nextOf(lost).join(), /bridge fdb/);
});

t.test("where it broke decides between verdicts", async (t) => {
  const { lastSeen } = fdbMissing.verdict;
  if (lastSeen === null) throw new Error("It was seen somewhere");
  const at = (change: Partial<Verdict>): string =>
    nextOf(withVerdict(fdbMissing, { cause: null, ...change })).join();
  t.match(at({ firstMissing: { ...lastSeen, node: "node-b" } }), /--from node\/node-a --to node\/node-b/);
  t.match(at({ firstMissing: { ...lastSeen, role: "pod" } }), /hopbook run pod-interfaces --pod shop\/web/);
  t.match(at({ firstMissing: { ...lastSeen, role: "nic" } }), /nstat -as/);
  t.match(at({ firstMissing: null }), /nstat -as/);
  const unsent = { status: "inconclusive", lastSeen: null, firstMissing: lastSeen } as const;
  t.match(at(unsent), /Something in the sender's own network takes the packets/);
});

t.test(
  "of captures alone nothing is said of nodes that nobody read, nor of a server that the client refused",
  async (t) => {
    const alone = { pod: null, node: null } as const;
    const flow = {
      ...fdbMissing,
      from: { ...fdbMissing.from, ...alone },
      to: { ...fdbMissing.to, ...alone },
    };
    const said = nextOf(withVerdict(flow, { cause: null, lookedAt: [] })).join("\n");
    t.match(said, /^Captures alone do not say why/);
    t.notMatch(said, /What was read/);
    t.match(nextOf(withVerdict(flow, { cause: null, lookedAt: ["links"] })).join(), /What was read/);
    const by = { ip: rejected.from.ip, node: null, how: "TCP RST by the client" };
    const client = nextOf(withVerdict(rejected, { cause: null, rejectedBy: by })).join();
    t.match(client, /the client's own kernel refused that/);
    t.notMatch(client, /The program on port/);
  },
);

t.test("what was not seen to arrive is not said to have, nor to have left the cluster", async (t) => {
  const dark = {
    end: "to",
    node: "node-b",
    pod: "10.0.0.9",
    address: null,
    why: "no pod there has it",
  } as const;
  const { hops } = unanswered;
  const nobody = {
    ...unanswered,
    to: { ...unanswered.to, pod: null, node: null },
    unentered: [dark],
  };
  const at = (index: number): string =>
    nextOf(withVerdict(nobody, { cause: null, lastSeen: hops[index] ?? null })).join();
  t.match(at(5), /came as far as vxlan\.calico of node-b.*status\.podIP=192\.168\.218\.66`/);
  t.notMatch(at(5), /left the cluster|masquerade|packets arrived/);
  t.equal(at(7), "", "at a pod of which nobody knows the name");
});

t.test("a node's own server, and a refusal by another than the end, have words of their own", async (t) => {
  const to = { ...unanswered.to, pod: null, node: "node-b", ip: "10.77.0.12" };
  const last = unanswered.hops[4] ?? null;
  const host = withVerdict({ ...unanswered, to }, { cause: null, lastSeen: last });
  t.match(nextOf(host), [/^They arrived at node-b itself: `ss -lntup`/]);
  t.notMatch(nextOf({ ...host, to: { ...to, node: "node-a" } }).join(), /ss -lntup/);
  const by = (rejectedBy: Verdict["rejectedBy"]): string =>
    nextOf(withVerdict(rejected, { cause: null, rejectedBy })).join("\n");
  const router = by({ ip: "10.77.0.1", node: "node-a", how: "ICMP host unreachable" });
  t.match(router, /^10\.77\.0\.1 answered in the place of 192\.168\.218\.66: ICMP host unreachable\./);
  t.notMatch(router, /The program on port/);
  t.match(by({ ip: rejected.to.ip, node: "node-b", how: "ICMP port unreachable" }), /The program on port/);
  t.match(by({ ip: "10.77.0.1", node: null, how: "TCP RST" }), /rule or proxy that answers in its place/);
});

t.test("of ends with both families the same run follows the same one again", async (t) => {
  const dual = { ...healthy, to: { ...healthy.to, otherIp: "fd00::2" } };
  t.match(nextOf(dual).join(), /--from \S+ --to \S+ --family 4 --no-traffic/);
  t.match(nextOf({ ...dual, to: { ...dual.to, ip: "fd00::2", otherIp: "10.0.0.2" } }).join(), / --family 6 /);
  t.notMatch(nextOf(healthy).join(), /--family/);
});

t.test("what nobody asked about and is well needs nothing", async (t) => {
  t.match(nextOf(healthy).join(), /--watch 5m`$/);
  t.same(nextOf({ ...healthy, probe: null }), []);
});

t.test("what is not known is not named, and what is hostile is quoted", async (t) => {
  const bare = {
    ...withVerdict(fdbMissing, { cause: null, lastSeen: null, firstMissing: null }),
    from: { pod: null, node: null, ip: "10.0.0.1", port: null },
  };
  t.notMatch(nextOf(bare).join(), /hopbook|\{/);
  const { lastSeen } = fdbMissing.verdict;
  if (lastSeen === null) throw new Error("It was seen somewhere");
  const place = (name: string): FlowFinding =>
    withVerdict(fdbMissing, { lastSeen: { ...lastSeen, interface: name } });
  t.match(nextOf(place("x;reboot")).join(), /bridge fdb show dev 'x;reboot'/);
  t.notMatch(nextOf(place("-batch")).join(), /bridge fdb/);
  const v6 = { ...healthy, to: { pod: null, node: null, ip: "fd00::1", port: 80 } };
  t.match(nextOf(v6).join(), /--to '\[fd00::1\]:80'/);
  const node = { ...healthy, to: { pod: null, node: "node-b", ip: "10.0.0.2", port: null } };
  t.match(nextOf(node).join(), /--to node\/node-b /);
});

t.test("an outcome's code has its steps, with the run's inputs in them and quoted", async (t) => {
  const of = (code: string | undefined, inputs: Record<string, unknown>): readonly string[] => {
    const check = {
      id: "resolves",
      status: "fail" as const,
      message: "",
      ...(code === undefined ? {} : { code }),
    };
    return addStepsOfChecks([check], steps, inputs)[0]?.next ?? [];
  };
  const next = of("dns-name-unknown", { from: ["shop/client"], name: "a$(b)" }).join("\n");
  t.match(next, /`hopbook run dns --from shop\/client --name 'a\$\(b\)'\.`$/);
  t.notMatch(of("dns-name-unknown", { from: "-x" }).join(), /hopbook run/);
  t.same([of("__proto__", {}), of("nothing", {}), of(undefined, {})], [[], [], []]);
});

t.test(
  "of what left the cluster the address that it left with is told, and nothing of a program",
  async (t) => {
    const to = { pod: null, node: null, ip: "203.0.113.99", port: 80 };
    const lastSeen = { node: "node-a", role: "nic", interface: "eth0" };
    const egress = { ...withVerdict(unanswered, { cause: null, lastSeen }), to, rewrites: [] };
    const own = nextOf(egress).join("\n");
    t.match(own, /with the pod's own address .* masquerades it/);
    t.match(own, /`hopbook run trace-path --from node\/node-a --to 203\.0\.113\.99:80/);
    t.notMatch(own, /kubectl logs|sidecar/);
    const hop = unanswered.hops[0];
    if (hop === undefined) throw new Error("It has hops");
    const source = { was: egress.from.ip, is: "10.77.0.11" };
    const destination = { was: to.ip, is: to.ip };
    const rewrite = {
      direction: "request",
      before: hop,
      after: hop,
      source,
      destination,
      connections: 1,
    } as const;
    const masqueraded = nextOf({ ...egress, rewrites: [rewrite] }).join("\n");
    t.match(masqueraded, /left the cluster by eth0 as 10\.77\.0\.11/);
    t.notMatch(masqueraded, /own address/);
  },
);

t.test("a Service in a command is its address, which is found without the API", async (t) => {
  const [clusterIp, backend] = [
    { ip: "10.96.0.20", port: 80 },
    { ip: "10.2.0.7", port: 8080 },
  ];
  const to = { ...healthy.to, service: { name: "shop/web", clusterIp, backend }, ...backend };
  t.match(nextOf({ ...healthy, to }).join(), /--to 10\.96\.0\.20:80 /);
});

t.test("of a pod that asked itself by its Service the way back is what to look at", async (t) => {
  const lastSeen = { node: "node-a", role: "host-veth", interface: "veth7" };
  const hairpin = {
    ...withVerdict(unanswered, { cause: null, lastSeen }),
    to: { ...unanswered.from, port: 80 },
  };
  const next = nextOf(hairpin).join("\n");
  t.match(next, /`bridge -d link show dev veth7` on node-a has to say `hairpin on`/);
  t.notMatch(next, /arrived|kubectl logs/);
});
