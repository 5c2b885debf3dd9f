import t from "tap";
import {
  alike,
  ask,
  counted,
  CLIENT,
  FLOW,
  flowOf,
  freed,
  NIC_B,
  POD_B,
  TUNNEL_B,
  VETH_A,
  VETH_B,
  WEB,
} from "./kit.js";
import type { EvidenceHop } from "../../../lib/model/evidence.js";

const DROP = `FORWARD -s ${CLIENT}/32 -j DROP`;

t.test("a rule that counted what was lost is the cause, with its text, chain and comment", async (t) => {
  const rule = `FORWARD -s ${CLIENT}/32 -m comment --comment "site \\"A\\": no" -j DROP`;
  const { cause, caveats } = ask({ looks: counted("node-b", [{ rule, from: 3, to: 7 }]) });
  t.equal(cause?.code, "netfilter-drop");
  t.equal(cause?.summary, 'node-b: rule in FORWARD drops the packets ("site "A": no")');
  t.strictSame(cause?.evidence, [
    `node-b: -A ${rule}`,
    "its counter grew by 4, as many as were lost",
    'its comment: site "A": no',
  ]);
  t.strictSame(caveats, []);
});

t.test("a rule that counted less, or as many elsewhere, is none", async (t) => {
  const other = (rule: string): unknown => ask({ looks: counted("node-b", [{ rule, to: 4 }]) }).cause;
  t.equal(ask({ looks: counted("node-b", [{ rule: DROP, to: 3 }]) }).cause, null, "less than were lost");
  t.equal(ask({ looks: counted("node-b", [{ rule: DROP, from: 9, to: 4 }]) }).cause, null, "counted anew");
  t.equal(ask({ looks: counted("node-a", [{ rule: DROP, to: 4 }]) }).cause, null, "on another node");
  t.equal(other("INPUT -j DROP"), null, "another hook");
  t.equal(other("FORWARD -s 10.9.9.9/32 -j DROP"), null, "another source");
  t.equal(other(`FORWARD -i ${VETH_A.interface} -j DROP`), null, "another device");
  t.equal(other("FORWARD -p tcp -j DROP"), null, "another protocol");
  t.equal(other("LOST -j DROP"), null, "a chain that nothing leads to");
  t.equal(other("FORWARD -j ACCEPT"), null, "no drop");
  t.equal(ask({ lose: 0, looks: counted("node-b", [{ rule: DROP, to: 0 }]) }).cause, null, "nothing lost");
  const [, after] = counted("node-b", [{ rule: DROP, to: 4 }]);
  const once = ask({ looks: after === undefined ? [] : [after] }).cause;
  t.match(
    once?.summary,
    /^node-b: the packets would be dropped by a rule of FORWARD/,
    "read once: by its text",
  );
  t.equal(
    once?.evidence[1],
    "its counter was read once and says nothing: its text and the flow's packet say it",
  );
});

t.test("the chain of another workload is not on the way, however well it counts", async (t) => {
  const rules = (device: string): { rule: string; to: number }[] => [
    { rule: `FORWARD -o ${device} -g cali-tw-${device}`, to: 4 },
    { rule: `cali-tw-${device} -m comment --comment "End of tier default" -j DROP`, to: 4 },
  ];
  const at = (device: string) =>
    ask({ looks: counted("node-b", rules(device), [`cali-tw-${device}`]) }).cause?.summary;
  t.equal(at("caliother"), undefined);
  t.match(at(VETH_B.interface), /rule in cali-tw-cali\w+ drops the packets \("End of tier default"\)/);
});

t.test("between a tunnel and a pod whose host side packets may pass unseen, the node forwards", async (t) => {
  const rule = `FORWARD -o ${VETH_B.interface} -j DROP`;
  const at = { lastSeen: TUNNEL_B, firstMissing: POD_B, looks: counted("node-b", [{ rule, to: 4 }]) };
  const hops = FLOW.hops.map((hop) =>
    hop.id === VETH_B.id ? { ...hop, passedBy: ["request" as const] } : hop,
  );
  t.equal(ask({ ...at, flow: { ...FLOW, hops } }).cause?.code, "netfilter-drop");
  t.equal(ask(at).cause, null, "where it had to be seen, the host's side passes it on by itself");
});

