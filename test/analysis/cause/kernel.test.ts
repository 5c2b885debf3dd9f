import t from "tap";
import {
  ask,
  counted,
  CLIENT,
  FIRST_SEC,
  freed,
  FLOW,
  NIC_A,
  NIC_B,
  POD_B,
  TUNNEL_A,
  VETH_A,
  VETH_B,
} from "./kit.js";

const DROP = counted("node-b", [{ rule: `FORWARD -s ${CLIENT}/32 -j DROP`, to: 4 }]);

t.test("netfilter and the reverse path filter need no state beside the kernel's word", async (t) => {
  const { cause, lookedAt } = ask({ trace: freed(4, {}) });
  t.strictSame(cause, {
    code: "netfilter-drop",
    summary: "node-b: a firewall rule dropped the packets; no rule's counter tells which",
    evidence: [
      "node-b: 4 of 4 dropped by the kernel in nft_do_chain: NETFILTER_DROP, 30–30 µs after vxlan.calico saw them",
    ],
  });
  t.strictSame(lookedAt, ["node-b: the kernel's drop events"]);
  t.equal(ask({ trace: freed(4, { location: "ip_rcv", reason: "IP_RPFILTER" }) }).cause?.code, "rp-filter");
});

t.test("other reasons, and less than all packets, are told and no cause", async (t) => {
  const other = ask({ trace: freed(4, { location: "ip_rcv_core", reason: "OTHERHOST" }) });
  t.equal(other.cause, null);
  t.match(other.caveats, [/4 of 4 dropped by the kernel in ip_rcv_core: OTHERHOST/]);
  const three = ask({ trace: freed(3, {}) });
  t.equal(three.cause, null);
  t.match(three.caveats, [/3 of 4 dropped/]);
  const two = ask({ trace: freed(2, {}) });
  t.strictSame(two.caveats, [], "half of the packets is no word");
  const mute = ask({ trace: freed(4, { location: "consume", reason: null }) });
  t.strictSame(mute.caveats, [], "a place that says nothing");
  const byPlace = ask({ trace: freed(4, { reason: null }), looks: DROP });
  t.match(
    byPlace.cause?.evidence.at(-1),
    /nft_do_chain: NOT_SPECIFIED/,
    "an older kernel tells the place only",
  );
});

t.test(
  "between nodes the word may be a bystander's: it refutes nothing, and is believed with a state only",
  async (t) => {
    const at = { lastSeen: NIC_A, firstMissing: NIC_B };
    const trace = freed(4, { device: "eth0", bytes: 134 });
    t.match(ask({ ...at, trace }), { cause: null, caveats: [/NETFILTER_DROP/] });
    const links = JSON.stringify([{ ifname: "eth0", flags: [], operstate: "DOWN" }]);
    const down = ask({ ...at, trace, looks: [{ at: "node-b", kind: "links", text: links }] });
    t.equal(down.cause?.code, "link-down");
    t.notMatch(down.cause?.evidence.join(), "NETFILTER_DROP");
  },
);

t.test("an event of another device, length or time is another packet's", async (t) => {
  const heard = (trace: string): boolean => ask({ trace }).cause !== null;
  t.ok(heard(freed(4, { bytes: 98 })), "with the link header");
  t.notOk(heard(freed(4, { device: VETH_B.interface })), "came from the far pod");
  t.notOk(heard(freed(4, { device: VETH_A.interface })), "another node's device, on the same kernel");
  t.notOk(heard(freed(4, { bytes: 60 })));
  t.notOk(heard(freed(4, { delaySec: 0.01 })));
  t.notOk(heard(freed(4, { delaySec: -0.01 })));
  t.notOk(heard(freed(4, {}).replaceAll("protocol=2048", "protocol=2054")), "ARP");
  t.match(ask({ trace: freed(4, { device: null }) }).cause?.evidence, [/\(tied by time alone\)$/]);
});

t.test("the device can be one the packet came in by before it was seen", async (t) => {
  const at = { lastSeen: TUNNEL_A, firstMissing: NIC_A };
  const trace = freed(4, { location: "vxlan_xmit", reason: "NO_TX_TARGET", device: VETH_A.interface });
  t.match(ask({ ...at, trace }).caveats, [/NO_TX_TARGET/]);
  const reply = { direction: "reply", lastSeen: VETH_B, firstMissing: TUNNEL_A } as const;
  t.match(ask({ ...reply, trace: freed(4, { device: VETH_B.interface }) }).caveats, [/NETFILTER_DROP/]);
  const replyHops = { flow: { ...FLOW, replyHops: [...FLOW.hops].reverse() } };
  t.match(ask({ ...reply, ...replyHops, trace: freed(4, { device: VETH_B.interface }) }).caveats, [
    /NETFILTER/,
  ]);
});

