import t from "tap";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { Bench } from "./bench.js";

/**
 * Every profile of examples/ is planned with: a lab's nodes stand in for its own, with the lab's way in and CNI, and all else
 * of it (overlays, images, grants, interfaces by another name) as it is. Nothing grants more than it does.
 */

const EXAMPLES = join(import.meta.dirname, "../../examples");
const PROFILES = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter(
  (name) =>
    name.endsWith(".yaml") && readFileSync(join(EXAMPLES, name), "utf8").includes("\nkind: ClusterProfile"),
);

/** Runbooks that come with an example; labels are the API's to know, which a lab has not. */
const RUNBOOKS: Readonly<Record<string, readonly string[]>> = {
  "eks-canaries": ["eks-canaries/runbooks/canary-watch.yaml", "--pod", "shop/client"],
  "gitops/clusters": ["gitops/runbooks/checkout.yaml"],
};

const bench = await Bench.open("examples");
t.teardown(() => bench.close());

for (const name of PROFILES) {
  t.test(name, async (t) => {
    const dir = bench.makeFolder();
    cpSync(EXAMPLES, dir, { recursive: true });
    const file = join(dir, name);
    const profile = parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    const lab = parse(readFileSync(bench.lab.files.profile, "utf8")) as Record<string, unknown>;
    delete profile["kube"];
    delete profile["access"];
    delete profile["cni"];
    if (profile["interfaces"] !== undefined) profile["interfaces"] = { underlay: "eth0" };
    writeFileSync(file, stringify({ ...profile, nodes: lab["nodes"], runtime: lab["runtime"] }));
    const ends = ["--from", "shop/client", "--to", "shop/web:8080"];
    const path = await bench.hopbook("plan", "trace-path", ...ends, "--cluster", file, "--yes");
    t.equal(path.exitCode, 0, path.stderr);
    t.match(path.stdout, /node-a: 1 capture/);
    const [runbook, ...inputs] = RUNBOOKS[dirname(name)] ?? [];
    if (runbook === undefined) return;
    const own = await bench.hopbook("plan", join(dir, runbook), ...inputs, "--cluster", file, "--yes");
    t.equal(own.exitCode, 0, own.stderr);
  });
}
