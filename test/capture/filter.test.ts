import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { bytesOf } from "../../lib/capture/addresses.js";
import { buildFilter, MAX_FILTER_CHARS } from "../../lib/capture/filter.js";
import { HopbookError } from "../../lib/errors.js";
import type { End } from "../../lib/model/cluster.js";
import type { FlowAddress } from "../../lib/model/evidence.js";
import type { Protocol } from "../../lib/model/traffic.js";
import type { HopRole } from "../../lib/model/roles.js";
import type { Encapsulation, Flow, Hop } from "../../lib/model/hops.js";
import { wireOf } from "../../lib/wire/registry.js";
import { ethernet, framesOf, icmp, ip, markOf, pcap, tcp, udp, vxlan, type Ip } from "./packets.js";
import { fc } from "../fixtures/property.js";

const haveTcpdump = spawnSync("tcpdump", ["--version"]).status === 0;
const real = haveTcpdump ? {} : { skip: "this machine has no tcpdump" };

const end = (addresses: readonly FlowAddress[]): End => ({
  ...{
    kind: "pod",
    text: "x",
    pod: "x/y",
    node: "node-a",
    ip: addresses[0]?.ip ?? "",
    port: null,
    addresses,
  },
  ...{ netns: { kind: "host" }, hostNetwork: false, cniHostInterfaces: [] },
});

interface Case {
  readonly encapsulation?: Encapsulation;
  readonly protocol?: Protocol;
  readonly role?: HopRole;
  readonly from?: readonly FlowAddress[];
  readonly to?: readonly FlowAddress[];
  readonly underlay?: readonly string[];
  readonly interface?: string;
}

const makeHop = (c: Case): Hop => ({
  ...{
    index: 0,
    id: "node-a.nic.eth0",
    node: "node-a",
    role: c.role ?? "nic",
    interface: c.interface ?? "eth0",
  },
  ...{
    netns: { kind: "host" },
    mtuBytes: 1500,
    encapsulation: c.encapsulation ?? { kind: "none" },
    evidence: [],
  },
});

const makeFlow = (c: Case): Flow => ({
  id: "f0",
  protocol: c.protocol ?? "tcp",
  probe: null,
  path: {
    ...{ from: end(c.from ?? A[4]), to: end(c.to ?? B[4]), recipe: "r", hops: [makeHop(c)], replyHops: null },
    underlay: Object.fromEntries(
      (c.underlay ?? []).map((address, i) => [`n${i}`, { ip: address, interface: "e" }]),
    ),
    ...{ tunnels: {}, notes: [] },
  },
});

const filterOf = (c: Case, ssh: string | null = null): string =>
  buildFilter(makeHop(c), [makeFlow(c)], { sshConnection: ssh });

const A = { 4: [{ ip: "10.1.0.5", port: null }], 6: [{ ip: "fd00:1::5", port: null }] };
const B = {
  4: [
    { ip: "10.96.0.9", port: 80 },
    { ip: "10.1.1.7", port: 8080 },
  ],
  6: [
    { ip: "fd00:96::9", port: 80 },
    { ip: "fd00:1:1::7", port: 8080 },
  ],
};
const stranger = { 4: "10.1.0.99", 6: "fd00:1::99" };
const number = { 4: { icmp: 1, udp: 17, tcp: 6 }, 6: { icmp: 58, udp: 17, tcp: 6 } };
const folder = mkdtempSync(join(tmpdir(), "hopbook-filter-"));
let files = 0;
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

