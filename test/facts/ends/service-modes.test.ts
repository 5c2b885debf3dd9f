import t from "tap";
import { NAMINGS } from "../../fixtures/namings.js";
import { recorded } from "../../fixtures/linux/recorded.js";
import { askedOf, replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { gatherFacts, type LoadedProfile } from "../../../lib/cluster/index.js";
import { readService } from "../../../lib/cluster/ends/resolve-service.js";
import { readServiceMaps } from "../../../lib/cluster/ends/nat-table.js";
import { findBalanced } from "../../../lib/cluster/ends/service-balancer.js";
import { findMappedNodePort, findMappedService } from "../../../lib/cluster/ends/service-maps.js";

/** Services of clusters whose kube-proxy uses nftables (test/rules/kube-proxy.ts makes the table) or IPVS. */
const TABLE = recorded("netfilter/nft-1.0.6-kube-proxy.json");

const find = (ip: string) => findMappedService(TABLE, ip, NAMINGS);

t.test("nftables: a Service's ports, name, endpoints and how clients are kept", async (t) => {
  const at = (ip: string, port: number) => ({ ip, port });
  t.strictSame(find("10.96.0.20"), [
    {
      ...{ port: 80, protocol: "tcp", kind: "clusterIp", name: "shop/web:p80", local: null, affinity: null },
      endpoints: [at("10.1.1.7", 8080), at("10.1.1.8", 8080)],
    },
  ]);
  t.match(find("fd00:96::20"), [
    { kind: "clusterIp", name: "shop/web:p80", endpoints: [at("fd00:1::7", 8080)] },
  ]);
  t.match(find("198.51.100.1"), [
    { kind: "externalIp", name: "shop/web:p80", endpoints: { length: 2 }, local: null },
  ]);
  t.match(find("10.96.0.21"), [
    { affinity: { seconds: 10_800, lists: [] }, endpoints: [at("10.1.1.7", 8080)] },
  ]);
  t.match(find("10.96.0.10"), [{ port: 53, protocol: "udp", name: "kube-system/dns:p53" }]);
  t.strictSame(find("10.96.0.22"), [
    {
      ...{ port: 80, protocol: "tcp", kind: "clusterIp", name: "shop/none:p80" },
      ...{ endpoints: [], local: null, affinity: null },
    },
  ]);
  t.strictSame(find("10.96.0.99"), []);
});

t.test("nftables: NodePorts, and what is for the node's own pods alone", async (t) => {
  t.match(findMappedNodePort(TABLE, 30_080, NAMINGS), [
    { kind: "nodePort", name: "shop/web:p80", endpoints: { length: 2 }, local: null },
  ]);
  t.match(findMappedNodePort(TABLE, 30_083, NAMINGS), [
    { name: "shop/local:p80", endpoints: [{ ip: "10.1.1.9", port: 80 }], local: [] },
  ]);
  t.match(find("198.51.100.2"), [{ endpoints: [{ ip: "10.1.1.9" }], local: [] }]);
  t.strictSame(findMappedNodePort(TABLE, 1, NAMINGS), []);
});

t.test("no table is too odd", async (t) => {
  const OF = { family: "ip", table: "kube-proxy" };
  const key = { concat: ["10.0.0.1", "tcp", 80] };
  const map = (elem: unknown, name = "service-ips") => ({ map: { ...OF, name, elem } });
  const rule = (chain: string, ...expr: unknown[]) => ({ rule: { ...OF, chain, expr } });
  const to = (target: string) => ({ goto: { target } });
  const led = (target: string, ...more: unknown[]) =>
    findMappedService(JSON.stringify({ nftables: [map([[key, to(target)]]), ...more] }), "10.0.0.1", NAMINGS);
  t.match(led("service-x", rule("service-x", to("service-x"))), [{ endpoints: [], name: null }], "a circle");
  t.match(
    led("other", rule("other", { dnat: { addr: "10.0.0.2" } })),
    [{ endpoints: [] }],
    "no chain of Services",
  );
  t.match(
    led(
      "service-x",
      rule("service-x", { jump: { target: "endpoint-y" } }),
      rule("endpoint-y", { dnat: {} }, { dnat: { addr: "10.0.0.2" } }),
    ),
    [{ endpoints: [{ ip: "10.0.0.2", port: null }] }],
  );
  t.match(led("service-AAAAAAAA-shop/web/tcp/"), [{ name: "shop/web" }]);
  for (const elem of [
    null,
    [1],
    [[key]],
    [[{ concat: ["10.0.0.1", "tcp", 0] }, to("service-x")]],
    [[{ concat: ["10.0.0.1", "tcp", "80"] }, {}]],
  ])
    t.ok(
      findMappedService(
        JSON.stringify({ nftables: [map(elem), null, { map: 1 }, map([], "x")] }),
        "10.0.0.1",
        NAMINGS,
      ).length < 2,
    );
  for (const text of ["", "x", "[]", "{}"]) t.strictSame(findMappedService(text, "10.0.0.1", NAMINGS), []);
  t.strictSame(findMappedService(TABLE, "10.96.0.20", []), []);
});

t.test("IPVS: endpoints that get something, of an address", async (t) => {
  const table = [
    "TCP  0A600014:0050 rr",
    "  -> 0A010107:1F90      Masq    1      0          0",
    "  -> 0A010108:1F90      Masq    0      0          0",
    "TCP  0A600014:0000 rr",
    "FWM  00000007 rr",
  ].join("\n");
  t.strictSame(findBalanced(table, "10.96.0.20"), [
    {
      ...{ port: 80, protocol: "tcp", kind: "clusterIp", name: null, local: null, affinity: null },
      endpoints: [{ ip: "10.1.1.7", port: 8080 }],
    },
  ]);
  t.strictSame(findBalanced(table, "10.96.0.21"), []);
});

const profile: LoadedProfile = {
  ...{ name: "x", cni: "auto", interfaces: {}, workDir: "/var/tmp" },
  nodes: [{ name: "node-a", address: "192.0.2.1", access: { via: "local" } }],
};

async function read(address: { ip: string; port: number | null; at?: string }, more: Recording) {
  const recording: Recording = {
    ...{ "hopbook-crictl  pods -o json": '{"items":[]}', "hopbook-crictl  ps -o json": "{}" },
    ...{ "iptables-save -t nat": "*nat\nCOMMIT\n", "ip6tables-save -t nat": "*nat\nCOMMIT\n" },
    ...more,
  };
  const accesses = new Map([["node-a", replayNode("node-a", recording)]]);
  const facts = await gatherFacts(profile, accesses, { namings: NAMINGS });
  const found = await readService(address, facts, { text: address.ip, fromNode: "node-a" });
  return found === null ? null : [found.comment, found.door?.kind, found.endpoints.map(({ ip }) => ip)];
}

t.test("where iptables has none of it, the node's other tables are asked", async (t) => {
  const nft = { "nft -j list table ip kube-proxy": TABLE, "nft -j list table ip6 kube-proxy": TABLE };
  const ipvs = {
    "cat /proc/net/ip_vs":
      "TCP  0A600014:0050 rr\n  -> 0A010109:1F90 Masq 1 0 0\nTCP  C0000201:7580 rr\n  -> 0A010109:1F90 Masq 1 0 0\n",
  };
  const both = ["shop/web:p80", undefined, ["10.1.1.7", "10.1.1.8"]];
  const at = (ip: string, port: number) => ({ ip, port });
  t.strictSame(await read(at("10.96.0.20", 80), { ...nft, ...ipvs }), both);
  t.strictSame(await read(at("fd00:96::20", 80), nft), ["shop/web:p80", undefined, ["fd00:1::7"]]);
  t.strictSame(await read(at("10.96.0.20", 80), ipvs), [null, undefined, ["10.1.1.9"]]);
  t.equal(await read(at("10.96.0.20", 80), {}), null);
  const port = (number: number) => ({ ip: "192.0.2.1", port: number, at: "node-a" });
  t.strictSame(await read(port(30_080), nft), ["shop/web:p80", "nodePort", ["10.1.1.7", "10.1.1.8"]]);
  t.strictSame(await read(port(30_080), ipvs), [null, "nodePort", ["10.1.1.9"]]);
});

t.test("a table's name is no option, and no more than one command", async (t) => {
  const access = replayNode("node-a", {});
  for (const table of ["-f", "x; flush ruleset", ""])
    t.equal(await readServiceMaps(access, { ip: "10.0.0.1", table }, undefined), "");
  t.strictSame(askedOf(access), []);
});
