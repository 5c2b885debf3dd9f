import t from "tap";
import { execInNode } from "../../lib/lab/index.js";
import type { CheckFinding, Findings } from "../../lib/model/findings.js";
import { Bench, expectError } from "./bench.js";
import { whileSending } from "./traffic.js";

/** Pods that ping each other by themselves, a rule that drops every fourth, and the rate that packet-loss tells. */

const bench = await Bench.open("loss");
t.teardown(() => bench.close());

function run(...args: string[]): ReturnType<Bench["hopbook"]> {
  const more = ["--yes", "--output", "json", "--cluster", bench.lab.files.profile];
  return bench.hopbook("run", "packet-loss", ...args, ...more);
}

async function watch(...args: string[]): Promise<CheckFinding> {
  const { stdout, stderr } = await run("--from", "shop/client", "--to", "shop/web", "--watch", "2s", ...args);
  const [check] = (JSON.parse(stdout || "{}") as Partial<Findings>).checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return check;
}

/** Each with an id of its own. */
const PING = "while :; do ping -q -c 25 -i 0.02 -W 1 192.168.218.65; done";
/** The client's own traffic goes on from before the captures begin until after they end. */
const whilePinging = <T>(work: () => Promise<T>): Promise<T> =>
  whileSending(bench.lab, { pod: "shop/client", argv: ["sh", "-c", PING] }, work);

t.test("nobody says a word: that is no proof that nothing is lost", async (t) => {
  t.match(await watch(), { status: "warn", code: "loss-no-traffic" });
});

t.test("nothing is lost", async (t) => {
  t.match(await whilePinging(watch), {
    status: "pass",
    message: /^nothing was lost; shop\/client → shop\/web \(icmp\): up to [0-9]+ packets on each of 14 legs/,
  });
});

t.test("every fourth is dropped at a known place, and what is borne is no failure", async (t) => {
  const rule = [
    "FORWARD",
    "-p",
    "icmp",
    "--icmp-type",
    "echo-request",
    "-m",
    "statistic",
    "--mode",
    "nth",
    "--every",
    ...["4", "--packet", "0"],
    "-j",
    "DROP",
  ];
  const { stderr, exitCode } = await execInNode(bench.lab, "node-b", ["iptables", "-I", ...rule]);
  t.equal(exitCode, 0, stderr);
  const judged = await whilePinging(watch);
  const borne = await whilePinging(() => watch("--max-loss", "0.5"));
  await execInNode(bench.lab, "node-b", ["iptables", "-D", ...rule]);
  t.match(judged, {
    ...{ status: "fail", code: "loss-lossy" },
    message:
      /^shop\/client → shop\/web \(icmp\): [0-9]+ of [0-9]+ packets \(2[0-9]\.[0-9]+ %\) of what was sent are lost between node-b vxlan\.calico and node-b cali[0-9a-f]+, most of them/,
  });
  t.match(borne, { status: "warn", code: "loss-lossy" });
  t.ok((judged.next ?? []).length > 0);
});

t.test("wrong inputs are refused, and nothing is touched", async (t) => {
  expectError(t, await run("--from", "shop/client", "--to", "shop/web", "--watch", "soon"), {
    exit: 2,
    says: [/watch/],
  });
  expectError(t, await run("--from", "shop/client", "--to", "shop/web", "--protocol", "tcp"), {
    exit: 2,
    says: [/no port/],
  });
  await bench.expectClean(t);
});