/** Which of the named frames the real tcpdump lets through. */
function passing(filter: string, frames: Readonly<Record<string, Buffer>>): string[] {
  const names = Object.keys(frames);
  const file = join(folder, `${files++}.pcap`);
  const marked = Object.values(frames).map((frame, index) => {
    const copy = Buffer.from(frame);
    copy.writeUInt16BE(index, 10);
    return copy;
  });
  writeFileSync(file, pcap(marked));
  const out = execFileSync("tcpdump", ["-r", file, "-w", "-", "--", filter], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  return framesOf(out).map((frame) => names[markOf(frame)] ?? "?");
}

const encapsulations: readonly Encapsulation[] = [
  { kind: "none" },
  { kind: "vxlan", port: 4789, vni: 4096, outer: 4 },
  { kind: "vxlan", port: 8472, vni: 1, outer: 6 },
];

/** The frame as it is at the hop: bare, or in VXLAN. */
function wrap(
  encapsulation: Encapsulation,
  packet: Buffer,
  change: Partial<{ port: number; vni: number; optionWords: number }> = {},
): Buffer {
  const wire = wireOf(encapsulation);
  if (wire === null) return ethernet(packet);
  const { port = 0, vni = 0, outer } = { ...wire.worn, ...change };
  const [src, dst] = outer === 4 ? ["10.77.0.11", "10.77.0.12"] : ["fd77::11", "fd77::12"];
  const body = udp(50_000, port, vxlan(vni, ethernet(packet)));
  return ethernet(
    ip({ src, dst, protocol: 17, body, ...(change.optionWords ? { optionWords: change.optionWords } : {}) }),
  );
}

function frames(
  encapsulation: Encapsulation,
  family: 4 | 6,
  protocol: Protocol,
): { yes: Record<string, Buffer>; no: Record<string, Buffer> } {
  const a = A[family][0]?.ip ?? "";
  const [service, pod] = [B[family][0]?.ip ?? "", B[family][1]?.ip ?? ""];
  const other = stranger[family];
  const p = number[family][protocol];
  const echo =
    family === 4
      ? { request: 8, reply: 0, error: 3, exceeded: 11 }
      : { request: 128, reply: 129, error: 1, exceeded: 3 };
  const there = (port: number): Buffer =>
    protocol === "icmp" ? icmp(echo.request) : protocol === "tcp" ? tcp(40_000, port) : udp(40_000, port);
  const back = (port: number): Buffer =>
    protocol === "icmp" ? icmp(echo.reply) : protocol === "tcp" ? tcp(port, 40_000) : udp(port, 40_000);
  const w = (packet: Ip): Buffer => wrap(encapsulation, ip(packet));
  const quoted = ip({ src: a, dst: pod, protocol: p, body: there(8080) });
  const strange = ip({ src: a, dst: other, protocol: p, body: there(8080) });
  const icmpNumber = number[family].icmp;
  const later = Buffer.alloc(24, 0xee);
  const yes: Record<string, Buffer> = {
    "request to the service": w({ src: a, dst: service, protocol: p, body: there(80) }),
    "request to the pod": w({ src: a, dst: pod, protocol: p, body: there(8080) }),
    "reply of the pod": w({ src: pod, dst: a, protocol: p, body: back(8080) }),
    "reply of the service": w({ src: service, dst: a, protocol: p, body: back(80) }),
    "first fragment": w({ src: a, dst: pod, protocol: p, body: there(8080), moreFragments: true }),
    "later fragment": w({ src: a, dst: pod, protocol: p, body: later, fragmentOffset: 90 }),
    "later fragment back": w({
      src: pod,
      dst: a,
      protocol: p,
      body: later,
      fragmentOffset: 90,
      moreFragments: true,
    }),
    "error from a router": w({ src: other, dst: a, protocol: icmpNumber, body: icmp(echo.error, quoted) }),
    "time exceeded": w({ src: other, dst: a, protocol: icmpNumber, body: icmp(echo.exceeded, quoted) }),
    "error for a reply": w({
      ...{ src: other, dst: pod, protocol: icmpNumber },
      body: icmp(echo.error, ip({ src: pod, dst: a, protocol: p, body: back(8080) })),
    }),
  };
  if (family === 4) {
    yes["request with options"] = w({ src: a, dst: pod, protocol: p, body: there(8080), optionWords: 3 });
    yes["error with options, quoting options"] = w({
      ...{ src: other, dst: a, protocol: icmpNumber, optionWords: 2 },
      body: icmp(echo.error, ip({ src: a, dst: pod, protocol: p, body: there(8080), optionWords: 1 })),
    });
  }
  if (encapsulation.kind === "vxlan" && encapsulation.outer === 4) {
    yes["outer options"] = wrap(encapsulation, ip({ src: a, dst: pod, protocol: p, body: there(8080) }), {
      optionWords: 2,
    });
  }
  const wrongProtocol = protocol === "udp" ? 6 : 17;
  const no: Record<string, Buffer> = {
    "another source": w({ src: other, dst: pod, protocol: p, body: there(8080) }),
    "another destination": w({ src: a, dst: other, protocol: p, body: there(8080) }),
    "another protocol": w({
      src: a,
      dst: pod,
      protocol: wrongProtocol,
      body: wrongProtocol === 6 ? tcp(40_000, 8080) : udp(40_000, 8080),
    }),
    "between the far ends": w({ src: service, dst: pod, protocol: p, body: there(8080) }),
    "an error that quotes another": w({
      src: other,
      dst: a,
      protocol: icmpNumber,
      body: icmp(echo.error, strange),
    }),
    "an error towards another": w({
      src: pod,
      dst: other,
      protocol: icmpNumber,
      body: icmp(echo.error, quoted),
    }),
    "a later fragment of another": w({ src: a, dst: other, protocol: p, body: later, fragmentOffset: 90 }),
    "a later fragment of another protocol": w({
      src: a,
      dst: pod,
      protocol: wrongProtocol,
      body: later,
      fragmentOffset: 90,
    }),
  };
  if (protocol === "icmp") {
    no["neither echo nor error"] = w({ src: a, dst: pod, protocol: p, body: icmp(family === 4 ? 13 : 135) });
  } else {
    no["the service's port at the pod"] = w({ src: a, dst: pod, protocol: p, body: there(80) });
    no["the pod's port at the service"] = w({ src: a, dst: service, protocol: p, body: there(8080) });
    no["the port on the wrong side"] = w({ src: a, dst: pod, protocol: p, body: back(8080) });
    no["first fragment of another port"] = w({
      src: a,
      dst: pod,
      protocol: p,
      body: there(81),
      moreFragments: true,
    });
    no["an error that quotes another port"] = w({
      ...{ src: other, dst: a, protocol: icmpNumber },
      body: icmp(echo.error, ip({ src: a, dst: pod, protocol: p, body: there(8081) })),
    });
  }
  if (encapsulation.kind === "vxlan") {
    const packet = ip({ src: a, dst: pod, protocol: p, body: there(8080) });
    no["another VNI"] = wrap(encapsulation, packet, { vni: 77 });
    no["another tunnel port"] = wrap(encapsulation, packet, { port: 4790 });
    no["without the tunnel"] = ethernet(packet);
  } else {
    no["inside a tunnel"] = wrap(
      { kind: "vxlan", port: 4789, vni: 4096, outer: 4 },
      ip({ src: a, dst: pod, protocol: p, body: there(8080) }),
    );
  }
  return { yes, no };
}

t.test(
  "where packets are sealed, what is sealed between the nodes is taken besides what is not",
  real,
  async (t) => {
    const peers = { 4: ["10.77.0.11", "10.77.0.12"], 6: ["fd77::11", "fd77::12"] } as const;
    for (const outer of [4, 6] as const) {
      const [src, dst] = peers[outer];
      const sealedIn = (protocol: number, body: Buffer, to: string = dst): Buffer =>
        ethernet(ip({ src, dst: to, protocol, body }));
      const yes = {
        bare: ethernet(ip({ src: "10.1.0.5", dst: "10.1.1.7", protocol: 6, body: tcp(40_000, 8080) })),
        wireguard: sealedIn(17, udp(51_820, 51_820)),
      };
      const no = {
        "another port": sealedIn(17, udp(40_000, 8080)),
        "another node": sealedIn(17, udp(51_820, 51_820), outer === 4 ? "10.77.0.13" : "fd77::13"),
        esp: sealedIn(50, Buffer.alloc(40)),
      };
      const underlay = peers[outer];
      const filter = filterOf({ encapsulation: { kind: "wireguard", outer }, underlay });
      t.strictSame(passing(filter, { ...yes, ...no }), Object.keys(yes));
      const esp = { esp: no.esp, natted: sealedIn(17, udp(4500, 4500)) };
      const other = filterOf({ encapsulation: { kind: "esp", outer }, underlay });
      t.strictSame(passing(other, { ...esp, ...yes }), ["esp", "natted", "bare"]);
    }
    const alone = filterOf({ encapsulation: { kind: "wireguard", outer: 4 }, underlay: ["10.77.0.11"] });
    t.equal(alone, filterOf({}), "between two nodes, or not at all");
  },
);

t.test("every filter lets its flow through and nothing else", real, async (t) => {
  for (const encapsulation of encapsulations) {
    for (const family of [4, 6] as const) {
      for (const protocol of ["icmp", "udp", "tcp"] as const) {
        const outer = "outer" in encapsulation ? ` in IPv${encapsulation.outer}` : "";
        const name = `${encapsulation.kind}${outer}, IPv${family}, ${protocol}`;
        const to =
          protocol === "icmp" ? B[family].map(({ ip: address }) => ({ ip: address, port: null })) : B[family];
        const { yes, no } = frames(encapsulation, family, protocol);
        const filter = filterOf({ encapsulation, protocol, from: A[family], to });
        execFileSync("tcpdump", ["-y", "EN10MB", "-d", "--", filter], { stdio: "ignore" });
        t.same(passing(filter, { ...yes, ...no }), Object.keys(yes), name);
      }
    }
  }
});

t.test("outer fragments of the tunnel between the path's nodes are kept", real, async (t) => {
  for (const [outer, nodes] of [
    [4, ["10.77.0.11", "10.77.0.12"]],
    [6, ["fd77::11", "fd77::12"]],
  ] as const) {
    const [src, dst] = nodes;
    const encapsulation: Encapsulation = { kind: "vxlan", port: 4789, vni: 1, outer };
    const later = { protocol: 17, body: Buffer.alloc(40, 7), fragmentOffset: 100 };
    const sample = {
      between: ethernet(ip({ src, dst, ...later })),
      back: ethernet(ip({ src: dst, dst: src, ...later })),
      elsewhere: ethernet(ip({ src, dst: stranger[outer], ...later })),
      whole: ethernet(ip({ src, dst, protocol: 17, body: udp(1, 4789) })),
    };
    t.same(passing(filterOf({ encapsulation, underlay: nodes }), sample), ["between", "back"]);
    t.same(passing(filterOf({ encapsulation, underlay: [src] }), sample), [], "one node alone names no pair");
  }
});

t.test("the login's own connection is left out at NICs only", real, async (t) => {
  const ssh = "192.0.2.1 51000 10.1.1.7 22";
  const c: Case = { from: [{ ip: "192.0.2.1", port: null }], to: [{ ip: "10.1.1.7", port: null }] };
  const packet = (src: string, dst: string, body: Buffer): Buffer =>
    ethernet(ip({ src, dst, protocol: 6, body }));
  const sample = {
    "login in": packet("192.0.2.1", "10.1.1.7", tcp(51_000, 22)),
    "login out": packet("10.1.1.7", "192.0.2.1", tcp(22, 51_000)),
    "another login": packet("192.0.2.1", "10.1.1.7", tcp(51_001, 22)),
  };
  t.same(passing(filterOf(c, ssh), sample), ["another login"]);
  t.same(passing(filterOf(c), sample), Object.keys(sample));
  t.same(passing(filterOf({ ...c, role: "host-veth" }, ssh), sample), Object.keys(sample));
  const linkLocal: Case = { from: [{ ip: "fe80::1", port: null }], to: [{ ip: "fe80::2", port: null }] };
  t.match(filterOf(linkLocal, "fe80::1%eth0 5 fe80::2%eth0 22"), /src host fe80::1 and src port 5/);
  t.equal(
    filterOf(c, "192.0.2.1 51000 10.1.1.8 22"),
    filterOf(c),
    "no end is the login's: its port is not named",
  );
  const shapes = [
    "",
    "a b c d",
    "10.0.0.1 1 fd00::1 2",
    "10.0.0.1 1 10.0.0.2 2 3",
    "10.0.0.1 x 10.0.0.2 2",
    "10.0.0.1 1 10.0.0.2 70000",
  ];
  for (const shape of shapes)
    t.throws(() => filterOf(c, shape), { code: "INPUT_INVALID" }, JSON.stringify(shape));
});

t.test("flows that share a hop are joined, equal ones said once", async (t) => {
  const one = makeFlow({ protocol: "icmp" });
  const hop = makeHop({});
  const options = { sshConnection: null };
  t.equal(buildFilter(hop, [one, { ...one, id: "f1" }], options), buildFilter(hop, [one], options));
  const joined = buildFilter(hop, [one, makeFlow({ protocol: "tcp" })], options);
  t.ok(joined.includes(") or ("));
  t.ok(joined.startsWith("("));
  const mixed = filterOf({ from: [...A[4], ...A[6]], to: [...B[4], ...B[6]] });
  t.match(mixed, /\(ip and .*\(ip6 and /, "both families");
});

t.test(
  "several backends of a Service over IPv6, in two protocols, are one filter of each",
  real,
  async (t) => {
    const encapsulation: Encapsulation = { kind: "vxlan", port: 4789, vni: 4096, outer: 6 };
    const backends = ["fd00:1:1::7", "fd00:1:1::8", "fd00:1:2::9"];
    const flows = backends.flatMap((backend) =>
      (["tcp", "icmp"] as const).map((protocol) => {
        const port = protocol === "tcp" ? 8080 : null;
        const to = [
          { ip: "fd00:96::9", port: port === null ? null : 80 },
          { ip: backend, port },
        ];
        return makeFlow({ encapsulation, protocol, from: A[6], to });
      }),
    );
    const filter = buildFilter(makeHop({ encapsulation }), flows, { sshConnection: null });
    const packet = (dst: string, port: number): Buffer =>
      wrap(encapsulation, ip({ src: "fd00:1::5", dst, protocol: 6, body: tcp(777, port) }));
    const yes = Object.fromEntries(backends.map((backend) => [backend, packet(backend, 8080)]));
    const no = { stranger: packet("fd00:1:1::99", 8080), "another port": packet(backends[0]!, 8081) };
    t.same(passing(filter, { ...yes, ...no }), backends);
  },
);

t.test("ports of both ends are matched", real, async (t) => {
  const filter = filterOf({
    from: [{ ip: "10.1.0.5", port: 777 }],
    to: [{ ip: "10.1.1.7", port: 53 }],
    protocol: "udp",
  });
  const packet = (body: Buffer): Buffer =>
    ethernet(ip({ src: "10.1.0.5", dst: "10.1.1.7", protocol: 17, body }));
  t.same(passing(filter, { ours: packet(udp(777, 53)), "another source port": packet(udp(778, 53)) }), [
    "ours",
  ]);
});

t.test("what cannot stand in a filter is refused", async (t) => {
  const invalid = { code: "INPUT_INVALID" };
  for (const address of ["10.0.0.1; reboot", "", "10.0.0.256", "-w/etc/passwd", "fe80::1%eth0"]) {
    t.throws(() => filterOf({ to: [{ ip: address, port: 80 }] }), invalid, address);
  }
  for (const port of [0, -1, 65_536, 1.5, NaN])
    t.throws(() => filterOf({ to: [{ ip: "10.0.0.1", port }] }), invalid);
  for (const name of ["-w", "any", "a b", "eth0;id", "", "sixteen-letters-", "a/b", "é"]) {
    t.throws(() => filterOf({ interface: name }), invalid, name);
  }
  for (const name of ["eth0", "vxlan.calico", "cali0123456789a", "0123456789abcde", "eth0.100", "veth_1-a"]) {
    t.doesNotThrow(() => filterOf({ interface: name }), name);
  }
  t.throws(() => filterOf({ from: A[4], to: B[6] }), invalid, "no common family");
  t.throws(() => buildFilter(makeHop({}), [], { sshConnection: null }), invalid, "no flow");
  const many = Array.from({ length: 400 }, (_, i) => ({ ip: `10.9.${i >> 8}.${i & 255}`, port: 80 }));
  t.throws(() => filterOf({ to: many }), { ...invalid, message: new RegExp(`at most ${MAX_FILTER_CHARS}`) });
});

t.test("the longest filter still compiles within the kernel's limit", real, async (t) => {
  for (const encapsulation of encapsulations) {
    let count = 90;
    let filter = "";
    while (filter === "") {
      const to = Array.from({ length: count }, (_, i) => ({ ip: `10.9.${i}.1`, port: 80 }));
      try {
        filter = filterOf({ encapsulation, to });
      } catch (error) {
        t.ok(error instanceof HopbookError);
        count--;
      }
    }
    const program = execFileSync("tcpdump", ["-y", "EN10MB", "-ddd", "--", filter], { encoding: "utf8" });
    const instructions = Number(program.split("\n")[0]);
    t.ok(instructions < 4096 && count > 20, `${count} addresses are ${instructions} instructions`);
  }
});

t.test("addresses keep their bytes", async (t) => {
  t.same(bytesOf("10.77.0.255"), [10, 77, 0, 255]);
  t.same(bytesOf("::"), new Array(16).fill(0));
  t.same(bytesOf("::ffff:10.0.0.1").slice(10), [255, 255, 10, 0, 0, 1]);
  t.same(bytesOf("1:2:3:4:5:6:7:8").slice(0, 4), [0, 1, 0, 2]);
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const hex =
        Buffer.from(bytesOf(text))
          .toString("hex")
          .match(/.{4}/g)
          ?.map((g) => parseInt(g, 16).toString(16)) ?? [];
      const url = new URL(`http://[${text}]/`).hostname;
      return new URL(`http://[${hex.join(":")}]/`).hostname === url;
    }),
  );
});
