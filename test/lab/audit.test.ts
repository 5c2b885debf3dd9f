import t, { type Test } from "tap";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { downLab, listFaults, setFault, upLab } from "../../lib/api/lab.js";
import { execInPod } from "../../lib/lab/index.js";
import { auditHops } from "../../lib/run/audit.js";
import { LAB_TOPOLOGIES, type LabTopology } from "../../lib/lab/topologies.js";
import type { Audit } from "../../lib/model/audit/audit.js";

/** `hopbook hops … --audit` on real nodes: each fault that is a state is named by it alone, and healthy labs are clean. */

const schema = JSON.parse(
  readFileSync(new URL("../../schemas/audit.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

/** The check that has to name each fault, wherever it can be set. */
const FAULTS: Readonly<Record<string, string>> = {
  "forward-drop-a": "rules",
  "route-blackhole-a": "routes",
  "fdb-missing": "tunnels",
  "fdb-wrong-host": "tunnels",
  "wrong-neighbour-mac": "tunnels",
  "wrong-next-hop-mac": "neighbours",
  "nic-down-b": "links",
  "nic-ingress-drop-b": "rules",
  "forward-drop-b": "rules",
  "reply-drop-b": "rules",
  "tunnel-input-drop-b": "rules",
  "rp-filter-b": "rp-filter",
  "pod-route-missing-b": "routes",
  "pod-input-drop": "rules",
  "closed-port": "listener",
  "acl-ingress-drop-b": "switch",
  "acl-egress-drop-a": "switch",
  "flow-drop-a": "switch-flows",
};
/** Where eBPF may take packets to their pod, the kernel's own route to it may not be asked. */
const PAST_THE_KERNEL = ["pod-route-missing-b"];
/** No node shows these. */
const UNSEEN = ["underlay-cut", "mtu-hole"];
/** What becomes of a packet is a doubt. */
const DOUBTED = ["bad-checksum"];
/** HOPBOOK_AUDIT_MATRIX=all: every fault and destination of every topology; else those where most differs. HOPBOOK_AUDIT_TOPOLOGY: of those whose names hold it. */
const isAll = process.env["HOPBOOK_AUDIT_MATRIX"] === "all";
const SOME: Readonly<Partial<Record<LabTopology, readonly string[]>>> = {
  "calico-vxlan": Object.keys(FAULTS),
  "flannel-vxlan": Object.keys(FAULTS),
  "calico-same-node": Object.keys(FAULTS),
  "flannel-same-node": Object.keys(FAULTS),
  "flannel-host-gw": ["wrong-next-hop-mac"],
  ovn: Object.keys(FAULTS),
};
const DESTINATIONS = [
  ...["shop/web:8080", "10.96.0.20:80", "10.96.0.10:53", "shop/cart"],
  ...["203.0.113.10:80", "node/node-b:22"],
];
/** TEST-NET-2 (RFC 5737): nobody is there. */
const BEYOND_ALL = "198.51.100.1";
/** Behind the switch's own port: it says no more of them. */
const BEYOND: Readonly<Partial<Record<LabTopology, readonly string[]>>> = { ovn: DESTINATIONS.slice(-2) };
/** Of the other topologies: another node's pods by their Services, and one of the same node. */
const FEW = ["10.96.0.20:80", "10.96.0.10:53", "shop/cart"];
const ONLY = process.env["HOPBOOK_AUDIT_TOPOLOGY"];
const TOPOLOGIES = (Object.keys(LAB_TOPOLOGIES) as LabTopology[]).filter(
  (one) => ONLY === undefined || one.includes(ONLY),
);
const healthyOf = (topology: LabTopology): readonly string[] =>
  (topology === "calico-vxlan" || isAll ? DESTINATIONS : FEW).filter(
    (one) => BEYOND[topology]?.includes(one) !== true,
  );
const nameOf = (topology: LabTopology): string => `audit-${String(process.pid)}-${topology}`;

t.teardown(async () => {
  for (const topology of TOPOLOGIES) await downLab({ name: nameOf(topology) });
});

async function audit(cluster: string, to: string, family?: 4 | 6): Promise<Audit> {
  return auditHops({
    ...{ from: "shop/client", to, cluster, cwd: "/", grants: { yes: true } },
    ...(family === undefined ? {} : { family }),
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  });
}

const show = ({ statements }: Audit): string[] =>
  statements.filter(({ severity }) => severity !== "fine").map((one) => `${one.check}: ${one.what}`);

interface Lab {
  readonly name: string;
  readonly profile: string;
}

async function tryFault(t: Test, { name, profile }: Lab, fault: string): Promise<Audit> {
  await setFault({ name, fault, on: true });
  try {
    const found = await audit(profile, "shop/web:8080");
    t.ok(validate(found), JSON.stringify(validate.errors));
    return found;
  } finally {
    await setFault({ name, fault, on: false });
  }
}

t.test(
  "forty healthy ways are asked, of which nothing may be said",
  { skip: ONLY !== undefined },
  async (t) => {
    const ways = TOPOLOGIES.flatMap(healthyOf);
    t.ok(ways.length >= 40, `${String(ways.length)} are asked`);
  },
);

t.jobs = 2;
for (const topology of TOPOLOGIES) {
  void t.test(topology, { buffered: true }, async (t) => {
    const name = nameOf(topology);
    const up = await upLab({ name, topology });
    const { files } = up;
    for (const to of healthyOf(topology)) {
      const healthy = await audit(files.profile, to);
      t.strictSame(show(healthy), [], `${to} is clean`);
      t.equal(healthy.status, "clean", to);
    }
    if (topology === "calico-dual-stack")
      for (const family of [4, 6] as const) {
        const { to } = await audit(files.profile, "shop/web:8080", family);
        t.equal(to.ip.includes(":"), family === 6, `--family ${String(family)} is followed`);
      }
    // Flow tables are asked by the MAC of the pod's next hop, which it learns when it first sends.
    if (topology === "ovn") await execInPod(up, "shop/client", ["ping", "-c", "1", "-W", "1", BEYOND_ALL]);
    const lab = { name, profile: files.profile };
    const isWanted = (fault: string): boolean => isAll || (SOME[topology]?.includes(fault) ?? false);
    const faults = listFaults(topology).map((fault) => fault.name);
    for (const fault of faults.filter((one) => one in FAULTS && isWanted(one))) {
      const found = await tryFault(t, lab, fault);
      const word = topology.startsWith("cilium-") && PAST_THE_KERNEL.includes(fault) ? "doubt" : "fault";
      t.equal(found.status, word === "fault" ? "fault" : "undecided", fault);
      t.ok(
        found.statements.some(({ severity, check }) => severity === word && check === FAULTS[fault]),
        `${fault}: ${show(found).join("; ")}`,
      );
    }
    if (topology !== "calico-vxlan" && !isAll) return;
    for (const fault of UNSEEN.filter((one) => faults.includes(one)))
      t.equal((await tryFault(t, lab, fault)).status, "clean", `${fault} is nobody's state`);
    for (const fault of DOUBTED.filter((one) => faults.includes(one)))
      t.equal((await tryFault(t, lab, fault)).status, "undecided", `what a rule does to packets: ${fault}`);
  });
}
