import t from "tap";
import { execInNode, setFault } from "../../lib/lab/index.js";
import type { CheckFinding, Findings } from "../../lib/model/findings.js";
import { Bench, expectError } from "./bench.js";

/** A Service of two endpoints, faults at known places, and what trace-service calls them. */

const bench = await Bench.open("service");
t.teardown(() => bench.close());
const TO = "10.96.0.20:80";
const nat = (...args: string[]): Promise<void> => onNode("iptables", "-t", "nat", ...args);

async function onNode(...argv: string[]): Promise<void> {
  const { exitCode, stderr } = await execInNode(bench.lab, "node-a", argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
}

function run(...args: string[]): ReturnType<Bench["hopbook"]> {
  const more = ["--yes", "--output", "json", "--cluster", bench.lab.files.profile];
  return bench.hopbook("run", "trace-service", ...args, ...more);
}

async function judge(from = "shop/client", to = TO): Promise<CheckFinding> {
  const { stdout, stderr } = await run("--from", from, "--to", to);
  const [check] = (JSON.parse(stdout || "{}") as Partial<Findings>).checks ?? [];
  if (check === undefined) throw new Error(stderr);
  return check;
}

/** shop/dns answers by TCP as well, and stands for a second endpoint here. */
const SECOND = ["-p", "tcp", "-j", "DNAT", "--to-destination"];
const { stdout: saved } = await execInNode(bench.lab, "node-a", ["iptables-save", "-t", "nat"]);
const [, rule = "", chain = ""] =
  /^-A (KUBE-SERVICES -d 10\.96\.0\.20\/32 .*-j (KUBE-SVC-[A-Z0-9]+))$/m.exec(saved) ?? [];
await nat("-N", "KUBE-SEP-SECOND");
await nat("-A", "KUBE-SEP-SECOND", ...SECOND, "192.168.218.66:53");
await nat(
  "-I",
  chain,
  ...["-m", "statistic", "--mode", "random", "--probability", "0.5"],
  "-j",
  "KUBE-SEP-SECOND",
);

t.test("both endpoints answer, and the Service's address", async (t) => {
  t.match(await judge(), {
    status: "pass",
    message:
      /^10\.96\.0\.20:80 answers, and 2 of 2 endpoints of shop\/web answer .*shop\/dns 192\.168\.218\.66:53 .*shop\/web 192\.168\.218\.65:8080/,
  });
  t.match(
    await judge("shop/web"),
    { status: "pass", message: /answers, and the client itself is the only endpoint/ },
    "node-b knows of no other",
  );
  t.match(await judge("node/node-a"), { status: "pass", message: /10\.96\.0\.20:80 was not tried/ });
  t.match(await judge("shop/client", "10.96.0.10:53"), {
    status: "pass",
    message: /shop\/dns 192\.168\.218\.66:53/,
  });
});

t.test("one endpoint has a port on which nobody listens", async (t) => {
  await nat("-R", "KUBE-SEP-SECOND", "1", ...SECOND, "192.168.218.66:5353");
  const judged = await judge();
  await nat("-R", "KUBE-SEP-SECOND", "1", ...SECOND, "192.168.218.66:53");
  t.match(judged, {
    ...{ status: "fail", code: "service-endpoint-refused" },
    message:
      /^1 of 2 endpoints .*shop\/dns 192\.168\.218\.66:5353 is refused by 192\.168\.218\.66 \(TCP RST\).*shop\/web 192\.168\.218\.65:8080 answers/,
  });
  t.ok((judged.next ?? []).length > 0);
});

t.test("the network drops what goes to the endpoints", async (t) => {
  await setFault({ name: bench.name, fault: "forward-drop-b", on: true });
  const judged = await judge();
  await setFault({ name: bench.name, fault: "forward-drop-b", on: false });
  t.match(judged, {
    ...{ status: "fail", code: "service-endpoint-lost" },
    message: /^2 of 2 endpoints .* loses 16 of 16 packets between node-b vxlan\.calico and node-b cali/,
  });
});

t.test("an endpoint's program says nothing", async (t) => {
  await setFault({ name: bench.name, fault: "pod-input-drop", on: true });
  const judged = await judge();
  await setFault({ name: bench.name, fault: "pod-input-drop", on: false });
  t.match(judged, { status: "fail", code: "service-endpoint-silent", message: /^2 of 2 endpoints/ });
});

t.test("the Service's address leads somewhere else", async (t) => {
  const stolen = ["PREROUTING", "-d", "10.96.0.20", "-p", "tcp", "-j", "DNAT", "--to", "192.168.218.65:9999"];
  await nat("-I", ...stolen);
  const judged = await judge();
  await nat("-D", ...stolen);
  t.match(judged, {
    ...{ status: "fail", code: "service-broken" },
    message:
      /^2 of 2 endpoints .* answer by their own address .* and its own address 10\.96\.0\.20:80 does not: SYN refused/,
  });
});

t.test("the node has no rule for the Service, as where it has no endpoints", async (t) => {
  const words = [...rule.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
  await nat("-D", ...words);
  const judged = await judge();
  t.match(judged, {
    ...{ status: "fail", code: "service-no-endpoints" },
    message: /^iptables of node-a has no rule for 10\.96\.0\.20:80, and what was sent there is unanswered/,
  });
});

t.test("what is no Service is refused, and nothing is touched", async (t) => {
  for (const [to, exit, says] of [
    ["shop/web:8080", 2, /it is no Service[^]*namespace\/svc\/NAME:port/],
    ["192.168.218.65:8080", 2, /it is no Service/],
    ["shop/svc/web:80", 5, /only the cluster's API knows it/],
  ] as const) {
    expectError(t, await run("--from", "shop/client", "--to", to), { exit, says: [says] });
  }
  await bench.expectClean(t);
});
