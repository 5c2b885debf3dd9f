import t from "tap";
import { ask, CLIENT, FLOW, type Look, NIC_B, TUNNEL_B, VETH_B, WEB } from "./kit.js";

const address = (field: string, right: string): object => ({
  match: { op: "==", left: { payload: { protocol: "ip", field } }, right },
});

function looks(expr: readonly object[], hook = "forward", policy = "accept"): Look[] {
  const at = { family: "inet", table: "fw" };
  const text = JSON.stringify({
    nftables: [
      {
        chain: { ...at, name: "fwd", handle: 1, type: "filter", hook, prio: 0, policy },
      },
      { rule: { ...at, chain: "fwd", handle: 7, comment: "zone b", expr } },
    ],
  });
  return (["before", "after"] as const).map((phase) => ({ at: "node-b", kind: "nftables", text, phase }));
}

t.test("a rule without a counter that takes the lost packet is named", async (t) => {
  const rule = [address("saddr", CLIENT), address("daddr", WEB), { drop: null }];
  const { cause } = ask({ looks: looks(rule) });
  t.equal(cause?.code, "netfilter-drop");
  t.equal(cause?.summary, 'node-b: the packets would be dropped by a rule of fwd ("zone b")');
  t.match(cause?.evidence[0], /^node-b: table inet fw, chain fwd: ip saddr .* drop \(handle 7\)$/);
});

t.test("the policy of nft's chain, which has no counter at all, is named", async (t) => {
  const { cause } = ask({
    looks: looks([address("saddr", "10.9.9.9"), { accept: null }], "forward", "drop"),
  });
  t.equal(cause?.code, "netfilter-drop");
  t.equal(cause?.summary, "node-b: the packets would be dropped by the policy of inet fw fwd");
  t.equal(cause?.evidence[0], "node-b: table inet fw, chain fwd: policy drop");
  t.equal(ask({ looks: looks([address("saddr", CLIENT), { accept: null }], "forward", "drop") }).cause, null);
});

t.test("one that depends on what was not read is a doubt, and another's is none", async (t) => {
  const unread = ask({ looks: looks([address("saddr", "@bad"), { drop: null }]) });
  t.equal(unread.cause, null);
  t.match(unread.caveats, [/would be dropped by a rule of fwd if "ip saddr @bad" takes it: table inet fw/]);
  t.equal(ask({ looks: looks([address("saddr", "10.9.9.9"), { drop: null }]) }).cause, null);
  t.equal(
    ask({ looks: looks([address("saddr", CLIENT), { counter: { packets: 0, bytes: 0 } }, { drop: null }]) })
      .cause,
    null,
    "its counter would have grown",
  );
});

const field = (protocol: string, name: string, right: unknown): object => ({
  match: { op: "==", left: { payload: { protocol, field: name } }, right },
});

t.test("a refusal is a reject rule's, with its handle or without", async (t) => {
  const rejected = { status: "rejected", rejectedBy: { ip: CLIENT, node: "node-b", how: "x" } } as const;
  const rule = [address("saddr", CLIENT), { reject: { type: "icmp", expr: "port-unreachable" } }];
  const { cause } = ask({ ...rejected, looks: looks(rule) });
  t.equal(cause?.code, "rejected-by-netfilter");
  t.equal(cause?.summary, 'node-b: the packets would be rejected by a rule of fwd ("zone b")');
  const [look] = looks(rule);
  const unnumbered = { ...look!, phase: "after", text: look!.text.replace('"handle":7,', "") } as const;
  const old = ask({ ...rejected, looks: [unnumbered] });
  t.equal(old.cause?.code, "rejected-by-netfilter");
  t.notMatch(old.cause?.evidence[0], /handle/, "a rule whose handle was not printed");
});

t.test("lost packets whose size is not known may be of any", async (t) => {
  const large = { match: { op: ">", left: { payload: { protocol: "ip", field: "length" } }, right: 1000 } };
  const rule = looks([large, { drop: null }]);
  t.match(ask({ looks: rule, lose: 0, lostCount: 4 }).caveats, [/would be dropped by a rule of fwd if/]);
  t.strictSame(ask({ looks: rule }).caveats, [], "84 bytes");
});

t.test("at the far NIC it is the tunnel's packets that rules see", async (t) => {
  const arrived = { lastSeen: NIC_B, firstMissing: TUNNEL_B };
  const source = FLOW.underlay["node-a"]?.ip ?? "";
  const rule = looks([address("saddr", source), field("udp", "dport", 4789), { drop: null }], "input");
  t.equal(ask({ ...arrived, looks: rule }).cause?.code, "netfilter-drop");
  const none = (flow: typeof FLOW, why: string) =>
    t.equal(ask({ ...arrived, flow, looks: rule }).cause, null, why);
  none({ ...FLOW, hops: FLOW.hops.map((hop) => ({ ...hop, encapsulation: { kind: "none" } })) }, "no port");
  none({ ...FLOW, underlay: {} }, "no addresses");
  none({ ...FLOW, from: { ...FLOW.from, node: null } }, "no node");
});

t.test("pings and their answers, by IPv4 and IPv6", async (t) => {
  const back = { direction: "reply", lastSeen: VETH_B, firstMissing: TUNNEL_B } as const;
  const end = (ip: string) => ({ ip, addresses: [{ ip, port: null }] });
  const six = { ...FLOW, from: { ...FLOW.from, ...end("fd00::a") }, to: { ...FLOW.to, ...end("fd00::b") } };
  for (const [protocol, flow] of [
    ["icmp", FLOW],
    ["icmpv6", six],
  ] as const) {
    const codeOf = (type: string, asked = {}) =>
      ask({ ...asked, flow, looks: looks([field(protocol, "type", type), { drop: null }]) }).cause?.code;
    t.equal(codeOf("echo-request"), "netfilter-drop", protocol);
    t.equal(codeOf("echo-reply"), undefined, protocol);
    t.equal(codeOf("echo-reply", back), "netfilter-drop", protocol);
    t.equal(codeOf("echo-request", back), undefined, protocol);
  }
});
