import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execInNode, type LabState } from "../../lib/lab/index.js";
import type { CapturesFile } from "../../lib/model/evidence.js";
import type { Findings } from "../../lib/model/findings.js";
import { replayRun } from "../../lib/replay/replay.js";
import { withBusyPool } from "../fixtures/busy-pool.js";
import { Bench, folderOf } from "./bench.js";
import { LISTENING, startCli } from "./cli.js";

/** Pods that come and go while they are captured, on the nodes of a lab whose runtime's list the test writes. */

const bench = await Bench.open("churn");
t.teardown(() => bench.close());

type PodState = LabState["nodes"][number]["pods"][number];

const INDEX = "/run/lab/crictl/index";
const PART = `${INDEX}.part`;
/** Who reads it meanwhile sees the one or the other. */
const ALL = `mv ${PART} ${INDEX}`;
const CLUSTER = ["--cluster", bench.lab.files.profile, "--yes"];

const SAME = /^findings: the same as those of the recorded run$/m;

async function must(node: string, script: string, ...words: string[]): Promise<void> {
  const done = await execInNode(bench.lab, node, ["sh", "-c", script, "churn", ...words]);
  if (done.exitCode !== 0) throw new Error(`${node}: ${done.stderr}`);
}

/** The runtime of the node lists no such pod from now on. */
const hide = (node: string, pod: string): Promise<void> =>
  must(
    node,
    `cp ${INDEX} ${INDEX}.all && awk -v name="$1" '$3 != name' ${INDEX}.all >${PART} && ${ALL}`,
    pod,
  );

t.test("one pod comes, another one goes: both are captured for as long as they are there", async (t) => {
  const podOf = (pod: string): PodState => {
    const found = bench.lab.nodes.flatMap(({ pods }) => pods).find(({ name }) => name === pod);
    if (found === undefined) throw new Error(`no pod ${pod}`);
    return found;
  };
  const [cart, client, web] = [podOf("cart"), podOf("client"), podOf("web")];
  await hide("node-b", "web");
  const cwd = bench.makeFolder();
  const args = [
    "capture",
    "--pod",
    "app!=none",
    "--join",
    "--filter",
    "icmp",
    "--duration",
    "240s",
    "--print",
  ];
  const capture = startCli(bench.cli, [...args, "--until-packet", "icmp and greater 900", ...CLUSTER], {
    cwd,
  });
  t.ok(await capture.said("waits from now on"), capture.stderr());

  await must("node-b", `cp ${INDEX}.all ${PART} && ${ALL}`);
  t.ok(await capture.said("pod shop/web on node-b came; it is captured from now on"), capture.stderr());
  const probe = ["run", "trace-path", "--from", "shop/client", "--to", "shop/web:8080", "--probe", "ping"];
  const probed = await bench.hopbook(...probe, ...CLUSTER);
  t.equal(probed.exitCode, 0, probed.stderr);

  await hide("node-a", "cart");
  await must("node-a", 'kill -KILL "$1"; umount -l "$2"; rm -f "$2"', String(cart.pid), cart.netnsPath);
  t.ok(await capture.said("pod shop/cart on node-a ended at"), capture.stderr());
  await must("node-a", 'nsenter --net="$1" ping -c 1 -s 1000 "$2"', client.netnsPath, web.ip);
  const { exitCode, stderr, stdout } = await capture.done;
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /web\/eth0@node-b +.*echo request/, "who came is seen live as well");
  const dir = folderOf(join(cwd, "artifacts"));
  const findings = JSON.parse(readFileSync(join(dir, "findings.json"), "utf8")) as Findings;
  t.match(findings.marks, [
    { kind: "joined", text: /^pod shop\/web on node-b came/ },
    { kind: "gone", text: /^pod shop\/cart on node-a ended; its capture has what passed until then$/ },
  ]);
  const file = JSON.parse(readFileSync(join(dir, "evidence/captures.json"), "utf8")) as CapturesFile;
  const came = file.captures.find(({ hopId }) => hopId.includes("shop_web"));
  t.ok((came?.captured ?? 0) >= 4, `${came?.captured} packets; ${stderr}`);
  const gone = file.captures.find(({ hopId }) => hopId.includes("shop_cart"));
  t.match(gone, {
    pcap: "captures/node-a/node-a.point.shop_cart.eth0.pcap",
    endedEarly: /gone|disappeared|down/,
  });
  await bench.expectClean(t);
  const again = await bench.hopbook("replay", dir);
  t.equal(again.exitCode, 0, again.stderr);
  t.match(again.stderr, /pod shop\/web on node-b came; it is captured from now on/);
  t.match(again.stderr, SAME);
  const slowly = await withBusyPool(() =>
    replayRun({ dir, cwd, signal: new AbortController().signal, onEvent: () => undefined }),
  );
  t.equal(slowly.same, true, "also on a machine whose files take their time");
});

t.test(
  "a pod whose interface goes first, as a runtime takes it away, has ended too; its run is repeated",
  async (t) => {
    const dns = bench.lab.nodes[1]?.pods.find(({ name }) => name === "dns");
    const cwd = bench.makeFolder();
    const args = ["capture", "--pod", "app=dns", "--filter", "icmp", "--duration", "10s", ...CLUSTER];
    const capture = startCli(bench.cli, args, { cwd });
    t.ok(await capture.said(LISTENING), capture.stderr());
    await hide("node-b", "dns");
    await must("node-b", 'ip link del "$1"', dns?.hostInterface ?? "");
    const { exitCode, stderr } = await capture.done;
    t.equal(exitCode, 0, stderr);
    t.match(
      stderr,
      /pod shop\/dns on node-b ended at \d\d:\d\d:\d\d; its capture has what passed until then/,
    );
    await bench.expectClean(t);
    const again = await bench.hopbook("replay", folderOf(join(cwd, "artifacts")));
    t.equal(again.exitCode, 0, again.stderr);
    t.match(again.stderr, /pod shop\/dns on node-b ended at/);
    t.match(again.stderr, SAME);
  },
);
