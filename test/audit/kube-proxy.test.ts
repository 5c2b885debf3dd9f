import t from "tap";
import { recorded } from "../fixtures/linux/recorded.js";
import { ask, askFully, only, PATH } from "./kit.js";

/** kube-proxy's nftables mode, as node-a's nft lists it: test/rules/kube-proxy.ts makes the table. */
const TABLE = recorded("netfilter/nft-1.0.6-kube-proxy.json");
const LOOKS = [
  { at: "node-a", kind: "nftables", argv: "nft -j list ruleset", text: TABLE },
  {
    at: "node-a",
    kind: "routes",
    text: JSON.stringify([{ type: "local", dst: "192.0.2.1", table: "local" }]),
  },
  { at: "node-a", kind: "iptables", argv: "iptables-save -c", text: "" },
  { at: "node-a", kind: "ip6tables", argv: "ip6tables-save -c", text: "" },
] as const;

function pathTo(ip: string, { endpoints = ["10.1.1.7"], from = "10.1.0.5" } = {}): typeof PATH {
  const addresses = [ip, ...endpoints].map((one, at) => ({ ip: one, port: at === 0 ? 80 : 8080 }));
  const sender = { ...PATH.from, ip: from, addresses: [{ ip: from, port: null }] };
  return { ...PATH, from: sender, to: { ...PATH.to, ip, port: 80, addresses } };
}

t.test("the Service's endpoints are read in nft's own table, in both families", async (t) => {
  const said = askFully("service", LOOKS, {
    path: pathTo("10.96.0.20", { endpoints: ["10.1.1.7", "10.1.1.8"] }),
  });
  t.match(said, [
    {
      ...{ severity: "fine", what: "10.96.0.20 becomes 10.1.1.7, 10.1.1.8" },
      evidence: [{ command: "nft -j list ruleset" }],
    },
  ]);
  t.strictSame(ask("service", LOOKS, { path: pathTo("10.96.0.21") }), ["fine: 10.96.0.21 becomes 10.1.1.7"]);
  const six = pathTo("fd00:96::20", { endpoints: ["fd00:1::7"], from: "fd00:1::5" });
  t.strictSame(ask("service", LOOKS, { path: six }), ["fine: fd00:96::20 becomes fd00:1::7"]);
  t.match(ask("service", LOOKS, { path: pathTo("10.96.0.20", { endpoints: ["10.1.1.7"] }) }), [
    /^warning: .*10\.1\.1\.8, which is none of its endpoints/,
  ]);
});

t.test("none, none on this node, and a range that refuses are said with the Service's name", async (t) => {
  const faults = (path: typeof PATH): string[] =>
    only("fault", ask("rules", LOOKS, { path })).filter((one) =>
      one.startsWith(`the request from ${path.from.ip} to ${path.to.ip}`),
    );
  t.match(faults(pathTo("10.96.0.22")), [
    /is rejected by a rule of reject-chain, which the map no-endpoint-services leads to by 10\.96\.0\.22 \. tcp \. 80 : goto reject-chain, "vmap to drop [a-z ]+", "shop\/none:p80"/,
  ]);
  t.match(faults(pathTo("198.51.100.1", { from: "203.0.113.200" })), [
    /is dropped by a rule of firewall-\w+-shop\/web\/tcp\/p80, which the map firewall-ips leads to by 198\.51\.100\.1 .*, "destinations that are subject to LoadBalancerSourceRanges"$/,
  ]);
  t.strictSame(faults(pathTo("198.51.100.1", { from: "203.0.113.7" })), []);
  t.match(faults(pathTo("198.51.100.2", { from: "203.0.113.7" })), [
    /is dropped by a rule of service-endpoints-check, which the map no-endpoint-services leads to by 198\.51\.100\.2 \. tcp \. 80 : drop, .*"shop\/local:p80"/,
  ]);
  t.match(faults(pathTo("10.96.0.99")), [
    /is dropped by a rule of cluster-ips-check \("Drop traffic to unallocated ClusterIPs"\)$/,
  ]);
  const [said] = askFully("rules", LOOKS, { path: pathTo("10.96.0.22") }).filter(
    ({ severity }) => severity === "fault",
  );
  t.match(said?.evidence, [
    {
      command: "nft -j list ruleset",
      line: /reject, by no-endpoint-services \{ 10\.96\.0\.22 \. tcp \. 80 : goto reject-chain \}$/,
    },
  ]);
});
