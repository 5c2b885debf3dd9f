import t from "tap";
import { listAsks } from "../../../lib/steps/dns/asking.js";
import { dnsLookup } from "../../../lib/steps/dns/dns-lookup.js";
import type { DnsAsk, DnsServer } from "../../../lib/traffic/index.js";
import { fakeContext, fakeNode, makeEnd, makeFlow, makePath } from "../samples.js";

const DNS = makeEnd("kube-system/dns", { node: "node-b", ip: "10.1.1.9", port: 53 });
const path = makePath(DNS);
const flows = [
  makeFlow({ id: "f0-dns-udp", path, probe: "dns-udp", protocol: "udp" }),
  makeFlow({ id: "f1-dns-tcp", path, probe: "dns-tcp", protocol: "tcp" }),
];
const servers: DnsServer[] = [
  {
    ip: "10.96.0.10",
    role: "nameserver",
    service: "kube-system/kube-dns",
    endpoints: ["10.1.1.9", "10.1.0.9"],
  },
];
const INPUT = { flows, names: ["web.shop", "web"], servers };
const ASKED = { ...INPUT, family: null };

t.test("who is asked from where, and for what", (t) => {
  const asks = listAsks(ASKED).map(({ from, node, server, role, transport, flowId, queries }) =>
    [from, node, server, role, transport, flowId, queries.length].join(" "),
  );
  t.strictSame(asks, [
    "pod node-a 10.1.1.9 endpoint udp f0-dns-udp 4",
    "pod node-a 10.1.1.9 endpoint tcp f1-dns-tcp 2",
    "pod node-a 10.96.0.10 nameserver udp  4",
    "pod node-a 10.96.0.10 nameserver tcp  2",
    "node node-b 10.1.1.9 endpoint udp  4",
  ]);
  t.strictSame(listAsks({ ...ASKED, flows: [] }), []);
  t.end();
});

t.test("one family's addresses are asked for alone, over TCP too", (t) => {
  for (const [family, type] of [
    [4, "A"],
    [6, "AAAA"],
  ] as const) {
    const asks = listAsks({ ...INPUT, family });
    t.equal(asks.length, 5);
    for (const { queries } of asks) {
      t.strictSame(queries, [
        { name: "web.shop", type },
        { name: "web", type },
      ]);
    }
  }
  t.end();
});

const SAID = `way bash
attempt 1 1795236656000001 40001 2000 reply 212281830001000000000000
attempt 2 1795236656000002 40002 3000 reply 212281830001000000000000
attempt 3 1795236656000003 40003 - none - 
attempt 4 1795236656000004 40004 1000 reply 212283800001000100000000
done
`;

t.test("each answer is that of its query, and only what was followed is traffic of the flows", async (t) => {
  const nodes = ["node-a", "node-b"].map((name) =>
    fakeNode(name, () => ({ stdout: Buffer.from(SAID), exitCode: 0 })),
  );
  const fake = fakeContext(nodes.map(({ access }) => access));
  const output = (await dnsLookup.run?.(INPUT, fake.context, {
    commands: [],
    outputs: { asks: [] },
    notes: [],
  })) as {
    asks: DnsAsk[];
  };
  const [udp] = output.asks;
  t.match(udp?.lookups, [
    { name: "web.shop", type: "A", said: "NXDOMAIN", outcome: "answered", tookMs: 2 },
    { name: "web.shop", type: "AAAA", said: "NXDOMAIN" },
    { name: "web", type: "A", outcome: "none", tookMs: null },
    { name: "web", type: "AAAA", said: "NOERROR", truncated: true, hasRecord: true },
  ]);
  t.match(fake.files.get("evidence/traffic.json"), {
    probes: [{ flowId: "f0-dns-udp" }, { flowId: "f1-dns-tcp" }],
  });
  t.equal((fake.files.get("evidence/traffic.json") as { probes: unknown[] }).probes.length, 2);
  t.equal((fake.files.get("evidence/dns/step.json") as { asks: unknown[] }).asks.length, 5);
  t.match(
    fake.notes.join("\n"),
    /10\.96\.0\.10 over UDP: web\.shop A NXDOMAIN 2\.0 ms; .*web A no answer; web AAAA NOERROR \(truncated\) 1\.0 ms/,
  );
  t.strictSame(fake.incomplete, []);
});
