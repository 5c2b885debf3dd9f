import t, { type Test } from "tap";
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { downLab, setFault, upLab } from "../../lib/api/lab.js";
import { auditHops } from "../../lib/run/audit.js";
import { LAB_TOPOLOGIES, type LabTopology } from "../../lib/lab/topologies.js";
import type { Audit } from "../../lib/model/audit/audit.js";

/** `hopbook hops … --audit` on real nodes: each fault that is a state is named by it alone, and healthy labs are clean. */

const schema = JSON.parse(
  readFileSync(new URL("../../schemas/audit.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

/** The check that has to name each fault. */
const FAULTS: Readonly<Record<string, string>> = {
  "forward-drop-a": "rules",
  "route-blackhole-a": "routes",
  "fdb-missing": "tunnels",
  "fdb-wrong-host": "tunnels",
  "wrong-neighbour-mac": "tunnels",
  "nic-down-b": "links",
  "nic-ingress-drop-b": "rules",
  "forward-drop-b": "rules",
  "reply-drop-b": "rules",
  "tunnel-input-drop-b": "rules",
  "rp-filter-b": "rp-filter",
  "pod-input-drop": "rules",
  "closed-port": "listener",
};
/** Those of a node alone. */
const WITHIN: Readonly<Record<string, string>> = {
  "forward-drop-a": "rules",
  "forward-drop-b": "rules",
  "reply-drop-b": "rules",
  "pod-input-drop": "rules",
  "closed-port": "listener",
};
/** Of topologies that have them. */
const MORE: Readonly<Partial<Record<LabTopology, Readonly<Record<string, string>>>>> = {
  "calico-vxlan": { ...FAULTS, "pod-route-missing-b": "routes" },
  "flannel-vxlan": FAULTS,
  "calico-same-node": { ...WITHIN, "pod-route-missing-b": "routes" },
  "flannel-same-node": WITHIN,
  "flannel-host-gw": { "wrong-next-hop-mac": "neighbours" },
};
/** No node shows these. */
const UNSEEN = ["underlay-cut", "mtu-hole"];
const DESTINATIONS = [
  ...["shop/web:8080", "10.96.0.20:80", "10.96.0.10:53", "shop/cart"],
  ...["203.0.113.10:80", "node/node-b:22"],
];
/** Of the other topologies: another node's pod by its Service, and one of the same node. */
const FEW = ["10.96.0.20:80", "shop/cart"];
const TOPOLOGIES = Object.keys(LAB_TOPOLOGIES) as LabTopology[];
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

t.jobs = 2;
for (const topology of TOPOLOGIES) {
  void t.test(topology, { buffered: true }, async (t) => {
    const name = nameOf(topology);
    const { files } = await upLab({ name, topology });
    const destinations = topology === "calico-vxlan" ? DESTINATIONS : FEW;
    for (const to of destinations) {
      const healthy = await audit(files.profile, to);
      t.strictSame(show(healthy), [], `${to} is clean`);
      t.equal(healthy.status, "clean", to);
    }
    if (topology === "calico-dual-stack")
      for (const family of [4, 6] as const) {
        const { to } = await audit(files.profile, "shop/web:8080", family);
        t.equal(to.ip.includes(":"), family === 6, `--family ${String(family)} is followed`);
      }
    const lab = { name, profile: files.profile };
    for (const [fault, check] of Object.entries(MORE[topology] ?? {})) {
      const found = await tryFault(t, lab, fault);
      t.equal(found.status, "fault", fault);
      const faults = found.statements.filter(({ severity }) => severity === "fault");
      t.ok(
        faults.some((one) => one.check === check),
        `${fault}: ${show(found).join("; ")}`,
      );
    }
    if (topology !== "calico-vxlan") return;
    for (const fault of UNSEEN)
      t.equal((await tryFault(t, lab, fault)).status, "clean", `${fault} is nobody's state`);
    t.equal(
      (await tryFault(t, lab, "bad-checksum")).status,
      "undecided",
      "what a rule does to packets is a doubt",
    );
  });
}
