import t from "tap";
import { ask, FLOW, type Look, NIC_A, NIC_B, TUNNEL_A, VETH_A } from "./kit.js";

const device = FLOW.underlay["node-a"]?.interface ?? "";
const far = FLOW.underlay["node-b"]?.ip ?? "";
const dark = { end: "to", node: "node-b", pod: null, address: far, why: "no route to host" } as const;
/** As it is where the far node could not be entered: nothing of it is known but its address. */
const HALF = {
  ...FLOW,
  unseen: ["node-b"],
  unentered: [dark],
  underlay: { "node-a": { ip: FLOW.underlay["node-a"]?.ip ?? "", interface: device } },
  tunnels: { "node-a": FLOW.tunnels["node-a"]! },
};

const neighbour = (state: string, dst = far): Look => ({
  at: "node-a",
  kind: "neighbours",
  argv: ["ip", "-j", "neigh", "show", "dev", device],
  text: JSON.stringify([{ dst, state: [state] }]),
});
const LEAVES = { lastSeen: TUNNEL_A, firstMissing: NIC_A };

t.test("the far node answers no ARP: where packets would leave for it, and nowhere else", async (t) => {
  const { cause } = ask({ flow: HALF, ...LEAVES, looks: [neighbour("FAILED")] });
  t.match(cause, {
    code: "far-node-silent",
    summary: `node-a: node-b (${far}) answers no ARP on ${device}`,
    evidence: [/has \S+ FAILED$/, "node-b could not be entered: no route to host"],
  });
  const codeOf = (asked: Parameters<typeof ask>[0]): string | undefined => ask(asked).cause?.code;
  t.equal(codeOf({ ...LEAVES, looks: [neighbour("INCOMPLETE")] }), "far-node-silent", "entered all the same");
  const unanswered = { status: "unanswered", direction: null, lastSeen: NIC_A, firstMissing: null } as const;
  t.equal(codeOf({ flow: HALF, ...unanswered, looks: [neighbour("FAILED")] }), "far-node-silent");
  t.equal(
    codeOf({ ...unanswered, looks: [neighbour("FAILED")] }),
    undefined,
    "what lies behind was looked at",
  );
  t.equal(codeOf({ lastSeen: NIC_A, firstMissing: NIC_B, looks: [neighbour("FAILED")] }), "far-node-silent");
  t.equal(codeOf({ lastSeen: VETH_A, firstMissing: TUNNEL_A, looks: [neighbour("FAILED")] }), undefined);
  for (const looks of [[neighbour("REACHABLE")], [neighbour("FAILED", "10.77.0.99")], []])
    t.equal(codeOf({ flow: HALF, ...LEAVES, looks }), undefined);
});

t.test("the far node is told by what is known of it: its name, an address, or an IPv6 one", async (t) => {
  const leaves = { lastSeen: VETH_A, firstMissing: NIC_A, looks: [neighbour("FAILED")] };
  const outside = { ...FLOW, to: { ...FLOW.to, node: null } };
  const summaryOf = (flow: typeof FLOW, looks = leaves.looks) =>
    ask({ ...leaves, flow, looks }).cause?.summary;
  t.equal(summaryOf(outside), `node-a: ${far} answers no ARP on ${device}`, "only the tunnel's end is known");
  t.equal(summaryOf({ ...outside, tunnels: {} }), undefined, "nothing is known");
  const gateway = { ...outside, tunnels: {}, underlay: HALF.underlay, unentered: [dark] };
  t.equal(summaryOf(gateway), `node-a: node-b (${far}) answers no ARP on ${device}`);
  const six = { ...HALF, tunnels: {}, unentered: [{ ...dark, address: "fd00::b" }] };
  t.equal(
    summaryOf(six, [neighbour("FAILED", "fd00::b")]),
    `node-a: node-b (fd00::b) answers no neighbour solicitation on ${device}`,
  );
});
