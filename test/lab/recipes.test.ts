import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { NAMINGS } from "../fixtures/namings.js";
import { openAccess } from "../../lib/access/registry.js";
import { findSandbox, gatherFacts, loadProfile, resolveEnd } from "../../lib/cluster/index.js";
import { discoverPath, loadRecipes, readPodInterfaces } from "../../lib/hops/index.js";
import { downLab, upLab } from "../../lib/lab/index.js";
import { LAB_TOPOLOGIES, type LabTopology } from "../../lib/lab/topologies.js";
import type { GuardedAccess } from "../../lib/model/guarded-access.js";
import type { FlowPath } from "../../lib/model/hops.js";
import { trust } from "../fixtures/trust.js";

/** Each topology's own recipe finds the hops between two pods of a healthy lab, and so does none. */

const recipes = await loadRecipes(join(import.meta.dirname, "../../runbooks/cni"));
const dir = mkdtempSync(join(tmpdir(), "hopbook-recipes-"));
const names = Object.keys(LAB_TOPOLOGIES) as LabTopology[];

t.teardown(async () => {
  for (const topology of names) await downLab({ name: `recipes-${topology}`, dir });
  rmSync(dir, { recursive: true, force: true });
});

/** The recipe, and the roles from the pod outwards. */
const WANTED: Readonly<Record<LabTopology, readonly [recipe: string, roles: readonly string[]]>> = {
  "calico-vxlan": ["calico-vxlan", ["pod", "host-veth", "tunnel", "nic"]],
  "calico-ipip": ["calico-ipip", ["pod", "host-veth", "tunnel", "nic"]],
  "calico-none": ["calico-direct", ["pod", "host-veth", "nic"]],
  "calico-same-node": ["calico-vxlan", ["pod", "host-veth"]],
  "calico-dual-stack": ["calico-vxlan", ["pod", "host-veth", "tunnel", "nic"]],
  "flannel-vxlan": ["flannel-vxlan", ["pod", "host-veth", "bridge", "tunnel", "nic"]],
  "flannel-same-node": ["flannel-vxlan", ["pod", "host-veth"]],
  "flannel-host-gw": ["flannel-host-gw", ["pod", "host-veth", "bridge", "nic"]],
  "cilium-vxlan": ["cilium-vxlan", ["pod", "host-veth", "tunnel", "nic"]],
  "flannel-wireguard": ["flannel-wireguard", ["pod", "host-veth", "bridge", "tunnel", "nic"]],
  "cilium-geneve": ["cilium-geneve", ["pod", "host-veth", "tunnel", "nic"]],
  ovn: ["ovn-kubernetes-userspace", ["pod", "host-veth", "nic"]],
  "aws-vpc": ["aws-vpc", ["pod", "host-veth", "nic"]],
  kindnet: ["kindnet", ["pod", "host-veth", "nic"]],
};

for (const topology of names) {
  t.test(topology, async (t) => {
    const lab = await upLab({ topology, name: `recipes-${topology}`, dir });
    const profile = await loadProfile(lab.files.profile);
    const accesses = new Map<string, GuardedAccess>();
    try {
      for (const node of profile.nodes) accesses.set(node.name, trust(await openAccess(node)));
      const facts = await gatherFacts(profile, accesses, { namings: NAMINGS });
      const from = await resolveEnd("shop/client", facts);
      const to = await resolveEnd("shop/web:8080", facts, { fromNode: from.node });
      const discover = (cni: string): Promise<FlowPath> =>
        discoverPath(from, to, { accesses, profile: { ...profile, cni }, recipes });
      const [recipe, roles] = WANTED[topology];
      const path = await discover("auto");
      t.equal(path.recipe, recipe);
      t.strictSame(
        path.hops.map(({ role }) => role),
        [...roles, ...roles.toReversed()],
      );
      t.strictSame(path.notes, []);
      t.equal(path.replyHops, null);
      const known = recipes.find(({ metadata }) => metadata.name === recipe);
      t.match(known?.verified, /^(lab|cluster)$/, "it says so");
      // Behind a switch in user space the kernel itself tells nothing.
      if (path.switched === undefined) {
        const { hops, notes } = await discover("generic");
        t.strictSame(
          hops.map(({ id }) => id),
          path.hops.map(({ id }) => id),
        );
        t.strictSame(notes, []);
      }
      const name = { namespace: "shop", name: "client", uid: "" };
      const access = accesses.get("node-a");
      if (access === undefined) throw new Error("node-a is not there");
      const [client] = await readPodInterfaces(access, [await findSandbox(access, name)], {
        ...{ profile, recipes, everyMethod: true },
      });
      const [own] = client?.interfaces ?? [];
      const said = own?.methods.filter((word) => word.names !== null) ?? [];
      t.ok(
        said.length >= (path.switched === undefined ? 4 : 3),
        `several methods tell: ${said.map(({ method }) => method).join(", ")}`,
      );
      t.strictSame([...new Set(said.map((word) => word.names))], [own?.host?.name], "and they agree");
      t.equal(own?.host?.name, path.hops.find(({ role }) => role === "host-veth")?.interface);
    } finally {
      for (const access of accesses.values()) await access.close();
      await downLab({ name: `recipes-${topology}`, dir });
    }
  });
}
