import t from "tap";
import { downLab, execInNode, upLab } from "../../lib/lab/index.js";
import { auditHops } from "../../lib/run/audit.js";

/** What a node's kernel remembers of connections, on real nodes: state that only the audit reads. */

const name = `known-${String(process.pid)}`;
const lab = await upLab({ name, topology: "calico-vxlan" });
t.teardown(() => downLab({ name }));

async function faults(to: string): Promise<readonly string[]> {
  const { statements } = await auditHops({
    ...{ from: "shop/client", to, cluster: lab.files.profile, cwd: "/", grants: { yes: true } },
    ...{ protocol: "udp", signal: new AbortController().signal, onEvent: () => undefined },
  });
  return statements.filter(({ severity }) => severity !== "fine").map(({ what }) => what);
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
  await onNode("conntrack", ...entry("192.168.218.99"));
  t.match(await faults("10.96.0.10:53"), [
    /still sends UDP of \S+ to 192\.168\.218\.99:53, and the rules lead to 192\.168\.218\.66/,
  ]);
  await onNode("conntrack", "-D", "-p", "udp", "-d", "10.96.0.10");
});
