import t from "tap";
import type { EvidenceHop, FlowEvidence } from "../../../lib/model/evidence.js";
import { ask, CLIENT, FLOW, type Asked, type Look, POD_A, POD_B, VETH_A, VETH_B, WEB } from "./kit.js";

/** Two pods of one node, whose ports one bridge has. */
const VETH_C: EvidenceHop = { ...VETH_B, node: "node-a" };
const POD_C: EvidenceHop = { ...POD_B, node: "node-a" };
const SAME_NODE: FlowEvidence = {
  ...FLOW,
  to: { ...FLOW.to, node: "node-a" },
  hops: [POD_A, VETH_A, VETH_C, POD_C],
};
const BETWEEN: Asked = { flow: SAME_NODE, lastSeen: VETH_A, firstMissing: VETH_C };
const UNSENT: Asked = {
  ...{ flow: SAME_NODE, lastSeen: null, firstMissing: POD_A, direction: null, status: "inconclusive" },
};

interface Port {
  readonly master?: string | null;
  readonly state?: string;
  readonly isolated?: boolean;
}

function ports(own: Port, other: Port = {}): Look {
  const link = (ifname: string, { master = "cni0", state = "forwarding", isolated = false }: Port) => ({
    ...{ ifname, flags: ["UP", "LOWER_UP"], operstate: "UP", mtu: 1500 },
    ...(master === null
      ? {}
      : { master, linkinfo: { info_slave_kind: "bridge", info_slave_data: { state, isolated } } }),
  });
  const text = JSON.stringify([link(VETH_A.interface, own), link(VETH_C.interface, other)]);
  return { at: "node-a", kind: "links", text };
}

const codeOf = (asked: Asked): string | undefined => ask(asked).cause?.code;

t.test("a port that is closed", (t) => {
  const { cause } = ask({ ...BETWEEN, looks: [ports({}, { state: "blocking" })] });
  t.match(cause, {
    code: "bridge-port-closed",
    summary: `node-a: cni0 passes nothing by its port ${VETH_C.interface}, which is blocking`,
    evidence: [`node-a: ip -d link show ${VETH_C.interface}: master cni0, state blocking`],
  });
  t.equal(codeOf({ ...UNSENT, looks: [ports({ state: "disabled" })] }), "bridge-port-closed");
  t.equal(
    codeOf({ ...BETWEEN, looks: [ports({ master: null }, { master: null, state: "disabled" })] }),
    undefined,
  );
  t.equal(
    codeOf({ ...BETWEEN, lastSeen: VETH_C, firstMissing: POD_C, looks: [ports({}, { state: "disabled" })] }),
    undefined,
    "it has let them out",
  );
  t.end();
});

t.test("two ports that are isolated", (t) => {
  const isolated = { isolated: true };
  const both = ports(isolated, isolated);
  t.match(ask({ ...BETWEEN, looks: [both] }).cause, {
    code: "bridge-ports-isolated",
    summary: `node-a: ${VETH_A.interface} and ${VETH_C.interface} are isolated ports of cni0, which passes nothing between them`,
  });
  t.equal(codeOf({ ...UNSENT, looks: [both] }), "bridge-ports-isolated");
  t.equal(codeOf({ ...BETWEEN, looks: [ports(isolated)] }), undefined, "one alone hinders nothing");
  t.equal(codeOf({ ...BETWEEN, looks: [ports(isolated, { ...isolated, master: "br1" })] }), undefined);
  t.equal(codeOf({ ...BETWEEN, looks: [] }), undefined);
  t.end();
});

t.test(
  "what passes from port to port, or to a bridge that routes for its ports, is not what routes say",
  (t) => {
    const route = (to: string, dev: string): Look => ({
      ...{ at: "node-a", kind: "route-get", text: JSON.stringify([{ dst: to, dev }]) },
      argv: ["ip", "-j", "route", "get", to, "from", CLIENT, "iif", VETH_A.interface],
    });
    t.equal(codeOf({ ...BETWEEN, looks: [route(WEB, "cni0"), ports({})] }), undefined);
    t.equal(codeOf({ ...BETWEEN, looks: [route(WEB, "eth0"), ports({})] }), undefined, "nobody asks it");
    t.equal(codeOf({ ...BETWEEN, looks: [route(WEB, "eth0")] }), "route-missing", "of no bridge it is one");
    const translated = {
      ...SAME_NODE,
      to: { ...SAME_NODE.to, addresses: [{ ip: "10.96.0.20", port: 80 }, ...SAME_NODE.to.addresses] },
    };
    const asked = { ...BETWEEN, flow: translated };
    t.equal(codeOf({ ...asked, looks: [route(WEB, "cni0"), ports({})] }), undefined);
    t.equal(
      codeOf({ ...asked, looks: [route(WEB, "eth0"), ports({})] }),
      "route-missing",
      "it is routed anew",
    );
    t.end();
  },
);

