import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { execInNode, setFault } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { Bench, folderOf } from "./bench.js";

/** What a pod's resolver meets, made in the lab, and what the dns runbook calls it. */

const bench = await Bench.open("dns");
t.teardown(() => bench.close());

async function judge(
  name: string,
): Promise<{ code: string; message: string; next: readonly string[]; exit: number }> {
  const { stdout, exitCode, stderr } = await bench.hopbook(
    ...[
      "run",
      "dns",
      "--from",
      "shop/client",
      "--name",
      name,
      "--wait",
      "800ms",
      "--yes",
      "--output",
      "json",
    ],
    ...["--cluster", bench.lab.files.profile],
  );
  const { checks } = JSON.parse(stdout || "{}") as Partial<Findings>;
  const [check] = checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return { code: check.code ?? "", message: check.message, next: check.next ?? [], exit: exitCode ?? -1 };
}

const onNode = async (node: string, ...argv: string[]): Promise<void> => {
  const { exitCode, stderr } = await execInNode(bench.lab, node, argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
};

t.test("the name is found, or is unknown in every search domain", async (t) => {
  const found = await judge("web");
  t.match(found, { code: "", exit: 0, message: /finds web as web\.shop\.svc\.cluster\.local after 1 name/ });
  const unknown = await judge("nowhere");
  t.match(unknown, { code: "dns-name-unknown", exit: 3, message: /NXDOMAIN for all of 4 names/ });
  t.match(unknown.message, /nowhere\.svc\.cluster\.local [0-9.]+ ms, nowhere\.cluster\.local/);
  t.match(unknown.next.join("\n"), /hopbook run dns --from shop\/client --name nowhere\.`/);
});

for (const [fault, code] of [
  ["forward-drop-b", "dns-query-dropped"],
  ["reply-drop-b", "dns-reply-dropped"],
  ["pod-input-drop", "dns-server-silent"],
  ["closed-port", "dns-nobody-listens"],
] as const) {
  t.test(`${fault}: ${code}`, async (t) => {
    await setFault({ name: bench.name, fault, on: true });
    const judged = await judge("web");
    await setFault({ name: bench.name, fault, on: false });
    t.match(judged, { code, exit: 3 }, judged.message);
    t.ok(judged.next.length > 0);
  });
}

t.test("AAAA queries are dropped on the way", async (t) => {
  const rule = [
    "FORWARD",
    "-p",
    "udp",
    "--dport",
    "53",
    "-m",
    "string",
    "--algo",
    "bm",
    "--hex-string",
    "|00001c0001|",
  ];
  await onNode("node-b", "iptables", "-I", ...rule, "-j", "DROP");
  const judged = await judge("web");
  await onNode("node-b", "iptables", "-D", ...rule, "-j", "DROP");
  t.match(judged, { code: "dns-aaaa-dropped", exit: 3, message: /^The network .* missing at node-b cali/ });
});

t.test("one of two servers behind the address is dead", async (t) => {
  const { stdout } = await execInNode(bench.lab, "node-a", ["iptables-save", "-t", "nat"]);
  const chain =
    /^-A KUBE-SERVICES .*-d 10\.96\.0\.10\/32 .*-p udp .*-j (KUBE-SVC-[A-Z0-9]+)/m.exec(stdout)?.[1] ?? "";
  const half = ["-m", "statistic", "--mode", "random", "--probability", "0.5"];
  await onNode("node-a", "iptables", "-t", "nat", "-N", "KUBE-SEP-SECONDDNS");
  await onNode(
    ...(["node-a", "iptables", "-t", "nat", "-A", "KUBE-SEP-SECONDDNS", "-p", "udp"] as const),
    ...["-j", "DNAT", "--to-destination", "192.168.218.65:53"],
  );
  await onNode("node-a", "iptables", "-t", "nat", "-I", chain, ...half, "-j", "KUBE-SEP-SECONDDNS");
  const judged = await judge("web");
  await onNode("node-a", "iptables", "-t", "nat", "-D", chain, ...half, "-j", "KUBE-SEP-SECONDDNS");
  await onNode("node-a", "iptables", "-t", "nat", "-F", "KUBE-SEP-SECONDDNS");
  await onNode("node-a", "iptables", "-t", "nat", "-X", "KUBE-SEP-SECONDDNS");
  t.match(judged, { code: "dns-endpoint-dead", exit: 3, message: /1 of the 2 servers .*192\.168\.218\.65/ });
});

t.test("resolv.conf names a server that is none", async (t) => {
  const file = join(bench.lab.dir, "nodes/node-a/files/pod-resolv.conf");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, before.replace("10.96.0.10", "10.96.0.99"));
  const judged = await judge("web");
  writeFileSync(file, before);
  t.match(judged, {
    code: "dns-wrong-nameserver",
    exit: 3,
    message: /names 10\.96\.0\.99, .*; 10\.96\.0\.10 \(shop\/dns\) does/,
  });
});

t.test("a connection is timed: its name, its way and its far end", async (t) => {
  const { stdout, exitCode, outDir } = await bench.hopbook(
    ...[
      "run",
      "connect",
      "--from",
      "shop/client",
      "--to",
      "10.96.0.20:80",
      "--name",
      "web",
      "--yes",
      "--output",
      "json",
    ],
    ...["--slow", "30s", "--cluster", bench.lab.files.profile],
  );
  const [check] = (JSON.parse(stdout) as Findings).checks;
  t.match(check, { status: "pass", message: /ms in all: .*shop\/web, until its HTTP answer/ });
  t.equal(exitCode, 0);
  const found = readdirSync(join(folderOf(outDir), "evidence/paths")).sort();
  t.strictSame(found, ["dnsPath.json", "path.json"], "each way has a file of its own");
});
