import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { downLab, execInNode, setFault, upLab, type LabState } from "../../lib/lab/index.js";
import { runRunbook } from "../../lib/run/run.js";
import { NODE_LOCAL, NodeLocalDns, placeCoreDns } from "./name-servers.js";

/** What keeps a pod from an answer of a real CoreDNS, made in the lab, and what the dns runbook calls it. */

const OUTSIDE = "api.example.org";
const SECOND = "192.168.218.65";

const name = `names-${process.pid}`;
const out = mkdtempSync(join(tmpdir(), "hopbook-names-"));
const lab: LabState = await upLab({ name, topology: "calico-vxlan" });
t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true, force: true });
});
const { first, second } = await placeCoreDns(lab);
const nodeLocal = new NodeLocalDns(lab);
await first.start();

const onNode = async (node: string, ...argv: string[]): Promise<void> => {
  const { exitCode, stderr } = await execInNode(lab, node, argv);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr}`);
};

type Undo = () => Promise<void>;
const rule =
  (node: string, ...words: string[]) =>
  async (): Promise<Undo> => {
    await onNode(node, "iptables", "-I", ...words);
    return () => onNode(node, "iptables", "-D", ...words);
  };
const fault = (of: string) => async (): Promise<Undo> => {
  await setFault({ name, fault: of, on: true });
  return () => setFault({ name, fault: of, on: false }).then(() => undefined);
};
const serve = (corefile: Parameters<typeof first.start>[0]) => async (): Promise<Undo> => {
  await first.start(corefile);
  return () => first.start();
};
const freeze = async (): Promise<Undo> => {
  await first.freeze();
  return first.thaw;
};
/** Replaces words of the pod's resolv.conf. */
const resolv = (from: string, to: string) => (): Promise<Undo> => {
  const file = join(lab.dir, "nodes/node-a/files/pod-resolv.conf");
  const before = readFileSync(file, "utf8");
  if (!before.includes(from)) throw new Error(`resolv.conf has no ${from}`);
  writeFileSync(file, before.replace(from, to));
  return Promise.resolve(() => Promise.resolve(writeFileSync(file, before)));
};
const all =
  (...arrange: (() => Promise<Undo>)[]) =>
  async (): Promise<Undo> => {
    const undo: Undo[] = [];
    for (const one of arrange) undo.unshift(await one());
    return async () => {
      for (const one of undo) await one();
    };
  };
/** A second CoreDNS behind the Service's address, as kube-proxy has it. */
const pair = async (): Promise<Undo> => {
  await second.start();
  const { stdout } = await execInNode(lab, "node-a", ["iptables-save", "-t", "nat"]);
  const chain = /-d 10\.96\.0\.10\/32 .*-p udp .*-j (KUBE-SVC-[A-Z0-9]+)/.exec(stdout)?.[1] ?? "";
  const half = ["-m", "statistic", "--mode", "random", "--probability", "0.5", "-j", "KUBE-SEP-SECONDDNS"];
  const nat = (...words: string[]): Promise<void> => onNode("node-a", "iptables", "-t", "nat", ...words);
  await nat("-N", "KUBE-SEP-SECONDDNS");
  await nat("-A", "KUBE-SEP-SECONDDNS", "-p", "udp", "-j", "DNAT", "--to-destination", `${SECOND}:53`);
  await nat("-I", chain, ...half);
  return async () => {
    await nat("-D", chain, ...half);
    await nat("-F", "KUBE-SEP-SECONDDNS");
    await nat("-X", "KUBE-SEP-SECONDDNS");
    await second.stop();
  };
};
const kill = async (): Promise<Undo> => {
  await second.stop();
  return () => second.start();
};
const foreign = async (): Promise<Undo> => {
  await second.start({ isForeign: true });
  return () => second.stop();
};
const local = async (): Promise<Undo> => {
  await nodeLocal.start();
  const undo = await resolv("10.96.0.10", NODE_LOCAL)();
  return async () => {
    await undo();
    await nodeLocal.remove();
  };
};
const once = (act: () => Promise<void>) => async (): Promise<Undo> => {
  await act();
  return () => Promise.resolve();
};
const gone = async (): Promise<Undo> => {
  await first.stop();
  return () => first.start();
};
const nothing = (): Promise<Undo> => Promise.resolve(() => Promise.resolve());

const AAAA = ["FORWARD", "-p", "udp", "--dport", "53", "-m", "string", "--algo", "bm", "--hex-string"];

interface Case {
  readonly what: string;
  readonly arrange: () => Promise<Undo>;
  /** By default one of the cluster's. */
  readonly asked?: string;
  /** How long each answer is waited for. */
  readonly wait?: string;
  /** What the runbook's check is to be called; "": it passes. */
  readonly code: string;
  readonly says?: RegExp;
}

const CASES: readonly Case[] = [
  {
    what: "healthy",
    arrange: nothing,
    code: "",
    says: /finds web as web\.shop\.svc\.cluster\.local after 1 name/,
  },
  { what: "healthy, a name of outside", arrange: nothing, asked: OUTSIDE, code: "", says: /after 4 names/ },
  { what: "healthy, a whole name", arrange: nothing, asked: `${OUTSIDE}.`, code: "", says: /after 1 name/ },
  { what: "healthy, an answer cut and whole over TCP", arrange: nothing, asked: "many", code: "" },
  { what: "healthy, two CoreDNS", arrange: pair, code: "" },
  { what: "healthy, NodeLocal DNS", arrange: local, code: "" },
  {
    what: "NXDOMAIN",
    arrange: nothing,
    asked: "nowhere",
    code: "name-unknown",
    says: /NXDOMAIN for all of 4 names/,
  },
  { what: "a name without addresses", arrange: nothing, asked: "text", code: "name-without-address" },
  { what: "SERVFAIL", arrange: serve({ upstream: "refusing" }), asked: OUTSIDE, code: "servfail" },
  { what: "REFUSED, no such zone", arrange: serve({ upstream: "none" }), asked: OUTSIDE, code: "refused" },
  { what: "REFUSED, by a rule", arrange: serve({ acl: "block type A AAAA" }), code: "refused" },
  { what: "the server is silent", arrange: freeze, code: "server-silent" },
  { what: "the server is gone", arrange: gone, code: "nobody-listens" },
  {
    what: "the upstream is silent",
    arrange: serve({ upstream: "silent" }),
    asked: OUTSIDE,
    code: "upstream-silent",
  },
  { what: "the query is dropped on node-a", arrange: fault("forward-drop-a"), code: "query-dropped" },
  { what: "the query is dropped on node-b", arrange: fault("forward-drop-b"), code: "query-dropped" },
  { what: "the reply is dropped", arrange: fault("reply-drop-b"), code: "reply-dropped" },
  {
    what: "an answer is cut, TCP is dropped",
    arrange: rule("node-b", "FORWARD", "-p", "tcp", "--dport", "53", "-j", "DROP"),
    asked: "many",
    code: "tcp-blocked",
  },
  {
    what: "an answer is cut, TCP is rejected",
    arrange: rule(
      "node-b",
      "FORWARD",
      "-p",
      "tcp",
      "--dport",
      "53",
      "-j",
      "REJECT",
      "--reject-with",
      "tcp-reset",
    ),
    asked: "many",
    code: "tcp-blocked",
  },
  {
    what: "AAAA dropped by the network",
    arrange: rule("node-b", ...AAAA, "|00001c0001|", "-j", "DROP"),
    code: "aaaa-dropped",
  },
  { what: "AAAA dropped by the server", arrange: serve({ acl: "drop type AAAA" }), code: "aaaa-dropped" },
  {
    what: "ndots 5, a search domain of outside, a slow upstream",
    arrange: all(
      serve({ upstream: "slow" }),
      resolv("cluster.local\n", "cluster.local corp.example lab.example\n"),
    ),
    asked: OUTSIDE,
    wait: "4s",
    code: "slow-search",
    says: /: [2-9]\d\d\d ms of them go to the 5 names of the search domains that ndots 5 .* its upstream is slow$/,
  },
  {
    what: "a slow upstream alone",
    arrange: serve({ upstream: "slow" }),
    asked: `${OUTSIDE}`,
    wait: "4s",
    code: "slow",
  },
  { what: "resolv.conf names nobody", arrange: resolv("10.96.0.10", "10.96.0.99"), code: "wrong-nameserver" },
  {
    what: "resolv.conf names another's server",
    arrange: all(foreign, resolv("10.96.0.10", SECOND)),
    code: "wrong-nameserver",
  },
  {
    what: "NodeLocal DNS has crashed",
    arrange: all(local, once(nodeLocal.crash)),
    code: "node-local-down",
    says: /device nodelocaldns\), refuses.*past it 10\.96\.0\.10 \(shop\/dns\) does$/,
  },
  {
    what: "NodeLocal DNS is gone",
    arrange: all(local, once(nodeLocal.crash), once(nodeLocal.leave)),
    code: "node-local-down",
    says: /which no device of the node has/,
  },
  { what: "one of two CoreDNS is dead", arrange: all(pair, kill), code: "endpoint-dead" },
  {
    what: "one of two CoreDNS is cut off",
    arrange: all(pair, rule("node-b", "FORWARD", "-d", SECOND, "-j", "DROP")),
    code: "endpoint-dead",
  },
];

const table: string[][] = [["made", "named", "in words"]];
const only = process.env["HOPBOOK_DNS_MATRIX"];
for (const { what, arrange, asked = "web", code, says = /./, wait = "1500ms" } of CASES) {
  if (only !== undefined && !what.includes(only)) continue;
  t.test(`${what}: ${code === "" ? "no alarm" : code}`, async (t) => {
    const undo = await arrange();
    try {
      const { findings } = await runRunbook({
        ...{ runbook: "dns", inputs: { from: "shop/client", name: asked, wait } },
        ...{ cluster: lab.files.profile, cwd: out, out, grants: { yes: true } },
        signal: new AbortController().signal,
        onEvent: () => undefined,
      });
      const [check] = findings.checks;
      const named = check?.code?.replace(/^dns-/, "") ?? "";
      table.push([what, named || (check?.status ?? ""), check?.message ?? ""]);
      t.equal(named, code, check?.message ?? "no check");
      t.equal(check?.status === "pass", code === "");
      t.match(check?.message, says);
      t.strictSame(findings.run.incomplete, []);
      if (code !== "") t.ok((check?.next ?? []).length > 0, "what a person does now is said");
    } finally {
      await undo();
    }
  });
}

t.test("the matrix", (t) => {
  for (const [made = "", named = "", words = ""] of table)
    t.comment(`${made.padEnd(54)} ${named.padEnd(18)} ${words}`);
  t.end();
});
