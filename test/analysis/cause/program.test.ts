import t from "tap";
import { ask, freed, type Look, NIC_B, POD_B, VETH_B } from "./kit.js";

/** What an agent counted of one kind of drop, before and after. */
function metrics(packets: number, reason = "Policy denied", was: number | null = 7): Look[] {
  const print = (count: number): string =>
    `#cilium\n${JSON.stringify([
      { reason: "Success", direction: "ingress", packets: count * 100, line: 1 },
      { reason, direction: "ingress", packets: count, line: 2 },
    ])}`;
  return [
    { at: "node-b", kind: "agent-drops", phase: "before", text: was === null ? "#cilium\n[]" : print(was) },
    { at: "node-b", kind: "agent-drops", phase: "after", text: print((was ?? 0) + packets) },
  ];
}

function counters(device: string, packets: number): Look[] {
  const print = (count: number): string => `#calico
| CATEGORY |   TYPE    | INGRESS | EGRESS | XDP |
| Dropped  | by policy |       0 | ${String(count)} | N/A |
dumped ${device} counters.
`;
  return [
    { at: "node-b", kind: "agent-drops", phase: "before", text: print(7) },
    { at: "node-b", kind: "agent-drops", phase: "after", text: print(7 + packets) },
  ];
}

t.test("the CNI's agent counted as many drops of a kind as were lost", (t) => {
  const { cause } = ask({ looks: metrics(4) });
  t.match(cause, {
    code: "program-drop",
    summary: "node-b: Cilium's eBPF program dropped the packets: Policy denied, ingress",
    evidence: [
      /^node-b: cilium-dbg bpf metrics list: Policy denied, ingress: grew by 4, as many as were lost$/,
    ],
  });
  t.match(
    ask({ looks: metrics(4, "Policy denied", null) }).cause?.code,
    "program-drop",
    "it had none before",
  );
  t.match(ask({ looks: metrics(4), lastSeen: NIC_B, firstMissing: POD_B }).cause?.code, "program-drop");
  t.end();
});

t.test("a node's counter is of all its pods: one of what was to pass goes before it", (t) => {
  const queues = (["before", "after"] as const).map((phase): Look => ({
    ...{ at: "node-b", kind: "queues", phase },
    text: JSON.stringify([
      { dev: VETH_B.interface, kind: "tbf", root: true, drops: phase === "after" ? 4 : 0 },
    ]),
  }));
  t.equal(ask({ looks: [...metrics(4), ...queues] }).cause?.code, "queue-drop");
  t.end();
});

t.test("of a device on the way, and of no other", (t) => {
  t.match(ask({ looks: counters(VETH_B.interface, 4) }).cause, {
    code: "program-drop",
    summary: `node-b: Calico's eBPF program dropped the packets: by policy, egress of ${VETH_B.interface}`,
  });
  t.equal(ask({ looks: counters("cali0", 4) }).cause, null);
  const trace = freed(4, { location: "__dev_queue_xmit", reason: "TC_EGRESS" });
  t.match(ask({ looks: counters(VETH_B.interface, 40), trace }).cause, { code: "program-drop" });
  t.end();
});

t.test("what counted less, was read once, or stands elsewhere is none of it", (t) => {
  t.equal(ask({ looks: metrics(3) }).cause, null);
  t.equal(ask({ looks: metrics(4).slice(1) }).cause, null);
  t.equal(ask({ looks: metrics(4), lastSeen: POD_B, firstMissing: null, status: "unanswered" }).cause, null);
  const [cut, after] = metrics(4, "Policy denied", null);
  const unread = [{ ...cut!, text: '#cilium\n[{"reason": "Policy den' }, after!];
  t.equal(ask({ looks: unread }).cause, null, "what it had before is not known");
  const { cause, caveats } = ask({ looks: metrics(40) });
  t.equal(cause, null);
  t.match(caveats, [/Policy denied, ingress: grew by 40, more than the 4 lost/]);
  t.end();
});
