import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { NAMINGS } from "../fixtures/namings.js";
import { openAccess } from "../../lib/access/registry.js";
import {
  checkTools,
  gatherFacts,
  loadProfile,
  resolveEnd,
  type ClusterFacts,
} from "../../lib/cluster/index.js";
import { discoverPath, loadRecipes } from "../../lib/hops/index.js";
import { downLab, listFaults, setFault, upLab } from "../../lib/lab/index.js";
import type { GuardedAccess } from "../../lib/model/guarded-access.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { trust } from "../fixtures/trust.js";

const BETWEEN_NODES = ["pod", "host-veth", "tunnel", "nic", "nic", "tunnel", "host-veth", "pod"];

const dir = mkdtempSync(join(tmpdir(), "hopbook-discover-"));
const lab = await upLab({ topology: "calico-vxlan", name: "discover", dir });
const recipes = await loadRecipes(join(import.meta.dirname, "../../runbooks/cni"));

t.teardown(async () => {
  await downLab({ name: "discover", dir });
  rmSync(dir, { recursive: true, force: true });
});

async function withLab<T>(profileFile: string, use: (lab: Discovery) => Promise<T>): Promise<T> {
  const profile = await loadProfile(profileFile);
  const accesses = new Map<string, GuardedAccess>();
  try {
    for (const node of profile.nodes) accesses.set(node.name, trust(await openAccess(node)));
    const facts = await gatherFacts(profile, accesses, { namings: NAMINGS });
    const path = async (fromText: string, toText: string): Promise<FlowPath> => {
      const from = await resolveEnd(fromText, facts);
      const to = await resolveEnd(toText, facts, { fromNode: from.node });
      return discoverPath(from, to, { accesses, profile, recipes });
    };
    return await use({ facts, path });
  } finally {
    for (const access of accesses.values()) await access.close();
  }
}

interface Discovery {
  readonly facts: ClusterFacts;
  readonly path: (from: string, to: string) => Promise<FlowPath>;
}

const rolesOf = (path: FlowPath): string[] => path.hops.map((hop) => hop.role);
const keysOf = (path: FlowPath): string[] => path.hops.map((hop) => hop.id);

for (const [way, file] of [
  ["local", lab.files.profile],
  ["ssh", lab.files.sshProfile],
] as const) {
  t.test(`the lab's paths by ${way}`, async (t) => {
    await withLab(file, async ({ facts, path }) => {
      t.equal(facts.failures.size, 0, "every node was asked");
      const direct = await path("shop/client", "shop/web:8080");
      t.strictSame(rolesOf(direct), BETWEEN_NODES);
      t.strictSame(direct.notes, [], "a healthy cluster has no notes");
      t.equal(direct.replyHops, null);
      const nics = direct.hops.filter((hop) => hop.role === "nic");
      for (const nic of nics) t.match(nic.encapsulation, { kind: "vxlan", vni: 4096, port: 4789, outer: 4 });

      const service = await path("shop/client", "10.96.0.20:80");
      t.equal(service.to.kind, "service");
      t.equal(service.to.addresses.length, 2, "the ClusterIP and its endpoint");
      t.strictSame(keysOf(service), keysOf(direct), "the same hops, by the same ids");

      const local = await path("shop/client", "shop/cart");
      t.strictSame(rolesOf(local), ["pod", "host-veth", "host-veth", "pod"]);

      const fromNode = await path("node/node-a", "shop/web");
      t.strictSame(rolesOf(fromNode), BETWEEN_NODES.slice(2));
      t.equal(fromNode.from.addresses.length, 2, "the node's address and its tunnel's");

      const tools = await checkTools(facts.accesses.get("node-a") as GuardedAccess, { workDir: "/var/tmp" });
      t.ok(tools.paths.tcpdump, "tcpdump is found");
      t.equal(tools.uid, 0);
      t.ok((tools.freeDiskBytes ?? 0) > 0);
      t.ok(Math.abs(tools.clockOffsetSec ?? 9) < 1, "one machine, one clock");
      t.equal(tools.sshConnection === null, way === "local");
    });
  });
}

/** Faults that stand in the tables discovery reads, and what it says of them. */
const NOTED: Record<string, RegExp> = {
  "route-blackhole-a": /node-a has no route to|refuses packets/,
  "fdb-missing": /FDB of .* has no entry/,
  "fdb-wrong-host": /FDB of .* sends to .*, which is no address of node-b/,
  "wrong-neighbour-mac": /neighbour entry on .* is .*; on node-b /,
  "pod-route-missing-b": /node-b has no route to shop\/web/,
  "nic-down-b": /eth0 on node-b is down/,
  // The fault routes the sender's address to another device than its packets come in by.
  "rp-filter-b": /replies come back another way than requests go/,
};

t.test("whatever the fault, the hops stay", async (t) => {
  await withLab(lab.files.profile, async ({ path }) => {
    const healthy = await path("shop/client", "shop/web:8080");
    const faults = listFaults().map((fault) => fault.name);
    for (const name of Object.keys(NOTED)) t.ok(faults.includes(name), `the lab has the fault ${name}`);
    for (const fault of faults) {
      await setFault({ name: "discover", dir, fault, on: true });
      const faulty = await path("shop/client", "shop/web:8080").finally(() =>
        setFault({ name: "discover", dir, fault, on: false }),
      );
      t.strictSame(keysOf(faulty), keysOf(healthy), `${fault}: the same hops`);
      t.equal(faulty.replyHops === null, fault !== "rp-filter-b", `${fault}: the way back`);
      const noted = NOTED[fault];
      if (noted !== undefined)
        t.ok(
          faulty.notes.some((note) => noted.test(note)),
          `${fault}: ${faulty.notes.join("; ")}`,
        );
      else t.strictSame(faulty.notes, [], `${fault}: nothing to note`);
    }
  });
});
