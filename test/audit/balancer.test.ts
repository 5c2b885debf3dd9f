import t from "tap";
import { ask, askFully, links, only, PATH, type Look } from "./kit.js";

/** /proc/net/ip_vs as net/netfilter/ipvs/ip_vs_ctl.c prints it; the addresses are ours. */
const TABLE = (...lines: readonly string[]): string =>
  [
    "IP Virtual Server version 1.2.1 (size=4096)",
    "Prot LocalAddress:Port Scheduler Flags",
    "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn",
    ...lines,
    "",
  ].join("\n");
const SERVICE = "TCP  0A600014:0050 rr  "; // 10.96.0.20:80
const WEB = "  -> 0A010107:1F90      Masq    1      0          0         "; // 10.1.1.7:8080
const OTHER = "  -> 0A010109:1F90      Masq    1      0          0         "; // 10.1.1.9:8080
const RESTING = "  -> 0A010107:1F90      Masq    0      0          0         ";
const TO = {
  ...PATH.to,
  ...{ ip: "10.96.0.20", port: 80 },
  addresses: [
    { ip: "10.96.0.20", port: 80 },
    { ip: "10.1.1.7", port: 8080 },
  ],
};
const path = { ...PATH, to: TO };

function looks(table: string, ip: string | null = "10.96.0.20"): Look[] {
  const own = ip === null ? [] : [{ name: "kube-ipvs0", ip }];
  return [
    { at: "node-a", kind: "ipvs", argv: "cat /proc/net/ip_vs", text: table },
    { at: "node-a", kind: "addresses", text: links({ name: "ens4", ip: "192.0.2.1" }, ...own) },
  ];
}

const said = (table: string, asked = {}, ip?: string | null): string[] =>
  ask("service", looks(table, ip), { path, ...asked });

t.test("service: IPVS leads to endpoints by their weights", async (t) => {
  t.strictSame(said(TABLE(SERVICE, WEB)), ["fine: IPVS leads tcp 10.96.0.20:80 to 10.1.1.7:8080 (weight 1)"]);
  t.match(askFully("service", looks(TABLE(SERVICE, WEB)), { path })[0]?.evidence, [
    { command: "cat /proc/net/ip_vs", line: "tcp 10.96.0.20:80 -> 10.1.1.7:8080 (weight 1)" },
  ]);
  t.match(said(TABLE(SERVICE)), [/^fault: IPVS has tcp 10\.96\.0\.20:80 without an endpoint/]);
  t.match(said(TABLE(SERVICE, RESTING)), [/^fault: all endpoints of tcp 10\.96\.0\.20:80 have weight 0/]);
  t.match(said(TABLE(SERVICE, WEB, OTHER)), [
    /^warning: IPVS leads .* to 10\.1\.1\.9:8080 \(weight 1\), none of/,
  ]);
  t.match(said(TABLE(SERVICE, RESTING, OTHER)), [
    /^warning: .*10\.1\.1\.9/,
    /10\.1\.1\.7:8080, an endpoint .* weight is 0$/,
  ]);
  t.match(said(TABLE("TCP  0A600014:0051 rr", WEB)), [
    /^fault: IPVS has no tcp port 80 of 10\.96\.0\.20: it has 81\/tcp$/,
  ]);
  t.match(said(TABLE("UDP  0A600014:0050 rr", WEB)), [/it has 80\/udp$/]);
  t.match(said(TABLE("TCP  0A600014:0000 rr persistent 10800", WEB.replace("Masq ", "Route"))), [
    /^fine: .*\(weight 1, route\)$/,
  ]);
});

t.test("service: IPVS takes in only what is for the node itself", async (t) => {
  t.match(said(TABLE(SERVICE, WEB), {}, null), [/^fault: no device of node-a has 10\.96\.0\.20/, /^fine: /]);
  const host = { ...path, from: { ...PATH.from, pod: null }, hops: path.hops.slice(4) };
  t.match(
    said(TABLE(SERVICE, WEB), { path: host }, null),
    [/^fine: /],
    "the node's own are seen when they are sent",
  );
  const [table] = looks(TABLE(SERVICE, WEB));
  t.match(ask("service", [table!], { path }), [/^fine: /], "its addresses were not read");
});

t.test("where IPVS has nothing of it, the rules are what is asked", async (t) => {
  for (const table of [TABLE("TCP  0A600063:0050 rr", WEB), "", "\u0000"])
    t.match(said(table), [/^doubt: no rule leads/]);
  t.match(said(TABLE(SERVICE, WEB), { protocol: "icmp" }), [/^doubt: no rule leads/]);
  t.strictSame(said(TABLE(SERVICE, WEB), { part: "onward" }), []);
});

t.test("a NodePort is led on where it comes to", async (t) => {
  const at = { ip: "192.0.2.2", port: 30_080 };
  const door = { ...PATH.to, pod: null, ...at, addresses: [at] };
  const text = TABLE("TCP  C0000202:7580 rr", WEB);
  const own = { at: "node-b", kind: "addresses", text: links({ name: "ens4", ip: "192.0.2.2" }) } as const;
  t.match(
    ask("service", [{ at: "node-b", kind: "ipvs", text }, own], {
      path: { ...PATH, to: door },
      part: "arriving",
    }),
    [/^fine: IPVS leads tcp 192\.0\.2\.2:30080 to 10\.1\.1\.7:8080/],
  );
});

t.test("rules: behind IPVS it is the endpoint's packet, which the node sends itself", async (t) => {
  const filter = (rule: string): Look => ({
    ...{ at: "node-a", kind: "iptables", argv: "iptables-save -c" },
    text: `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A ${rule}\nCOMMIT\n`,
  });
  const nft: Look = { at: "node-a", kind: "nftables", text: "{}" };
  const faults = (rule: string, table = TABLE(SERVICE, WEB), asked = {}): string[] =>
    only("fault", ask("rules", [...looks(table), filter(rule), nft], { path, ...asked })).filter((one) =>
      one.includes("the request"),
    );
  t.match(faults("INPUT -d 10.96.0.20/32 -j DROP"), [
    /the request from 10\.1\.0\.5 to 10\.96\.0\.20 is dropped/,
  ]);
  t.match(faults("OUTPUT -d 10.1.1.7/32 -j DROP"), [
    /the request from 10\.1\.0\.5 to 10\.1\.1\.7 is dropped/,
  ]);
  t.strictSame(faults("FORWARD -d 10.96.0.20/32 -j DROP"), [], "it is not forwarded");
  t.match(faults("FORWARD -d 10.96.0.20/32 -j DROP", TABLE()), [/is dropped/], "without IPVS it is");
  const host = { ...path, from: { ...PATH.from, pod: null }, hops: path.hops.slice(4) };
  t.match(faults("OUTPUT -d 10.96.0.20/32 -j DROP", TABLE(SERVICE, WEB), { path: host }), [
    /to 10\.96\.0\.20 is dropped/,
  ]);
});
