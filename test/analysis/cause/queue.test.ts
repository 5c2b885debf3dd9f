import t from "tap";
import { alike, ask, type Asked, flowOf, freed, grew, type Look, POD_B, TUNNEL_B, VETH_B } from "./kit.js";

interface Queue {
  readonly dev: string;
  readonly kind: string;
  readonly drops: number;
  readonly root?: true;
  readonly handle?: string;
}

/** `tc -j -s qdisc show` before and after, in which each queue's drops grew. */
function queues(...grown: readonly Queue[]): Look[] {
  const print = (phase: "before" | "after"): Look => ({
    ...{ at: "node-b", kind: "queues", phase },
    text: JSON.stringify(
      grown.map(({ drops, ...rest }) => ({ ...rest, drops: 7 + (phase === "after" ? drops : 0) })),
    ),
  });
  return [print("before"), print("after")];
}

const TBF = { dev: VETH_B.interface, kind: "tbf", handle: "8004:", root: true } as const;
const CLSACT = { dev: TUNNEL_B.interface, kind: "clsact", handle: "ffff:" } as const;
const ifb: Look = {
  ...{ at: "node-b", kind: "links" },
  text: JSON.stringify([{ ifname: "bwp1", linkinfo: { info_kind: "ifb" } }, { ifname: "eth0" }]),
};

t.test("the queue of the device that they did not come out of dropped as many as were lost", async (t) => {
  const { cause } = ask({ looks: queues({ ...TBF, drops: 4 }) });
  t.equal(cause?.code, "queue-drop");
  t.equal(cause?.summary, `node-b: the queue (tbf) of ${VETH_B.interface} threw the packets away`);
  t.match(cause?.evidence, [/tc -s qdisc show dev cali\w+: tbf: dropped grew by 4, as many as were lost/]);
  const word = ask({
    looks: queues({ ...TBF, drops: 4 }),
    trace: freed(4, { location: "__dev_queue_xmit", reason: "QDISC_DROP" }),
  });
  t.match(word.cause?.evidence.at(-1), /4 of 4 dropped by the kernel in __dev_queue_xmit: QDISC_DROP/);
});

t.test("another queue, or one that dropped less, is none of it", async (t) => {
  const cause = (looks: Look[]): unknown => ask({ looks }).cause;
  t.equal(cause(queues({ ...TBF, drops: 3 })), null);
  t.equal(cause(queues({ ...TBF, dev: "caliother", drops: 4 })), null);
  t.equal(
    cause(queues({ ...TBF, dev: "bwp1", drops: 4 })),
    null,
    "nothing is sent round by it, as far as is known",
  );
  t.equal(cause(queues({ ...TBF, drops: 4 }).slice(1)), null, "read once");
  const child = { dev: TBF.dev, kind: TBF.kind, handle: TBF.handle, drops: 4 };
  t.equal(cause(queues(child)), null, "its root counts it too");
  const [before, after] = queues({ ...TBF, drops: 4 }) as [Look, Look];
  const anew = { ...after, text: after.text.replace("8004:", "8005:") };
  t.equal(cause([before, anew]), null, "made anew meanwhile");
  t.equal(
    ask({ looks: queues({ ...TBF, drops: 4 }), lastSeen: POD_B, firstMissing: null, status: "unanswered" })
      .cause,
    null,
  );
});

t.test("what dropped more than was lost is a doubt, unless other flows lost it there", async (t) => {
  const { cause, caveats } = ask({ looks: queues({ ...TBF, drops: 40 }) });
  t.equal(cause, null);
  t.match(caveats, [/tbf: dropped grew by 40, more than the 4 lost/]);
  const trace = freed(4, { location: "__dev_queue_xmit", reason: "QDISC_DROP" });
  const told = ask({ looks: queues({ ...TBF, drops: 40 }), trace });
  t.match(
    told.cause,
    { code: "queue-drop", summary: /the queue \(tbf\) of/ },
    "the kernel says that ours were among them",
  );
  t.equal(ask({ looks: queues({ ...TBF, drops: 8 }), alike: [alike()] }).cause?.code, "queue-drop");
});

t.test("a pod's own sending may be limited by a device that its packets are sent round by", async (t) => {
  const looks = [ifb, ...queues({ ...TBF, dev: "bwp1", drops: 4 })];
  t.equal(ask({ looks }).cause?.summary, "node-b: the queue (tbf) of bwp1 threw the packets away");
});

t.test("a filter at a device, on its way in or out", async (t) => {
  const { cause } = ask({ looks: queues({ ...CLSACT, drops: 4 }) });
  t.equal(cause?.code, "tc-drop");
  t.equal(cause?.summary, `node-b: a filter at ${TUNNEL_B.interface} dropped the packets`);
  const out = ask({ looks: queues({ ...CLSACT, dev: VETH_B.interface, drops: 4 }) });
  t.equal(out.cause?.summary, `node-b: a filter at ${VETH_B.interface} dropped the packets`);
  t.equal(ask({ looks: queues({ ...CLSACT, dev: "eth9", drops: 4 }) }).cause, null);
});

t.test("the kernel's word says it alone", async (t) => {
  const told = (reason: string): unknown =>
    ask({ trace: freed(4, { location: "__dev_queue_xmit", reason }) }).cause?.code;
  t.equal(told("QDISC_DROP"), "queue-drop");
  t.equal(told("TC_INGRESS"), "tc-drop");
});

t.test("what came to the pod, and found the server's queue full", async (t) => {
  const at: Asked = { lastSeen: POD_B, firstMissing: null, status: "unanswered" };
  const server = "node-b shop/web";
  const tcp = ask({ ...at, flow: flowOf("tcp", 80), looks: grew(server, "TcpExtListenOverflows", 4) });
  t.equal(tcp.cause?.code, "accept-queue-full");
  t.equal(
    tcp.cause?.summary,
    "inside pod shop/web on node-b: the server is behind: its queue of connections to accept was full",
  );
  const udp = ask({ ...at, flow: flowOf("udp", 53), looks: grew(server, "UdpRcvbufErrors", 4) });
  t.equal(udp.cause?.code, "socket-buffer-full");
  t.match(udp.cause?.evidence, [/UdpRcvbufErrors grew by 4, as many as were lost/]);
  const more = ask({ ...at, flow: flowOf("udp", 53), looks: grew(server, "UdpRcvbufErrors", 400) });
  t.equal(more.cause, null, "may be others' packets");
  t.match(more.caveats, [/UdpRcvbufErrors grew by 400/]);
  t.equal(ask({ ...at, looks: grew(server, "UdpRcvbufErrors", 4) }).cause, null, "ICMP");
  t.equal(ask({ ...at, flow: flowOf("udp", 53), looks: grew(server, "UdpInErrors", 4) }).cause, null);
  t.equal(
    ask({ flow: flowOf("tcp", 80), looks: grew(server, "TcpExtListenOverflows", 4) }).cause,
    null,
    "lost before the pod",
  );
});
