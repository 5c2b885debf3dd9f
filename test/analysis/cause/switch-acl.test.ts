import t from "tap";
import { readFileSync } from "node:fs";
import { ask, FLOW, flowOf, NIC_A, NIC_B, POD_B, VETH_A, VETH_B, type Look } from "./kit.js";

const recorded = (name: string): string =>
  readFileSync(new URL(`../../fixtures/ovn/${name}.txt`, import.meta.url), "utf8");

const SWITCHED = { ...flowOf("tcp", 8080), switched: { from: "shop_client", to: "shop_web" } };
const AT_B = { flow: SWITCHED, lastSeen: NIC_B, firstMissing: VETH_B };
const AT_A = { flow: SWITCHED, lastSeen: VETH_A, firstMissing: NIC_A };
const look = (name: string): Look => ({
  ...{ at: "node-a", kind: "switch-trace", text: recorded(name) },
  argv: ["sh", "-c", "TEXT", "hopbook-switch-trace", "tcp"],
});

t.test("an ACL is named by its name and external_ids, where the packets ended", async (t) => {
  const { cause } = ask({ ...AT_B, looks: [look("acl-drop")] });
  t.match(cause, {
    code: "switch-acl-drop",
    summary: /^node-b: an ACL of the switch node-b drops the packets \("NP:shop:deny-web:Ingress"; /,
    evidence: [
      /^ovn-trace on node-a: ls_out_acl: /,
      /k8s\.ovn\.org\/name shop:deny-web.*outport == "shop_web"/,
    ],
  });
  t.match(ask({ ...AT_A, looks: [look("acl-reject")] }).cause, {
    code: "switch-acl-drop",
    summary: "node-a: an ACL of the switch node-a rejects the packets",
  });
  const bare = { ...look("acl-drop"), text: recorded("acl-drop").replace(/^acl .*$/m, "") };
  t.equal(ask({ ...AT_B, looks: [bare] }).cause?.evidence.length, 1, "its row is not known");
  for (const [asked, why] of [
    [{ ...AT_A, looks: [look("acl-drop")] }, "it ends packets on the other node"],
    [{ ...AT_B, looks: [look("delivered")] }, "OVN brings them there"],
    [{ ...AT_B, looks: [] }, "nobody was asked"],
    [{ ...AT_B, direction: "reply", looks: [look("acl-drop")] }, "it was asked of the request"],
    [{ ...AT_B, lastSeen: NIC_A, firstMissing: NIC_B, looks: [look("acl-drop")] }, "on the wire"],
    [
      {
        flow: SWITCHED,
        lastSeen: POD_B,
        firstMissing: null,
        status: "unanswered",
        looks: [look("acl-drop")],
      },
      "they arrived",
    ],
  ] as const)
    t.equal(ask(asked).cause, null, why);
  const unaddressed = { ...SWITCHED, to: { ...SWITCHED.to, addresses: [] } };
  t.equal(ask({ ...AT_B, flow: unaddressed, looks: [look("acl-drop")] }).cause?.code, "switch-acl-drop");
});

t.test("the node's own tables and its kernel have no say where a switch has the packets", async (t) => {
  const route: Look = {
    ...{
      at: "node-b",
      kind: "route-get",
      text: "",
      exitCode: 2,
      stderr: "RTNETLINK answers: Network is unreachable",
    },
    argv: ["ip", "-j", "route", "get", FLOW.to.ip],
  };
  const asked = { lastSeen: NIC_B, firstMissing: VETH_B, looks: [route] };
  t.equal(ask(asked).cause?.code, "route-missing");
  t.equal(ask({ ...asked, flow: SWITCHED }).cause, null);
});
