import t from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, execInNode, upLab } from "../../lib/lab/index.js";
import { auditHops } from "../../lib/run/audit.js";
import { runRunbook } from "../../lib/run/run.js";

/** What a node's kernel remembers of connections, on real nodes: read by the audit, and by the runbook conntrack. */

const name = `known-${String(process.pid)}`;
const lab = await upLab({ name, topology: "calico-vxlan" });
const out = mkdtempSync(join(tmpdir(), "hopbook-known-"));
t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true });
});

async function faults(to: string): Promise<readonly string[]> {
  const { statements } = await auditHops({
    ...{ from: "shop/client", to, cluster: lab.files.profile, cwd: "/", grants: { yes: true } },
    ...{ protocol: "udp", signal: new AbortController().signal, onEvent: () => undefined },
  });
  return statements.filter(({ severity }) => severity !== "fine").map(({ what }) => what);
}

/** What each check of the runbook comes to. */
async function checks(to: string): Promise<readonly string[]> {
  const { findings } = await runRunbook({
    ...{
      runbook: "conntrack",
      inputs: { from: "shop/client", to },
      cluster: lab.files.profile,
      cwd: out,
      out,
    },
    ...{ grants: { yes: true }, signal: new AbortController().signal, onEvent: () => undefined },
  });
  return findings?.checks.map(({ id, status, code }) => `${id} ${status} ${code ?? ""}`.trim()) ?? [];
}

async function onNode(...argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execInNode(lab, "node-a", argv);
  t.equal(exitCode, 0, `${argv.join(" ")}: ${stderr}`);
}

t.test("UDP that goes on to a backend that is gone", async (t) => {
  const client = lab.nodes[0]?.pods.find((pod) => pod.name === "client")?.ip ?? "";
  const entry = (source: string) => [
    ...["-I", "-p", "udp", "-t", "300", "-s", client, "-d", "10.96.0.10", "--sport", "4000", "--dport", "53"],
    ...["-r", source, "-q", client, "--reply-port-src", "53", "--reply-port-dst", "4000"],
  ];
  t.strictSame(await faults("10.96.0.10:53"), []);
  t.strictSame(await checks("10.96.0.10:53"), ["remembered pass", "room pass", "fresh pass"]);
  await onNode("conntrack", ...entry("192.168.218.99"));
  t.match(await faults("10.96.0.10:53"), [
    /still sends UDP of \S+ to 192\.168\.218\.99:53, and the rules lead to 192\.168\.218\.66/,
  ]);
  const told = ["remembered fail conntrack-stale", "room pass", "fresh pass"];
  t.strictSame(await checks("10.96.0.10:53"), told, "new connections work, and the old one would not");
  await onNode("conntrack", "-D", "-p", "udp", "-d", "10.96.0.10");
});