t.test("nobody answers the pod that asks who has the next address", (t) => {
  const neighbours = (ip: string, state: string, mac?: string): Look => ({
    ...{ at: `node-a ${String(FLOW.from.pod)}`, kind: "neighbours" },
    text: JSON.stringify([{ dst: ip, state: [state], ...(mac === undefined ? {} : { lladdr: mac }) }]),
    argv: ["ip", "-j", "neigh", "show", "dev", "eth0"],
  });
  const gateway: Look = {
    ...{ at: `node-a ${String(FLOW.from.pod)}`, kind: "route-get" },
    text: JSON.stringify([{ dst: WEB, gateway: "10.0.0.254", dev: "eth0" }]),
    argv: ["ip", "-j", "route", "get", WEB],
  };
  t.match(ask({ ...UNSENT, looks: [neighbours(WEB, "FAILED")] }).cause, {
    code: "neighbour-silent",
    summary: `inside pod ${String(FLOW.from.pod)} on node-a: neighbour ${WEB} on eth0 does not answer`,
  });
  t.equal(
    codeOf({ ...UNSENT, looks: [gateway, neighbours("10.0.0.254", "INCOMPLETE")] }),
    "neighbour-silent",
  );
  t.equal(codeOf({ ...UNSENT, looks: [neighbours("10.0.0.254", "INCOMPLETE")] }), undefined, "another one");
  t.equal(codeOf({ ...UNSENT, looks: [neighbours(WEB, "STALE", "02:00:00:00:00:01")] }), undefined);
  t.equal(
    codeOf({ ...UNSENT, firstMissing: null, looks: [neighbours(WEB, "FAILED")] }),
    undefined,
    "nothing was tried",
  );
  const unanswered = { flow: SAME_NODE, status: "unanswered", lastSeen: POD_C, firstMissing: null } as const;
  const ofServer = { ...neighbours(CLIENT, "FAILED"), at: `node-a ${String(FLOW.to.pod)}` };
  t.equal(codeOf({ ...unanswered, looks: [ofServer] }), "neighbour-silent", "the server cannot answer");
  t.end();
});

t.test("a bridge that does not ask the node's rules", (t) => {
  const sysctls = (text: string): Look => ({ at: "node-a", kind: "sysctls", text });
  const off = sysctls("net.bridge.bridge-nf-call-iptables = 0\n");
  const service = {
    ...SAME_NODE,
    to: {
      ...SAME_NODE.to,
      ip: "10.96.0.20",
      addresses: [
        { ip: "10.96.0.20", port: 80 },
        { ip: WEB, port: 8080 },
      ],
    },
  };
  const refused: Asked = {
    ...{ flow: service, status: "rejected", lastSeen: POD_A, firstMissing: VETH_A },
    rejectedBy: { ip: CLIENT, node: "node-a", how: "TCP RST by the client" },
  };
  t.match(ask({ ...refused, looks: [ports({}), off] }).cause, {
    code: "bridge-untranslated",
    evidence: ["node-a: net/bridge/bridge-nf-call-iptables is 0"],
  });
  t.match(ask({ ...refused, looks: [ports({}), sysctls("net.ipv4.ip_forward = 1\n")] }).cause?.evidence, [
    /br_netfilter is not loaded/,
  ]);
  const on = sysctls("net.bridge.bridge-nf-call-iptables = 1\n");
  const switched = { ...ports({}), text: ports({}).text.replaceAll('"bridge"', '"openvswitch"') };
  for (const [looks, why] of [
    [[ports({}), on], "it asks them"],
    [[ports({})], "it was not read"],
    [[off], "no bridge is known"],
    [[ports({}, { master: "br1" }), off], "two bridges"],
    [[switched, off], "a switch of another kind has its own rules"],
  ] as const)
    t.equal(codeOf({ ...refused, looks }), undefined, why);
  const six = {
    ...service,
    from: { ...service.from, ip: "fd00::5" },
    to: { ...service.to, ip: "fd00:10:96::20" },
  };
  const refusedSix: Asked = {
    ...{ ...refused, flow: six },
    rejectedBy: { ip: "fd00::5", node: "node-a", how: "TCP RST by the client" },
  };
  const offSix = sysctls("net.bridge.bridge-nf-call-iptables = 1\nnet.bridge.bridge-nf-call-ip6tables = 0\n");
  t.match(ask({ ...refusedSix, looks: [ports({}), offSix] }).cause, {
    code: "bridge-untranslated",
    evidence: ["node-a: net/bridge/bridge-nf-call-ip6tables is 0"],
  });
  const byServer = { ...refused, rejectedBy: { ip: WEB, node: "node-a", how: "TCP RST" } };
  t.equal(codeOf({ ...byServer, looks: [ports({}), off] }), undefined);
  t.end();
});
