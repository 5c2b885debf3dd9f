import t from "tap";
import { downLab, upLab } from "../../lib/api/lab.js";
import { deriveNodeMac } from "../../lib/lab/cluster/ids.js";
import { execInNode } from "../../lib/lab/index.js";
import type { LabTopology } from "../../lib/lab/topologies.js";
import { auditHops } from "../../lib/run/audit.js";
import type { Audit } from "../../lib/model/audit/audit.js";

/** States that are no fault of the lab's list, for they change the way itself or hurt more than the path. */

interface State {
  readonly title: string;
  readonly topology: LabTopology;
  readonly node: string;
  /** A command of `ip`, and its way back. */
  readonly on: string;
  readonly off: string;
  /** The check that names it, and what it says. */
  readonly says: Audit["statements"][number]["severity"];
  readonly check: string;
  readonly what: RegExp;
}

const STATES: readonly State[] = [
  {
    ...{ title: "a VPN's route holds the other node's pods", topology: "flannel-vxlan", node: "node-a" },
    on: "route add 10.244.1.0/25 via 10.77.0.1 dev eth0",
    off: "route del 10.244.1.0/25 via 10.77.0.1 dev eth0",
    ...{
      says: "doubt",
      check: "overlaps",
      what: /10\.244\.1\.0\/25 via 10\.77\.0\.1 .* hides .* flannel\.1/,
    },
  },
  {
    ...{ title: "the same where the nodes are the next hops", topology: "flannel-host-gw", node: "node-a" },
    on: "route add 10.244.1.0/25 via 10.77.0.1 dev eth0",
    off: "route del 10.244.1.0/25 via 10.77.0.1 dev eth0",
    ...{ says: "doubt", check: "overlaps", what: /hides 10\.244\.1\.0\/24 via 10\.77\.0\.12/ },
  },
  {
    ...{ title: "both nodes have one address", topology: "flannel-vxlan", node: "node-b" },
    on: "address add 10.77.0.11/24 dev eth0",
    off: "address del 10.77.0.11/24 dev eth0",
    ...{ says: "fault", check: "duplicates", what: /eth0 .* both have 10\.77\.0\.11$/ },
  },
  {
    ...{ title: "both nodes have one MAC", topology: "flannel-vxlan", node: "node-b" },
    on: `link set dev eth0 address ${deriveNodeMac("node-a")}`,
    off: `link set dev eth0 address ${deriveNodeMac("node-b")}`,
    ...{ says: "fault", check: "duplicates", what: /eth0 .* both have ([0-9a-f]{2}:?){6}$/ },
  },
];

for (const topology of new Set(STATES.map((state) => state.topology))) {
  void t.test(topology, async (t) => {
    const name = `states-${String(process.pid)}-${topology}`;
    t.teardown(() => downLab({ name }));
    const lab = await upLab({ name, topology });
    const ip = async (node: string, words: string): Promise<void> => {
      const done = await execInNode(lab, node, ["ip", ...words.split(" ")]);
      t.equal(done.exitCode, 0, `${words}: ${done.stderr}`);
    };
    const audit = (): Promise<Audit> =>
      auditHops({
        ...{ from: "shop/client", to: "shop/web:8080", cluster: lab.files.profile, cwd: "/" },
        ...{ grants: { yes: true }, signal: new AbortController().signal, onEvent: () => undefined },
      });
    for (const state of STATES.filter((one) => one.topology === topology)) {
      await ip(state.node, state.on);
      const found = await audit();
      await ip(state.node, state.off);
      const said = found.statements.filter(({ severity }) => severity !== "fine");
      t.ok(
        said.some(
          ({ severity, check, what }) =>
            severity === state.says && check === state.check && state.what.test(what),
        ),
        `${state.title}: ${said.map(({ check, what }) => `${check}: ${what}`).join("; ")}`,
      );
    }
    t.equal((await audit()).status, "clean", "without them nothing is wrong");
  });
}
