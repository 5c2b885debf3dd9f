import t from "tap";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { makeBlueprint } from "../../lib/lab/topology/blueprint.js";
import { makeRuntimePod } from "../../lib/lab/crictl/ids.js";
import { renderInfo } from "../../lib/lab/crictl/info.js";
import { CRICTL_PROGRAM } from "../../lib/lab/crictl/program.js";
import { writeCrictlFiles } from "../../lib/lab/crictl/write.js";

const FIXTURES = fileURLToPath(new URL("../fixtures/crictl/containerd-2.4/", import.meta.url));
const { topology, cluster } = makeBlueprint("calico-vxlan", 2);
const node = cluster.near;
const pods = node.pods.map((spec, index) =>
  makeRuntimePod(node, spec, { pid: 20 + index, containerPid: 40 + index, createdAtMs: 1_795_230_256_249 }),
);

/** Paths of all keys, list entries merged; names of interfaces and annotations of a pod are data, not shape. */
function listKeys(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => listKeys(each, `${path}[]`));
  if (value === null || typeof value !== "object") return [path];
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = /\.Interfaces$/.test(path) && key !== "eth0" && key !== "lo" ? "HOST" : key;
    return listKeys(inner, `${path}.${name}`);
  });
}
const shape = (value: unknown): string[] => [...new Set(listKeys(value))].sort();
const fixture = (name: string): unknown => JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));

t.test("answers have the keys of the real crictl's", async (t) => {
  const dir = t.testdir();
  const program = join(dir, "crictl");
  writeFileSync(program, CRICTL_PROGRAM.replace("base=/run/lab/crictl", `base=${dir}`));
  chmodSync(program, 0o755);
  writeCrictlFiles(dir, pods, topology.cni);
  const run = (...args: string[]) => spawnSync("sh", [program, ...args], { encoding: "utf8" });
  const json = (...args: string[]): unknown => JSON.parse(run(...args).stdout);
  const [client, cart] = pods;
  if (client === undefined || cart === undefined) throw new Error("no pods");

  t.same(shape(json("pods", "-o", "json")), shape(fixture("pods.json")), "pods");
  t.same(shape(json("ps", "-a", "-o", "json")), shape(fixture("ps.json")), "ps");
  t.same(shape(json("inspectp", client.ids.sandboxId)), shape(fixture("inspectp.json")), "inspectp");
  t.same(shape(json("inspect", client.ids.containerId)), shape(fixture("inspect.json")), "inspect");
  const recorded = shape(fixture("info.json")).filter(
    (key) => !/Plugins\[\]\.Network\.(ipam|capab)/.test(key),
  );
  t.same(
    shape(renderInfo(topology.cni)).filter((key) => !/Network\.ipam/.test(key)),
    recorded,
    "info",
  );
  t.equal(run("version").stdout, readFileSync(join(FIXTURES, "version.txt"), "utf8"), "version");
  t.equal(
    run("ps").stdout.split("\n")[0],
    readFileSync(join(FIXTURES, "ps.txt"), "utf8").split("\n")[0],
    "the head of the table",
  );

  await t.test("filters are regular expressions, unanchored", async (t) => {
    const ids = (...args: string[]): string[] =>
      run("pods", "-q", ...args)
        .stdout.trim()
        .split("\n");
    t.same(ids("--name", "c"), [client.ids.sandboxId, cart.ids.sandboxId]);
    t.same(ids("--name", "^cart$", "--namespace", "^shop$"), [cart.ids.sandboxId]);
    t.same(ids("--name=cli|web"), [client.ids.sandboxId]);
    t.same(json("pods", "--namespace", "^sho$", "-o", "json"), { items: [] });
    t.same(json("-r", "unix:///run/x.sock", "ps", "--pod", cart.ids.sandboxId, "-o", "json"), {
      containers: [(json("ps", "-o", "json") as { containers: unknown[] }).containers[1]],
    });
    t.match(run("inspectp", "--name", "^none$").stdout, "NAME:", "an inspection of nothing prints the help");
  });

  await t.test("fails as the real one does", async (t) => {
    for (const id of ["beef", "../index", "*", "$(id)"]) {
      const result = run("inspectp", id);
      t.equal(result.status, 1);
      t.equal(result.stdout, "");
      t.match(result.stderr, /level=fatal .*NotFound/);
    }
    t.equal(run("pods", "-o", "xml").status, 1);
    t.equal(run("pods", "--frobnicate").status, 1);
  });

  await t.test("runs in dash, bash and busybox", async (t) => {
    const expected = run("pods", "-o", "json").stdout;
    for (const shell of [["bash"], ["busybox", "sh"]]) {
      const [first = "", ...rest] = shell;
      if (spawnSync("sh", ["-c", `command -v ${first}`]).status !== 0) continue;
      t.equal(
        execFileSync(first, [...rest, program, "pods", "-o", "json"], { encoding: "utf8" }),
        expected,
        first,
      );
    }
  });
});
