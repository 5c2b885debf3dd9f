import t from "tap";
import { setFault } from "../../lib/lab/index.js";
import type { CheckFinding, Findings } from "../../lib/model/findings.js";
import { Bench } from "./bench.js";

/** Sizes and ways between nodes: an underlay that drops large frames without a word, and one that carries all. */
const bench = await Bench.open("nodes");
t.teardown(() => bench.close());

async function judge(...args: string[]): Promise<CheckFinding> {
  const { stdout, stderr } = await bench.hopbook(
    ...["run", ...args, "--yes", "--output", "json", "--cluster", bench.lab.files.profile],
  );
  const [check] = (JSON.parse(stdout || "{}") as Partial<Findings>).checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return check;
}
const mtu = (): Promise<CheckFinding> =>
  judge(...["mtu", "--from", "shop/client", "--to", "shop/web"], ...["--sizes", "1350", "--sizes", "1380"]);

t.test("all that the devices let out passes both ways, and every way between the nodes", async (t) => {
  t.match(await mtu(), {
    status: "pass",
    message: /web: 1450 bytes pass, .*shop\/web to shop\/client: 1450 bytes pass/,
  });
  const ways = await judge("node-to-node");
  t.match(ways, {
    status: "pass",
    message: /^2 nodes, 2 ways, nothing is lost .* UDP 4789 as far as the device/,
  });
});

t.test("an underlay that drops large frames is found by both", async (t) => {
  await setFault({ name: bench.name, fault: "mtu-hole", on: true });
  const sizes = await mtu();
  t.match(sizes, {
    code: "mtu-hole",
    message: /1350 bytes pass, 1380 do not: they are lost between node-a eth0 and node-b eth0/,
  });
  const ways = await judge("node-to-node", "--node", "node-a", "--node", "node-b");
  t.match(ways, {
    code: "nodes-large-lost",
    message: /node-a → node-b the largest packets are lost between node-a eth0/,
  });
  t.ok((ways.next ?? []).length > 0 && (sizes.next ?? []).length > 0);
});

t.test("a node that is none is an error that names those there are", async (t) => {
  const { exitCode, stderr } = await bench.hopbook(
    ...[
      "run",
      "node-to-node",
      "--node",
      "node-a",
      "--node",
      "nowhere",
      "--yes",
      "--cluster",
      bench.lab.files.profile,
    ],
  );
  t.not(exitCode, 0);
  t.match(stderr, /Cannot find the node "nowhere"[^]*node-a, node-b/);
});
