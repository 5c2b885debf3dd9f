import t from "tap";
import {
  ask,
  CLIENT,
  counted,
  FLOW,
  flowOf,
  freed,
  NIC_A,
  NIC_B,
  POD_B,
  TUNNEL_A,
  TUNNEL_B,
  VETH_B,
  WEB,
} from "./kit.js";

/** Whether a rule on the packets' way that counted the loss is taken for the cause. */
const fits = (rule: string, changes: Parameters<typeof ask>[0] = {}, at = "node-b"): boolean =>
  ask({ looks: counted(at, [{ rule: `${rule} -j DROP`, to: 4 }]), ...changes }).cause !== null;

t.test("addresses", async (t) => {
  for (const prefix of [CLIENT, `${CLIENT}/32`, `${CLIENT}/8`, "0.0.0.0/0"])
    t.ok(fits(`FORWARD -s ${prefix}`), prefix);
  for (const odd of ["garbage", "10.0.0.0/99", "10.0.0.0/-1", "10.0.0.0/x"])
    t.ok(fits(`FORWARD -s ${odd}`), `${odd} rules nothing out`);
  for (const other of [WEB, "10.0.0.0/8", "fd00::/8", "fd00::1"]) t.notOk(fits(`FORWARD -s ${other}`), other);
  t.ok(fits(`FORWARD -d ${WEB}`));
  const service = {
    ...FLOW,
    to: {
      ...FLOW.to,
      ip: "10.96.0.20",
      addresses: [
        { ip: "10.96.0.20", port: 80 },
        { ip: WEB, port: 8080 },
      ],
    },
  };
  t.ok(fits(`FORWARD -d ${WEB}`, { flow: service }), "the endpoint of a Service");
});

t.test("protocols and ports", async (t) => {
  t.ok(fits("FORWARD -p icmp"));
  t.ok(fits("FORWARD -p 47"), "not understood");
  t.notOk(fits("FORWARD -p udp"));
  const web = { flow: flowOf("tcp", 8080) };
  t.ok(fits("FORWARD -p tcp --dport 8080", web));
  t.notOk(fits("FORWARD -p tcp --dport 22", web));
  t.ok(fits("FORWARD -p tcp --dport 22", { flow: flowOf("tcp") }), "the flow's port is not known");
  const reply = { direction: "reply", lastSeen: VETH_B, firstMissing: TUNNEL_B } as const;
  t.ok(fits("FORWARD -p tcp --dport 33000", { ...web, ...reply }), "to the client's port");
  t.ok(fits(`FORWARD -s ${WEB} -d ${CLIENT}`, reply));
});

t.test("IPv6", async (t) => {
  const end = (ip: string): object => ({ ip, addresses: [{ ip, port: null }] });
  const flow = {
    ...FLOW,
    from: { ...FLOW.from, ...end("fd00::1") },
    to: { ...FLOW.to, ...end("fd00:1::1") },
  };
  t.ok(fits("FORWARD -s fd00::1/128", { flow }));
  t.notOk(fits("FORWARD -s fd00::2/128", { flow }));
  const summary = (prefix: string): string | undefined =>
    ask({
      flow,
      trace: freed(4, {}),
      looks: counted("node-b", [{ rule: `FORWARD -s ${prefix} -j DROP`, to: 99 }]),
    }).cause?.summary;
  t.match(summary("fd00::/64"), /rule in FORWARD/);
  t.match(summary("::/0"), /no rule's counter tells which/);
});

t.test("devices", async (t) => {
  t.ok(fits("FORWARD -i vxlan.calico"));
  t.ok(fits("FORWARD -o cali+"));
  t.notOk(fits("FORWARD -o eth+"));
  const pod = { status: "unanswered", lastSeen: POD_B, firstMissing: null } as const;
  t.ok(fits(`INPUT -i eth0 -s ${CLIENT}`, pod, "node-b shop/web"));
  t.ok(fits(`OUTPUT -o eth0 -s ${WEB} -p icmp`, pod, "node-b shop/web"), "the answer");
  t.notOk(fits("INPUT -s 10.1.1.1", pod, "node-b shop/web"));
});

t.test("in the tunnel the nodes' addresses, UDP and the tunnel's port count", async (t) => {
  const out = { lastSeen: TUNNEL_A, firstMissing: NIC_A };
  const own = FLOW.underlay["node-a"]?.ip ?? "";
  t.ok(fits(`OUTPUT -s ${own} -p udp --dport 4789`, out, "node-a"));
  t.notOk(fits(`OUTPUT -s ${CLIENT}`, out, "node-a"));
  t.notOk(fits("OUTPUT -p udp --dport 53", out, "node-a"));
  t.notOk(fits("OUTPUT -p icmp", out, "node-a"));
  t.ok(
    fits(`OUTPUT -s ${CLIENT}`, { ...out, flow: { ...FLOW, underlay: {} } }, "node-a"),
    "addresses not known",
  );
  const ipip = { kind: "ipip", outer: 4 } as const;
  const hops = FLOW.hops.map((hop) =>
    hop.encapsulation?.kind === "none" ? hop : { ...hop, encapsulation: ipip },
  );
  t.notOk(fits("OUTPUT -p udp", { ...out, flow: { ...FLOW, hops } }, "node-a"), "IP in IP is not over UDP");
  const noNodes = { ...FLOW, from: { ...FLOW.from, node: null }, to: { ...FLOW.to, node: null } };
  t.ok(fits(`OUTPUT -s ${CLIENT}`, { ...out, flow: noNodes }, "node-a"));
  t.ok(fits("INPUT -p udp --dport 4789", { lastSeen: NIC_B, firstMissing: TUNNEL_B }));
  t.notOk(fits("FORWARD", { lastSeen: NIC_A, firstMissing: NIC_B }), "between nodes there is no rule");
});

t.test("what a rule has to name before the kernel's word ties it to the loss", async (t) => {
  const said = (rule: string, chain = "FORWARD"): string =>
    ask({
      trace: freed(4, {}),
      looks: counted(
        "node-b",
        [
          { rule: `${chain} ${rule} -j DROP`, to: 99 },
          { rule: `FORWARD -j ${chain}`, to: 99 },
        ],
        [chain],
      ),
    }).cause?.summary ?? "";
  const named = /rule in/;
  t.match(said(`-s ${CLIENT}`), named);
  t.match(said(`-d ${WEB}/26`), named);
  t.match(said("-i vxlan.calico"), named);
  t.match(said("-m x", `cali-tw-${VETH_B.interface}`), named);
  for (const wide of ["-s 0.0.0.0/0", "-s garbage", "-s ::/0", "-m x", "-o cali+"])
    t.notMatch(said(wide), named, wide);
});
