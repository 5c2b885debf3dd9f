import t, { type Test } from "tap";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execInNode } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { Bench, expectError, folderOf } from "./bench.js";
import { askNames } from "./traffic.js";
import { LISTENING, startCli, type RunningCli } from "./cli.js";

/** Captures at points that are named, with filters of a person's, on the nodes of a lab. */

const bench = await Bench.open("points");
t.teardown(() => bench.close());

const CLUSTER = ["--cluster", bench.lab.files.profile, "--yes"];
const EXAMPLE = join(import.meta.dirname, "../../docs/examples/capture-dns.yaml");

const WEB = "web.shop.svc.cluster.local";
/** Four questions to shop/dns. */
const ask = (): Promise<string> =>
  askNames(bench.lab, "shop/client", { server: "192.168.218.66", names: [WEB, WEB, WEB, WEB] });

/** Runs a capture, and asks for a name in DNS while it goes on. */
async function captureDns(t: Test, ...args: readonly string[]): Promise<{ findings: Findings; dir: string }> {
  const cwd = bench.makeFolder();
  const capture = startCli(bench.cli, [...args, ...CLUSTER], { cwd });
  t.ok(await capture.said(LISTENING), capture.stderr());
  await ask();
  const { exitCode, stderr } = await capture.done;
  t.equal(exitCode, 0, stderr);
  const dir = folderOf(join(cwd, "artifacts"));
  return { findings: JSON.parse(readFileSync(join(dir, "findings.json"), "utf8")) as Findings, dir };
}

t.test("the example of the docs, under 25 lines: a pod's DNS, by name alone", async (t) => {
  t.ok(readFileSync(EXAMPLE, "utf8").split("\n").length < 25);
  const { findings, dir } = await captureDns(t, "run", EXAMPLE, "--pod", "shop/client");
  t.match(findings.flows, [
    {
      ...{ from: { pod: "shop/client" }, to: { port: 53 }, protocol: "udp" },
      ...{ hops: [{ interface: "client/eth0@node-a" }], verdict: { status: "delivered" } },
    },
  ]);
  t.match(findings.checks, [{ id: "captured", status: "pass", message: "8 packets of DNS" }]);
  t.strictSame(readdirSync(join(dir, "captures/node-a")), ["node-a.point.shop_client.eth0.pcap"]);
  await bench.expectClean(t);
});

t.test("hopbook capture: pods by labels and all of a node, whose way the packets tell", async (t) => {
  const { findings } = await captureDns(
    t,
    ...["capture", "--pod", "app=client", "--pod", "app=dns", "--node", "node-a"],
    ...["--filter", "udp port 53", "--duration", "6s"],
  );
  t.match(findings.flows, [
    { from: { pod: "shop/client" }, to: { pod: "shop/dns" }, verdict: { status: "delivered" } },
  ]);
  const places = findings.flows[0]?.hops.map(({ interface: name }) => name) ?? [];
  t.equal(places[0], "client/eth0@node-a");
  t.equal(places.at(-1), "dns/eth0@node-b");
  t.ok(places.length > 3, places.join(", "));
  await bench.expectClean(t);
});

t.test("one capture on each of the pods' nodes, of their packets: the way is there as well", async (t) => {
  const { findings, dir } = await captureDns(
    t,
    ...["capture", "--pod", "app=client", "--pod", "app=dns", "--per-node", "--filter", "udp port 53"],
    ...["--duration", "6s"],
  );
  t.match(findings.flows, [
    { from: { ip: /^192/ }, to: { ip: "192.168.218.66", port: 53 }, verdict: { status: "delivered" } },
  ]);
  t.strictSame(
    ["node-a", "node-b"].flatMap((node) => readdirSync(join(dir, "captures", node))),
    ["node-a.point.any.pcap", "node-b.point.any.pcap"],
  );
  const nodes = findings.flows[0]?.hops.map(({ node }) => node) ?? [];
  t.strictSame([...new Set(nodes)], ["node-a", "node-b"]);
  await bench.expectClean(t);
});

t.test("a filter that tcpdump refuses ends the run before anything starts, and runs nothing", async (t) => {
  const made = join(bench.work, "made");
  for (const filter of ["udp port", "-w " + made, `$(touch ${made})`, "udp; touch " + made]) {
    const ended = await bench.hopbook("capture", "--pod", "shop/client", `--filter=${filter}`, ...CLUSTER);
    expectError(t, ended, { exit: 2, says: [/Cannot use the filter .* at client\/eth0@node-a/] });
    t.notOk(existsSync(join(folderOf(ended.outDir), "captures")));
  }
  const ended = await bench.hopbook(
    "capture",
    "--pod",
    "shop/client",
    "--filter",
    `udp\n-w ${made}`,
    ...CLUSTER,
  );
  expectError(t, ended, { exit: 2, says: [/without control characters/] });
  t.notOk(existsSync(made));
  await bench.expectClean(t);
});

t.test("find-interface: the host's end of each pod's interface", async (t) => {
  const { exitCode, stdout } = await bench.hopbook("find-interface", "--pod", "node/node-a", ...CLUSTER);
  t.equal(exitCode, 0);
  t.match(
    stdout.replace(/\s+/g, " "),
    /shop\/cart on node-a: eth0 = cali\w+; shop\/client on node-a: eth0 = cali/,
  );
});

t.test("a ring until a packet comes, and until a line of a pod's log does", async (t) => {
  const until = (what: string, value: string): RunningCli => {
    const points = [
      "--pod",
      "shop/client",
      "--pod",
      "shop/dns",
      "--filter",
      "udp port 53",
      "--ring",
      "3x1MB",
    ];
    const args = ["capture", ...points, what, value, "--duration", "60s", "--after", "100ms", ...CLUSTER];
    return startCli(bench.cli, args, { cwd: bench.makeFolder() });
  };
  const packet = until("--until-packet", "udp dst port 53");
  t.ok(await packet.said("waits from now on"), packet.stderr());
  await ask();
  const first = await packet.done;
  t.equal(first.exitCode, 0, first.stderr);
  t.match(first.stdout, /PASS +captured: 20\S+Z a packet at (client|dns)\/eth0@node-[ab]/);
  await bench.expectClean(t);

  const folder = "/var/log/pods/shop_dns_0a1b";
  const onNode = (...argv: string[]): Promise<unknown> => execInNode(bench.lab, "node-b", argv);
  t.teardown(() => onNode("rm", "-rf", folder));
  const log = (text: string): Promise<unknown> =>
    onNode("sh", "-c", 'mkdir -p "$1/app"; echo "$2" >>"$1/app/0.log"', "log", folder, text);
  await log("2026-01-01T00:00:00.0Z stdout F before it: connection refused");
  const args = ["capture", "--pod", "shop/dns", "--duration", "60s", "--after", "100ms", ...CLUSTER];
  const line = startCli(bench.cli, [...args, "--until-log", "(?i)connection (refused|reset)"], {
    cwd: bench.makeFolder(),
  });
  t.ok(await line.said("waits from now on"), line.stderr());
  await log("2026-01-01T00:00:00.0Z stdout F all is well");
  await ask();
  await log("2026-01-01T00:00:00.0Z stderr F Connection reset by peer");
  const second = await line.done;
  t.equal(second.exitCode, 0, second.stderr);
  t.match(second.stdout, /captured: 20\S+Z shop\/dns logged: Connection reset by peer/);
  await bench.expectClean(t);
});
