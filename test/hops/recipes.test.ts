import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadRecipes } from "../../lib/hops/recipe.js";
import { findHostInterface } from "../../lib/hops/host-interface.js";
import { bareLink } from "../../lib/linux/links.js";

const recipes = await loadRecipes(join(import.meta.dirname, "../../runbooks/cni"));

t.test("each recipe that comes with hopbook says where it is from and how it is known", (t) => {
  t.ok(recipes.length >= 27, String(recipes.length));
  for (const { metadata, source, verified } of recipes) {
    t.match(source, /^https:\/\/[a-z.]+\/\S+$/, metadata.name);
    t.ok(verified, metadata.name);
    t.ok((metadata.description ?? "").length > 40, metadata.name);
  }
  // What no test runs in a lab or a cluster is not called so.
  const labs = readFileSync(join(import.meta.dirname, "../lab/recipes.test.ts"), "utf8");
  const known = recipes.filter(({ verified }) => verified === "lab");
  t.ok(known.length >= 5);
  for (const { metadata } of known) t.ok(labs.includes(`["${metadata.name}", [`), metadata.name);
  const cluster = recipes
    .filter(({ verified }) => verified === "cluster")
    .map(({ metadata }) => metadata.name);
  t.strictSame(cluster, ["flannel-host-gw", "flannel-vxlan"]);
  t.end();
});

/** Names that public reports show, with the pods that they belong to. */
const PUBLISHED: Readonly<Record<string, string>> = {
  "kotsadm/kotsadm-58f859745b-x4nh8": "cali9d8b6a7d855",
  "openshift-ingress/router-default-77949c967-4t8f7": "cali41f14107a8d",
  "openshift-ingress/router-default-77949c967-tgth7": "calic25e805a467",
  "kube-system/coredns-86b5dd7f68-9zdn8": "cali2b903875fe4",
  "kube-system/coredns-86b5dd7f68-kp2bk": "cali895d469e349",
};

t.test("naming rules agree with published names, and tell another one", (t) => {
  const named = recipes.filter(({ hostInterface: { naming } }) => naming?.prefix === "cali");
  t.ok(named.length >= 6);
  const [recipe] = named;
  if (recipe === undefined) throw new Error("no recipe names its devices so");
  const notesOf = (pod: string, name: string): readonly string[] => {
    const pair = { kind: "veth", peerElsewhere: true };
    const podLink = { ...bareLink("eth0"), ...pair, index: 2, peerIndex: 7 };
    const host = { ...bareLink(name), ...pair, index: 7, peerIndex: 2 };
    const [kind, ip] = ["pod", "10.0.0.2"] as const;
    const end = {
      ...{ kind, text: pod, pod, node: "n", ip, port: null, addresses: [], netns: null },
      ...{ hostNetwork: false, cniHostInterfaces: [] },
    };
    const input = { end, node: "n", hostLinks: [host], podLink, route: { found: null, error: "none" } };
    return findHostInterface(input, recipe).notes;
  };
  for (const [pod, name] of Object.entries(PUBLISHED)) t.strictSame(notesOf(pod, name), [], name);
  t.match(notesOf("kotsadm/other", "cali9d8b6a7d855"), [
    /by the recipe's naming it would be cali[0-9a-f]{11}$/,
  ]);
  t.end();
});
