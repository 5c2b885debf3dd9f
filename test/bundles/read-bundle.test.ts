import t, { type Test } from "tap";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { describeBundle, readBundle } from "../../lib/bundles/index.js";
import { beginComputing } from "../fixtures/patience.js";

/** Folders in the layouts of sos, cilium-cli and must-gather: their sources are named in lib/bundles/kinds.ts. */

const PCAP = readFileSync(
  join(import.meta.dirname, "../../docs/example-runs/policy-drop/captures/node-b/node-b.nic.eth0.pcap"),
);

function makeFolder(t: Test, files: Readonly<Record<string, string | Buffer>>): string {
  const dir = t.testdir();
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

const LAYOUTS: readonly (readonly [
  string,
  Readonly<Record<string, string>>,
  Readonly<Record<string, number>>,
])[] = [
  [
    "a sosreport",
    {
      "sosreport-node-a/sos_commands/networking/ip_-s_-d_link": "1: lo",
      "sosreport-node-a/sos_commands/networking/ip_-d_address": "1: lo",
      "sosreport-node-a/sos_commands/networking/ip_route_show_table_all": "default via 10.0.0.1",
      "sosreport-node-a/sos_commands/networking/ip_-s_-s_neigh_show": "10.0.0.1 dev eth0",
      "sosreport-node-a/sos_commands/networking/bridge_-s_-s_-d_-t_fdb_show": "",
      "sosreport-node-a/sos_commands/firewall_tables/nft_-a_list_ruleset": "table ip filter {}",
    },
    { links: 2, routes: 1, neighbours: 1, "forwarding entries": 1, "firewall rules": 1 },
  ],
  [
    "a sysdump",
    {
      "k8s-nodes-20261129-101500.yaml": "items: []",
      "k8s-pods-20261129-101500.yaml": "items: []",
      "k8s-networkpolicies-20261129-101500.yaml": "items: []",
      "ciliumnetworkpolicies-20261129-101500.yaml": "items: []",
      "cilium-bugtool-cilium-x7k2p-20261129-101500.tar.gz": "",
    },
    { nodes: 1, pods: 1, "network policies": 2, "packed reports of nodes": 1 },
  ],
  [
    "a must-gather",
    {
      "must-gather.local.1/quay-io-sha256-1/cluster-scoped-resources/core/nodes/worker-0.yaml": "kind: Node",
      "must-gather.local.1/quay-io-sha256-1/namespaces/shop/networking.k8s.io/networkpolicies.yaml":
        "items: []",
      "must-gather.local.1/quay-io-sha256-1/network_logs/ovnk_database_store.tar.gz": "",
    },
    { nodes: 1, "network policies": 1, "network logs": 1 },
  ],
];

for (const [title, files, state] of LAYOUTS) {
  t.test(`${title}: what it is and has, with captures or without`, async (t) => {
    await t.rejects(readBundle(makeFolder(t, files)), {
      code: "EVIDENCE_INVALID",
      message: new RegExp(`it is ${title}, it is no run folder, and it has no capture in it$`),
      hint: new RegExp(`${Object.keys(state)[0] ?? ""}.*says nothing of any packet by itself`),
    });
    const bundle = await readBundle(makeFolder(t, { ...files, "later/node-b.eth0": PCAP }));
    t.match(bundle, { title, isCut: false, captures: [/later\/node-b\.eth0$/] });
    const read = title === "a sosreport" ? { links: 2, routes: 0, neighbours: 0 } : {};
    const left = Object.entries({ ...state, ...read }).filter(([, count]) => count > 0);
    t.strictSame(bundle.state, Object.fromEntries(left), "what is not followed");
    t.match(describeBundle(bundle), /^Judged by the one capture in .*were not followed/);
  });
}

t.test("captures are told by their bytes; a compressed one by its name as well", async (t) => {
  const dir = makeFolder(t, {
    "a.pcap": PCAP,
    "b.pcap.gz": gzipSync(PCAP),
    "logs.tar.gz": gzipSync("text"),
    "c.pcap": "text",
    "d.pcap": "",
  });
  const bundle = await readBundle(dir);
  t.strictSame(bundle.captures, [join(dir, "a.pcap"), join(dir, "b.pcap.gz")]);
  t.equal(
    describeBundle(bundle),
    "Judged by the 2 captures in a folder; there is nothing of the nodes' state in it that hopbook knows",
  );
  t.match(describeBundle({ ...bundle, isCut: true }), /; it has more files than were looked through$/);
});

t.test("no link is followed, and depth and number are bounded", async (t) => {
  const outside = makeFolder(t, { "secret.pcap": PCAP });
  const dir = join(outside, "given");
  mkdirSync(dir);
  symlinkSync(join(outside, "secret.pcap"), join(dir, "a.pcap"));
  symlinkSync(outside, join(dir, "up"));
  await t.rejects(readBundle(dir), { code: "EVIDENCE_INVALID" });
  const deep = join(dir, ...Array.from({ length: 30 }, () => "d"));
  mkdirSync(deep, { recursive: true });
  writeFileSync(join(deep, "e.pcap"), PCAP);
  await t.rejects(readBundle(dir), { message: /no capture in it, as far as it was looked through$/ });
  for (let index = 0; index <= 200; index++) writeFileSync(join(dir, `${index}.pcap`), PCAP.subarray(0, 24));
  await t.rejects(readBundle(dir), { message: /it has 201 captures in it, more than 200$/ });
});

t.test(
  "state texts: no link is followed, what is no such text is named, and sizes are bounded",
  async (t) => {
    const outside = makeFolder(t, { "ip-route.txt": "default via 10.0.0.1 dev eth0" });
    const dir = join(outside, "given");
    mkdirSync(join(dir, "node-a"), { recursive: true });
    writeFileSync(join(dir, "a.pcap"), PCAP);
    symlinkSync(join(outside, "ip-route.txt"), join(dir, "node-a/ip-route.txt"));
    writeFileSync(join(dir, "node-a/ip-link.txt"), "\u0000\u0001 what is this");
    writeFileSync(join(dir, "node-a/ip-addr.txt"), "");
    writeFileSync(join(dir, "node-a/nft.txt"), "table ip filter {}");
    truncateSync(join(dir, "node-a/ip-addr.txt"), 40 * 1024 * 1024);
    const bundle = await readBundle(dir);
    t.strictSame(bundle.known.records, []);
    t.strictSame(bundle.known.unread, ["node-a/ip-addr.txt", "node-a/ip-link.txt", "node-a/nft.txt"]);
    t.match(
      describeBundle(bundle),
      /node-a\/ip-addr.txt, node-a\/ip-link.txt, node-a\/nft.txt could not be understood$/,
    );
  },
);

t.test("what says nothing, and what another form of the same command told, is not missing", async (t) => {
  const dir = makeFolder(t, {
    "a.pcap": PCAP,
    "n/ip_-d_address": "2: eth0: <UP> mtu 1500\n    inet 10.0.0.1/8 scope global eth0\n",
    "n/ip_-o_addr": "2: eth0    inet 10.0.0.1/8 scope global eth0",
    "n/iptables-nft-save.md": "# iptables-nft-save\n\n```\n# Warning: legacy tables present\n\n```\n",
    "n/nft_list_ruleset": "table ip filter {}",
    "m/ip_-o_addr": "2: eth0    inet 10.0.0.2/8 scope global eth0",
  });
  t.strictSame((await readBundle(dir)).known.unread, ["m/ip_-o_addr", "n/nft_list_ruleset"]);
});

t.test("texts that were made to be slow are read in no time, or not at all", async (t) => {
  const dir = makeFolder(t, {
    "a.pcap": PCAP,
    "n/ip-addr.txt": `1: a: <UP> mtu 1500\n${"    inet 10.0.0.1/8 scope global a\n".repeat(50_000)}`,
    "n/ip-neigh.txt": "10.0.0.1 dev a lladdr 02:00:00:00:00:01\n".repeat(50_000),
    "n/ip-route.txt": `10.0.0.0/8\n${"\tnexthop via 10.0.0.1 dev a\n".repeat(50_000)}`,
    "n/ip-rule.txt": "```a\n".repeat(100_000),
    "n/sysctl.txt": "\n".repeat(500_000),
  });
  const computedMs = beginComputing();
  const { known } = await readBundle(dir);
  t.ok(computedMs() < 30_000);
  t.match(known.unread, ["n/ip-rule.txt"]);
  t.strictSame([...new Set(known.records.map(({ kind }) => kind))].sort(), [
    "addresses",
    "links",
    "neighbours",
    "routes",
  ]);
});

t.test("what cannot be read is told", async (t) => {
  await t.rejects(readBundle(join(t.testdir(), "none")), {
    code: "FILE_UNREADABLE",
    message: /none: there is no such file or folder/,
  });
});