t.test(
  "a node in the middle takes bare packets by its NIC and sends them on by its tunnel: it forwards",
  async (t) => {
    const rule = `FORWARD -i ${NIC_B.interface} -o ${TUNNEL_B.interface} -j DROP`;
    const looks = counted("node-b", [{ rule, to: 4 }]);
    const bare = { ...NIC_B, encapsulation: { kind: "none" as const } };
    const codeOf = (lastSeen: EvidenceHop, firstMissing: EvidenceHop): string | undefined =>
      ask({ lastSeen, firstMissing, looks }).cause?.code;
    t.equal(codeOf(bare, TUNNEL_B), "netfilter-drop");
    t.equal(codeOf(NIC_B, TUNNEL_B), undefined, "what wears the tunnel's header is taken out of it there");
    const sealed = { ...bare, passedBy: ["request" as const] };
    t.equal(codeOf(sealed, TUNNEL_B), undefined, "and what only its ends can read");
    const back = counted("node-b", [{ rule: `FORWARD -i ${TUNNEL_B.interface} -j DROP`, to: 4 }]);
    const out = (firstMissing: EvidenceHop): string | undefined =>
      ask({ lastSeen: TUNNEL_B, firstMissing, looks: back }).cause?.code;
    t.equal(out(bare), "netfilter-drop", "out of the tunnel, and bare by the NIC");
    t.equal(out(NIC_B), undefined);
    t.equal(out(sealed), undefined);
  },
);

t.test("several flows of one run: the counter grows by the sum", async (t) => {
  const looks = counted("node-b", [{ rule: DROP, to: 12 }]);
  const { cause } = ask({ looks, alike: [alike(), alike({ lostCount: 4 })] });
  t.equal(cause?.evidence[1], "its counter grew by 12, as many as were lost here by 3 flows of this run");
  t.equal(ask({ looks, alike: [alike()] }).cause, null, "the sum is not reached");
  const web = flowOf("tcp", 8080);
  const rule = `FORWARD -d ${WEB}/32 -p tcp -m tcp --dport 8080 -j DROP`;
  const tcpOnly = ask({
    flow: web,
    looks: counted("node-b", [{ rule, to: 8 }]),
    alike: [alike({ flow: web }), alike()],
  });
  t.match(
    tcpOnly.cause?.evidence[1],
    /by 2 flows of this run/,
    "a flow that the rule is not about does not count",
  );
  const inPod = alike({ status: "unanswered", lastSeen: POD_B, firstMissing: null });
  t.equal(ask({ looks, alike: [alike(), inPod] }).cause, null, "a flow that ended in another namespace");
  const elsewhere = [
    alike({ lastSeen: null, firstMissing: null }),
    alike({ lastSeen: POD_B, firstMissing: null }),
  ];
  t.match(ask({ looks: counted("node-b", [{ rule: DROP, to: 4 }]), alike: elsewhere }).cause, {
    code: "netfilter-drop",
  });
});

t.test("a little more than the sum: TCP sends again, and captures end", async (t) => {
  const rule = [{ rule: DROP, to: 6 }];
  const sentAgain = ask({ flow: flowOf("tcp", 80), looks: counted("node-b", rule) });
  t.match(sentAgain.cause?.evidence[1], /grew by 6: the 4 lost, and what came before or after the captures/);
  t.equal(ask({ looks: counted("node-b", rule) }).cause, null, "ICMP does not send again");
  t.match(ask({ looks: counted("node-b", rule), uncertainCount: 2 }).cause, { code: "netfilter-drop" });
});