t.test("where the kernel drops all the time, an event near a packet proves nothing", async (t) => {
  const noise = Array.from({ length: 400 }, (_, index) => {
    const atSec = FIRST_SEC - 0.9 + index * 0.0061;
    return `x-1 [000] ..s1. ${atSec.toFixed(6)}: kfree_skb: skbaddr=000000ff protocol=2048 location=nft_do_chain+0x1/0x2 reason: NETFILTER_DROP\n`;
  }).join("");
  t.equal(ask({ trace: freed(4, { device: null }) + noise }).cause, null);
});

t.test("of two words for the same packets, the one that tells device and length", async (t) => {
  const near = freed(4, { location: "elsewhere", reason: "OTHERHOST", device: null }).replaceAll(
    "skbaddr=0",
    "skbaddr=f",
  );
  t.match(ask({ trace: near + freed(4, {}) }).cause?.evidence, [/NETFILTER_DROP/]);
});

t.test("packets that cannot be told apart are counted", async (t) => {
  const lost = [0, 0.00001].map((later) => ({
    seenAtSec: FIRST_SEC + later,
    frameBytes: 98,
    ipBytes: 84,
    ref: { pcap: "x", frame: 1, summary: "x" },
  }));
  const line = freed(1, {});
  const { findCause } = await import("../../../lib/analysis/cause/index.js");
  const result = findCause({
    flow: FLOW,
    status: "unanswered",
    direction: "request",
    lastSeen: POD_B,
    firstMissing: null,
    lost,
    lostCount: 2,
    rejectedBy: null,
    state: [],
    drops: [
      { node: "node-b", file: "one", unavailable: null, taiOffsetSec: 0 },
      { node: "node-b", file: "same text", unavailable: null, taiOffsetSec: 0 },
      { node: "node-c", file: "of no node of the path", unavailable: null, taiOffsetSec: 0 },
      { node: "node-a", file: "missing", unavailable: null, taiOffsetSec: 0 },
      { node: "node-a", file: null, unavailable: "no tracefs", taiOffsetSec: 0 },
    ],
    readText: (path) =>
      path === "missing"
        ? undefined
        : (line + line.replaceAll("00000000 ", "00000001 ")).replaceAll("dev=vxlan.calico", "dev=eth0"),
  });
  t.match(result.cause?.evidence, [/2 of 2 .* counted, not paired: some are less than 50 µs apart/]);
  t.match(result.cause?.summary, /^inside pod shop\/web on node-b: /);
});

t.test("the kernel's word decides between states, and speaks against one", async (t) => {
  const both = [
    ...DROP,
    ...[
      {
        at: "node-b",
        kind: "route-get",
        argv: ["ip", "route", "get", FLOW.to.ip],
        exitCode: 2,
        stderr: "RTNETLINK answers: Network is unreachable",
        text: "",
      } as const,
    ],
  ];
  t.equal(ask({ looks: both }).cause?.code, "netfilter-drop", "a counter that equals the loss is stronger");
  const route = ask({ looks: both, trace: freed(4, { location: "ip_error", reason: null }) });
  t.equal(route.cause?.code, "route-missing");
  const none = ask({ looks: DROP, trace: freed(4, { location: "ip_rcv_core", reason: "OTHERHOST" }) });
  t.equal(none.cause, null);
  t.match(none.caveats, [/OTHERHOST/, /^this does not fit the nodes' state: node-b: rule in FORWARD drops/]);
});

t.test("two states that fit alike are told and none is chosen", async (t) => {
  const nstat = (value: number): string => JSON.stringify({ kernel: { TcpExtIPReversePathFilter: value } });
  const { cause, caveats } = ask({
    looks: [
      ...DROP,
      { at: "node-b", kind: "nstat", phase: "before", text: nstat(0) },
      { at: "node-b", kind: "nstat", text: nstat(4) },
      { at: "node-b", kind: "rp-filter", text: "net.ipv4.conf.all.rp_filter = 1" },
    ],
  });
  t.equal(cause, null);
  t.match(caveats, [
    /^more than one cause fits: node-b: rule in FORWARD .*; node-b: the reverse path filter/,
  ]);
});

t.test("without a break there is nothing to look for", async (t) => {
  const nothing = { cause: null, lookedAt: [], caveats: [] };
  t.strictSame(ask({ status: "delivered" }), nothing);
  t.strictSame(ask({ status: "inconclusive" }), nothing);
  t.strictSame(ask({ lastSeen: null, firstMissing: NIC_A }), nothing);
  t.match(ask({ lastSeen: null, firstMissing: NIC_A, trace: freed(4, { device: null }) }), {
    cause: null,
    caveats: [/after the last hop saw them/],
  });
  t.strictSame(ask({ firstMissing: null }), nothing, "last seen in the middle, and nowhere missing");
});
