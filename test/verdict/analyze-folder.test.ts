import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { analyzeBundle } from "../../lib/verdict/analyze-folder.js";
import { layOut } from "./bundle-kit.js";

const SOS: Readonly<Record<string, string>> = {
  addresses: "networking/ip_-d_address",
  links: "networking/ip_-s_-d_link",
  routes: "networking/ip_route_show_table_all",
  rules: "networking/ip_-4_rule_list",
  iptables: "firewall_tables/iptables-save_-c",
  sockets: "networking/ss_-peaonmi",
};
const BUGTOOL: Readonly<Record<string, string>> = {
  addresses: "ip-a.md",
  links: "ip--d--s-l.md",
  routes: "ip--4-r.md",
  rules: "ip-rule.md",
  iptables: "iptables-save--c.md",
  sockets: "ss--t--p--a--i--s.md",
};

const LAYOUTS: readonly (readonly [title: string, place: (node: string, look: string) => string])[] = [
  ["a folder", (node, look) => `${node}/${look}.txt`],
  ["a folder", (node, look) => `state/${node}.${look}.txt`],
  ["a sosreport", (node, look) => `sosreport-${node}/sos_commands/${SOS[look] ?? look}`],
  ["a sysdump", (node, look) => `cilium-bugtool-${node}/cmd/${BUGTOOL[look] ?? look}`],
  ["a must-gather", (node, look) => `quay-io-sha256-1/nodes/${node}/${look}.txt`],
];

for (const [title, place] of LAYOUTS)
  t.test(
    `${title}, ${place("node-b", "iptables")}: hops, the rule and the audit by what is there`,
    async (t) => {
      const dir = layOut(t.testdir(), place);
      if (title === "a sysdump") writeFileSync(join(dir, "k8s-nodes-20261129-101500.yaml"), "items: []");
      if (title === "a must-gather") {
        const nodes = join(dir, "quay-io-sha256-1/cluster-scoped-resources/core/nodes");
        mkdirSync(nodes, { recursive: true });
        for (const node of ["node-a", "node-b"]) writeFileSync(join(nodes, `${node}.yaml`), "kind: Node");
      }
      if (title === "a sosreport" || title === "a sysdump")
        for (const node of ["node-a", "node-b"]) {
          const file =
            title === "a sosreport" ? `sosreport-${node}/hostname` : `cilium-bugtool-${node}/cmd/hostname.md`;
          writeFileSync(
            join(dir, file),
            title === "a sosreport" ? `${node}\n` : `# hostname\n\n\`\`\`\n${node}\n\`\`\`\n`,
          );
        }
      const { flows } = await analyzeBundle(dir);
      t.equal(flows.length, 2);
      for (const { hops, verdict, from, to, audit } of flows) {
        t.strictSame(
          hops.map(({ node, role }) => `${node} ${role}`),
          [
            ...["node-a pod", "node-a host-veth", "node-a tunnel", "node-a nic"],
            ...["node-b nic", "node-b tunnel", "node-b host-veth", "node-b pod"],
          ],
        );
        t.match(from, { node: "node-a", pod: "shop/client" });
        t.match(to, { node: "node-b", pod: "shop/web" });
        t.match(verdict, {
          status: "lost",
          lastSeen: { node: "node-b", interface: "vxlan.calico" },
          cause: { code: "netfilter-drop", summary: /cali-tw-/ },
        });
        t.match(
          verdict.caveats.at(-1),
          new RegExp(`in ${title}, and by what node-a, node-b printed, at a time of its own: `),
        );
        t.equal(audit?.status, "fault");
        const faults = audit?.statements.filter(({ severity }) => severity === "fault") ?? [];
        t.match(faults, [{ check: "rules", place: { node: "node-b" }, evidence: [{ line: /-j DROP$/ }] }]);
        t.ok(
          audit?.statements.some(({ check, severity }) => check === "forwarding" && severity === "doubt"),
          "what was not read is not known",
        );
      }
    },
  );

t.test("without state of its node a capture stays a file, and nothing is audited", async (t) => {
  const dir = layOut(t.testdir(), (node, look) => `${node}/${look}.txt`);
  rmSync(join(dir, "node-a"), { recursive: true });
  rmSync(join(dir, "node-b"), { recursive: true });
  const [flow] = (await analyzeBundle(dir)).flows;
  t.equal(flow?.audit, undefined);
  t.equal(flow?.hops[0]?.role, "nic");
  t.match(flow?.verdict.caveats.at(-1), /there is nothing of the nodes' state in it/);
});
