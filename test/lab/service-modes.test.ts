import t from "tap";
import { downLab, upLab } from "../../lib/api/lab.js";
import { execInNode } from "../../lib/lab/index.js";
import type { Audit } from "../../lib/model/audit/audit.js";
import { auditHops } from "../../lib/run/audit.js";
import { makeKubeProxy } from "../rules/kube-proxy.js";

t.test("kube-proxy's nftables mode: the Service is followed and judged by nft's own table", async (t) => {
  const name = `modes-${String(process.pid)}`;
  t.teardown(() => downLab({ name }));
  const lab = await upLab({ name, topology: "flannel-vxlan" });
  const run = async (...argv: readonly [string, ...string[]]): Promise<void> => {
    const done = await execInNode(lab, "node-a", argv);
    t.equal(done.exitCode, 0, `${argv[0]}: ${done.stderr}`);
  };
  const audit = (to: string): Promise<Audit> =>
    auditHops({
      ...{ from: "shop/client", to, cluster: lab.files.profile, cwd: "/" },
      ...{ grants: { yes: true }, signal: new AbortController().signal, onEvent: () => undefined },
    });
  await run("iptables", "-t", "nat", "-F");
  const services = [
    { name: "shop/web", clusterIp: "10.96.0.20", port: 80, endpoints: [{ ip: "10.244.1.2", port: 8080 }] },
    { name: "shop/none", clusterIp: "10.96.0.30", port: 80, endpoints: [] },
  ];
  const ranges = { pods: "10.244.0.0/16", serviceRange: "10.96.0.0/16", nodeIp: "10.77.0.11" };
  await run("nft", makeKubeProxy({ services, ...ranges }));
  const { status, statements } = await audit("10.96.0.20:80");
  t.equal(status, "clean", statements.map(({ severity, what }) => `${severity}: ${what}`).join("; "));
  t.match(
    statements.filter(({ check }) => check === "service"),
    [
      {
        severity: "fine",
        what: "10.96.0.20 becomes 10.244.1.2",
        evidence: [{ command: "nft -j list ruleset" }],
      },
    ],
  );
  await t.rejects(audit("10.96.0.30:80"), {
    message: /10\.96\.0\.30:80 \(shop\/none:p80\): the service has no endpoint/,
  });
  await run("nft", "add element ip kube-proxy firewall-ips { 10.96.0.20 . tcp . 80 : drop }");
  const refused = await audit("10.96.0.20:80");
  t.equal(refused.status, "fault");
  t.match(
    refused.statements.filter(({ severity }) => severity === "fault"),
    [{ what: /is dropped by a rule of firewall-check, which the map firewall-ips leads to/ }],
  );
});
