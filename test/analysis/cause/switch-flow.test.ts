import t from "tap";
import { readFileSync } from "node:fs";
import { ask, flowOf, NIC_A, NIC_B, POD_A, POD_B, VETH_A, VETH_B, type Look } from "./kit.js";

const recorded = (name: string): string =>
  readFileSync(new URL(`../../fixtures/ovn/${name}.txt`, import.meta.url), "utf8");

const SWITCHED = { ...flowOf("tcp", 8080), switched: { from: "shop_client", to: "shop_web" } };
const AT_A = { flow: SWITCHED, lastSeen: VETH_A, firstMissing: NIC_A };
const CLIENT = SWITCHED.from.pod ?? "";
const flows = (name: string, protocol = "tcp"): Look => ({
  ...{ at: `node-a ${CLIENT}`, kind: "flow-trace", text: recorded(`flows/${name}`) },
  argv: ["nsenter", "--net=/run/netns/x", "sh", "-c", "TEXT", "hopbook-flow-trace", protocol],
});
const acl: Look = {
  ...{ at: "node-a", kind: "switch-trace", text: recorded("acl-reject") },
  argv: ["sh", "-c", "TEXT", "hopbook-switch-trace", "tcp"],
};

t.test(
  "the flow that drops is named by bridge, table, priority and cookie, on the sender's node",
  async (t) => {
    t.strictSame(ask({ ...AT_A, looks: [flows("drop")] }).cause, {
      code: "switch-flow-drop",
      summary:
        'node-a: the flow "tcp,in_port=2,tp_dst=8080, priority 200, cookie 0xbad" of table 0 of br-int drops the packets',
      evidence: [
        "ofproto/trace on node-a: br-int, 0. tcp,in_port=2,tp_dst=8080, priority 200, cookie 0xbad: drop",
      ],
    });
    const { cause } = ask({ ...AT_A, looks: [flows("drop-behind-tracking")] });
    t.match(cause?.evidence, [/20\. .*priority 60000, cookie 0xbad: drop$/, /taken to call them new/]);
    t.equal(
      ask({ ...AT_A, lastSeen: POD_A, firstMissing: VETH_A, looks: [flows("drop")] }).cause?.code,
      "switch-flow-drop",
      "between the pod and its veth",
    );
  },
);

t.test("what the flow tables do not say, and where they have no say", async (t) => {
  t.equal(ask({ ...AT_A, looks: [flows("drop"), acl] }).cause?.code, "switch-acl-drop", "an ACL says more");
  for (const [asked, why] of [
    [{ ...AT_A, looks: [flows("delivered")] }, "they send them on"],
    [{ ...AT_A, looks: [flows("drop", "udp")] }, "it was asked of other packets"],
    [{ ...AT_A, looks: [] }, "nobody was asked"],
    [{ ...AT_A, direction: "reply", looks: [flows("drop")] }, "it was asked of the request"],
    [{ ...AT_A, lastSeen: NIC_B, firstMissing: VETH_B, looks: [flows("drop")] }, "on the other node"],
    [{ ...AT_A, lastSeen: NIC_A, firstMissing: NIC_B, looks: [flows("drop")] }, "on the wire"],
    [
      { flow: SWITCHED, lastSeen: POD_B, firstMissing: null, status: "unanswered", looks: [flows("drop")] },
      "they arrived",
    ],
  ] as const)
    t.equal(ask(asked).cause, null, why);
  const unaddressed = { ...SWITCHED, to: { ...SWITCHED.to, addresses: [] } };
  t.equal(ask({ ...AT_A, flow: unaddressed, looks: [flows("drop")] }).cause?.code, "switch-flow-drop");
  const outside = { ...SWITCHED, from: { ...SWITCHED.from, node: null } };
  t.equal(ask({ ...AT_A, flow: outside, looks: [flows("drop")] }).cause, null, "its node is not known");
});