t.test(
  "much more than was lost: a caveat, and a cause only where the kernel and the rule name the loss",
  async (t) => {
    const looks = counted("node-b", [{ rule: DROP, to: 90 }]);
    const open = ask({ looks });
    t.equal(open.cause, null);
    t.strictSame(open.caveats, [
      `node-b: the counter of rule in FORWARD grew by 90, more than the 4 lost: it counts what is not of this flow as well: -A ${DROP}`,
    ]);
    const confirmed = ask({ looks, trace: freed(4, {}) });
    t.equal(confirmed.cause?.code, "netfilter-drop");
    t.match(confirmed.cause?.summary, /rule in FORWARD/);
    const partly = ask({ looks, trace: freed(3, {}) });
    t.equal(partly.cause, null, "the kernel speaks of three of four");
    const any = ask({ looks: counted("node-b", [{ rule: "FORWARD -j DROP", to: 90 }]), trace: freed(4, {}) });
    t.match(any.cause?.summary, /no rule's counter tells which/, "a rule that names nothing of the flow");
    t.match(any.caveats, [/grew by 90/]);
    const otherwise = ask({ looks, trace: freed(4, { location: "x", reason: "OTHERHOST" }) });
    t.equal(otherwise.cause, null, "the kernel says something else");
  },
);

t.test("several rules that counted alike: the one that names the flow, else all of them", async (t) => {
  const both = [
    { rule: "FORWARD -m mark --mark 0x1 -j DROP", to: 4 },
    { rule: "FORWARD -m mark --mark 0x2 -j DROP", to: 4 },
  ];
  const { cause } = ask({ looks: counted("node-b", both) });
  t.equal(cause?.summary, "node-b: one of 2 rules in FORWARD drops the packets");
  t.equal(cause?.evidence.length, 4);
  const named = ask({ looks: counted("node-b", [...both, { rule: DROP, to: 4 }]) });
  t.match(named.cause?.evidence[0], DROP);
});

t.test("the policy of a chain", async (t) => {
  const [before, after] = counted("node-b", []);
  if (before === undefined || after === undefined) throw new Error("no looks");
  const text = (packets: number): string => `*filter\n:FORWARD DROP [${packets}:0]\nCOMMIT`;
  const looks = [
    { ...before, text: text(0) },
    { ...after, text: text(4) },
  ];
  t.equal(ask({ looks }).cause?.summary, "node-b: the DROP policy of FORWARD drops the packets");
});

t.test("a refusal is a REJECT rule's, and only that", async (t) => {
  const rejected = { status: "rejected", rejectedBy: { ip: CLIENT, node: "node-b", how: "x" } } as const;
  const rules = [
    { rule: `FORWARD -d ${WEB}/32 -j REJECT --reject-with icmp-port-unreachable`, to: 4 },
    { rule: DROP, to: 4 },
  ];
  const { cause } = ask({ ...rejected, looks: counted("node-b", rules) });
  t.equal(cause?.code, "rejected-by-netfilter");
  t.equal(cause?.summary, "node-b: rule in FORWARD rejects the packets");
});

t.test("a rule that came with the run counts from nothing", async (t) => {
  const [, after] = counted("node-b", [{ rule: DROP, to: 4 }]);
  const [before] = counted("node-b", []);
  const looks = [before, after].filter((look) => look !== undefined);
  t.equal(ask({ looks }).cause?.code, "netfilter-drop");
});

t.test("a rule that counted what was lost comes before one that does not count", async (t) => {
  const text = (packets: number): string => {
    const of = { family: "ip", table: "f", chain: "forward" };
    const rules = [
      { rule: { ...of, handle: 1, expr: [{ drop: null }] } },
      { rule: { ...of, handle: 2, expr: [{ counter: { packets } }, { drop: null }] } },
    ];
    return JSON.stringify({ nftables: [{ chain: { ...of, name: "forward", hook: "forward" } }, ...rules] });
  };
  const looks = (packets: number) => [
    { at: "node-b", kind: "nftables", phase: "before", text: text(0) } as const,
    { at: "node-b", kind: "nftables", text: text(packets) } as const,
  ];
  t.match(ask({ looks: looks(4) }).cause?.summary, /^node-b: rule in forward drops/);
  t.match(
    ask({ looks: looks(0) }).cause?.summary,
    /^node-b: the packets would be dropped by a rule of forward/,
  );
});

t.test("a chain of a device sees that device only; a pod's rules are told as such", async (t) => {
  const nft = (device: string, packets: number): string =>
    JSON.stringify({
      nftables: [
        { chain: { family: "netdev", table: "edge", name: "in", hook: "ingress", dev: device } },
        {
          rule: {
            family: "netdev",
            table: "edge",
            chain: "in",
            handle: 2,
            comment: "edge",
            expr: [{ counter: { packets, bytes: 0 } }, { drop: null }],
          },
        },
      ],
    });
  const at = (device: string) =>
    ask({
      looks: [
        { at: "node-b", kind: "nftables", phase: "before", text: nft(device, 0) },
        { at: "node-b", kind: "nftables", text: nft(device, 4) },
      ],
    }).cause?.summary;
  t.equal(at("vxlan.calico"), 'node-b: rule in in drops the packets ("edge")');
  t.equal(at("eth9"), undefined);
  const inPod = ask({
    status: "unanswered",
    lastSeen: POD_B,
    firstMissing: null,
    looks: counted("node-b shop/web", [{ rule: "INPUT -j DROP", to: 4 }]),
  });
  t.equal(inPod.cause?.summary, "inside pod shop/web on node-b: rule in INPUT drops the packets");
});

t.test("a Service without endpoints, and NetworkPolicies by their chains' names", async (t) => {
  const service = `FORWARD -m comment --comment "shop/web:http has no endpoints" -j DROP`;
  const one = ask({ looks: counted("node-b", [{ rule: service, to: 4 }]) });
  t.match(one.cause?.summary, /Service shop\/web:http, which has no endpoints/);
  const device = VETH_B.interface;
  const rules = [
    { rule: `FORWARD -o ${device} -j cali-tw-${device}`, to: 4 },
    { rule: `cali-tw-${device} -j cali-pi-knp/shop/deny-web`, to: 4 },
    { rule: `cali-tw-${device} -j cali-po-knp/shop/deny-out`, to: 4 },
    {
      rule: `cali-tw-${device} -m comment --comment "cali:abc" -m comment --comment "End of tier" -j DROP`,
      to: 4,
    },
    { rule: "cali-pi-knp/shop/deny-web -m comment --comment x", to: 4 },
    { rule: "cali-po-knp/shop/deny-out -m comment --comment x", to: 4 },
    { rule: 'cali-pi-_hashed -m comment --comment "KubernetesNetworkPolicy shop/third egress"', to: 4 },
  ];
  const { cause } = ask({ looks: counted("node-b", rules, [`cali-tw-${device}`]) });
  t.match(
    cause?.evidence.at(-1),
    "NetworkPolicy shop/deny-web ingress, NetworkPolicy shop/deny-out egress, NetworkPolicy shop/third egress",
  );
  t.equal(cause?.evidence[2], "its comment: End of tier");
  t.ok((cause?.summary.length ?? 999) <= 160);
});

t.test("ways through iptables' chains end, also in a circle", async (t) => {
  const rules = [
    { rule: "FORWARD -j one", to: 4 },
    { rule: "FORWARD -j one", to: 4 },
    { rule: "one -j two", to: 4 },
    { rule: "two -g one", to: 4 },
    { rule: `two -s ${FLOW.from.ip}/24 -j DROP`, to: 4 },
  ];
  t.equal(ask({ looks: counted("node-b", rules, ["one", "two"]) }).cause?.code, "netfilter-drop");
});

t.test("a node's own port: what drops it on purpose is a cause of its own", async (t) => {
  const at = { pod: null, node: "node-b", ip: "192.0.2.2", port: 30_081 };
  const to = { ...at, addresses: [{ ip: at.ip, port: at.port }] };
  const web = flowOf("tcp", 30_081);
  const flow = { ...web, to, hops: web.hops.filter(({ id }) => id !== POD_B.id) };
  const last = flow.hops.at(-1)!;
  const rule = `INPUT -p tcp -m comment --comment "shop/edge:http has no local endpoints" -m tcp --dport 30081 -j DROP`;
  const silent = { flow, status: "unanswered", lastSeen: last, firstMissing: null } as const;
  const { cause } = ask({ ...silent, looks: counted("node-b", [{ rule, to: 4 }]) });
  t.equal(cause?.code, "no-local-endpoint");
  t.match(cause?.summary, /on purpose: Service shop\/edge:http is for pods of the same node/);
  const pod = { ...to, pod: "shop/web" };
  t.equal(
    ask({ ...silent, flow: { ...flow, to: pod }, looks: counted("node-b", [{ rule, to: 4 }]) }).cause,
    null,
  );
});
