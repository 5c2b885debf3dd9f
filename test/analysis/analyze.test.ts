import { appendFileSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { analyzeRun, analyzePcaps, followFlows, locateBreaks } from "../../lib/analysis/index.js";
import type { CauseInput } from "../../lib/model/cause.js";
import { interfaceBlock, packetBlock, sectionHeader } from "../packets/pcapng.js";
import { brief, noCause } from "./helpers/judge.js";
import { ethernet, icmp, ip, pcap, tcp, udp } from "./helpers/packets.js";
import {
  CALICO,
  CLIENT,
  pings,
  saveEvidence,
  SERVER,
  SERVICE,
  START_US,
  writeRun,
  type SimPacket,
} from "./helpers/run.js";

const lost = pings(3, (_, reply) => (reply ? null : { reach: 4 }));
const files = (dir: string): string[] => CALICO.map((_, index) => join(dir, `captures/${index}.pcap`));

t.test("a run folder's findings, and the cause's search with all that was left", async (t) => {
  const dir = t.testdir({ "notes.txt": "what a node said" });
  const outside = t.testdirName;
  writeRun(dir, { protocol: "icmp", packets: lost });
  const state = [
    {
      node: "node-a",
      netns: "host",
      kind: "fdb",
      phase: "after",
      argv: ["bridge"],
      exitCode: 0,
      file: "notes.txt",
      stderr: "",
    },
  ];
  saveEvidence(dir, "state.json", { state });
  saveEvidence(dir, "drops.json", {
    nodes: [{ node: "node-a", file: null, unavailable: "no tracefs", taiOffsetSec: 0 }],
  });
  let asked: CauseInput | undefined;
  const findings = await analyzeRun(dir, {
    findCause(input) {
      asked = input;
      return {
        cause: { code: "fdb-entry-missing", summary: "s", evidence: ["e"] },
        lookedAt: ["node-a: FDB"],
        caveats: ["a doubt"],
      };
    },
  });
  t.match(findings, {
    apiVersion: "hopbook.dev/v1",
    kind: "Findings",
    run: { id: "run-1", runbook: "trace-path", complete: true, incomplete: [] },
    checks: [],
  });
  const [flow] = findings.flows;
  t.equal(flow && brief(flow), "lost request 3 → 4 high");
  t.match(flow?.verdict, {
    cause: { code: "fdb-entry-missing" },
    lookedAt: ["node-a: FDB"],
    caveats: ["a doubt"],
  });
  t.match(asked, {
    status: "lost",
    direction: "request",
    lastSeen: { id: "3" },
    firstMissing: { id: "4" },
    lostCount: 3,
    drops: [{ node: "node-a" }],
    state,
  });
  t.match(asked?.lost[0], {
    seenAtSec: (START_US + 60) / 1e6,
    frameBytes: 14 + 20 + 8 + 8 + 14 + 84,
    ipBytes: 84,
    ref: { frame: 1 },
  });
  t.equal(asked?.readText("notes.txt"), "what a node said");
  t.equal(asked?.readText("none.txt"), undefined);
  for (const path of ["../x", "/etc/hosts", "a/../../x", "", "a\0b", "..\\x"])
    t.equal(asked?.readText(path), undefined, path);
  t.ok(outside);
  const own = await analyzeRun(dir);
  t.equal(own.flows[0]?.verdict.status, "lost", "with the search of its own");
});

t.test("the break alone, while a run goes on", async (t) => {
  const dir = t.testdir();
  writeRun(dir, { protocol: "icmp", packets: lost });
  rmSync(join(dir, "evidence/run.json"));
  t.same(await locateBreaks(dir), [
    {
      flowId: "f0",
      status: "lost",
      direction: "request",
      lastSeen: { node: "node-a", role: "nic", interface: "ens4" },
      firstMissing: { node: "node-b", role: "nic", interface: "ens4" },
    },
  ]);
  writeRun(dir, { protocol: "icmp", packets: pings(1) });
  t.match(await locateBreaks(dir), [{ status: "delivered", lastSeen: null, firstMissing: null }]);
  const [flow] = await followFlows(dir);
  t.match(flow, { id: "f0", verdict: { status: "delivered", cause: null } });
  t.ok((flow?.legs ?? []).length > 0, "with its legs, before the run is over");
});

t.test("what analysis cannot do without is an error that names the file", async (t) => {
  const dir = t.testdir();
  const cases: readonly [string, string, RegExp][] = [
    ["run.json", "{", /Cannot read evidence\/run\.json: .*JSON/],
    ["run.json", "[]", /run\.json: run is \[\], not an object/],
    ["run.json", '{"id": "x"}', /run lacks the key "runbook"/],
    [
      "run.json",
      '{"id":"x","runbook":"y","startedAt":"z","finishedAt":null,"cluster":"c","complete":1,"incomplete":[]}',
      /run\.complete is 1, not true or false/,
    ],
    ["flows.json", '{"flows": {}}', /flows\.flows is \{\}, not a list/],
    ["flows.json", '{"flows": [7]}', /flows\.flows\[0\] is 7, not an object/],
  ];
  for (const [name, content, message] of cases) {
    writeRun(dir, { protocol: "icmp", packets: lost });
    writeFileSync(join(dir, "evidence", name), content);
    await t.rejects(analyzeRun(dir), {
      code: "EVIDENCE_INVALID",
      message,
      where: { file: join(dir, "evidence", name) },
    });
  }
  const flow = writeRun(dir, { protocol: "icmp", packets: lost });
  const hop = flow.hops[0]!;
  const wrong: readonly [unknown, RegExp][] = [
    [{ ...flow, protocol: "sctp" }, /protocol is "sctp", not one of icmp, udp, tcp/],
    [{ ...flow, underlay: null }, /underlay is null, not an object/],
    [{ ...flow, from: { ...flow.from, port: "80" } }, /from\.port is "80", not a number or null/],
    [
      { ...flow, hops: [{ ...hop, pcap: "../../secret" }] },
      /hops\[0\]\.pcap is "\.\.\/\.\.\/secret", not a path that stays in the run folder/,
    ],
    [{ ...flow, hops: [{ ...hop, pcap: 3 }] }, /hops\[0\]\.pcap is 3, not a text/],
    [
      { ...flow, hops: [{ ...hop, encapsulation: { kind: "pigeon", outer: 4 } }] },
      /encapsulation\.kind is "pigeon", which is not known/,
    ],
    [
      { ...flow, hops: [{ ...hop, encapsulation: { kind: "vxlan", vni: 1, outer: 4 } }] },
      /encapsulation lacks the key "port"/,
    ],
    [
      { ...flow, hops: [{ ...hop, encapsulation: { kind: "vxlan", port: 4789, vni: 1, outer: 5 } }] },
      /outer is 5, not one of 4, 6/,
    ],
  ];
  for (const [value, message] of wrong) {
    saveEvidence(dir, "flows.json", { flows: [value] });
    await t.rejects(analyzeRun(dir), { code: "EVIDENCE_INVALID", message });
  }
  rmSync(join(dir, "evidence"), { recursive: true });
  await t.rejects(analyzeRun(dir), {
    code: "EVIDENCE_INVALID",
    message: /run\.json: it is no readable file/,
  });
});

t.test("more captures than are read at once are refused", async (t) => {
  const dir = t.testdir();
  const flow = writeRun(dir, { protocol: "icmp", packets: lost });
  const hops = Array.from({ length: 257 }, (_, at) => ({
    ...flow.hops[0]!,
    id: `h${at}`,
    pcap: `captures/h${at}.pcap`,
  }));
  for (const { pcap: path } of hops) writeFileSync(join(dir, path), pcap([]));
  saveEvidence(dir, "flows.json", { flows: [{ ...flow, hops }] });
  await t.rejects(analyzeRun(dir), { code: "EVIDENCE_INVALID", message: /257 captures: at most 256/ });
});

t.test("what it can do without makes the findings incomplete", async (t) => {
  const dir = t.testdir();
  const run = async (change: () => void): Promise<readonly string[]> => {
    writeRun(dir, { protocol: "icmp", packets: lost });
    for (const name of ["state.json", "drops.json"]) rmSync(join(dir, "evidence", name), { force: true });
    change();
    const findings = await analyzeRun(dir, { findCause: noCause });
    t.equal(findings.run.complete, findings.run.incomplete.length === 0);
    t.equal(findings.flows[0]?.verdict.status, "lost");
    return findings.run.incomplete;
  };
  const remove = (name: string) => () => rmSync(join(dir, "evidence", name));
  t.same(await run(() => undefined), []);
  t.match(await run(remove("captures.json")), [/captures\.json is missing/]);
  t.same(await run(remove("traffic.json")), []);
  for (const name of ["captures.json", "traffic.json", "state.json", "drops.json"])
    t.match(await run(() => writeFileSync(join(dir, "evidence", name), "{}")), [
      new RegExp(`Cannot read evidence/${name}`),
    ]);
  t.match(await run(() => rmSync(join(dir, "captures/5.pcap"))), [
    /Flow f0 has no capture at node-b vxlan\.calico: .*there is no such file/,
  ]);
  t.match(await run(() => truncateSync(join(dir, "captures/6.pcap"), 0)), [/the file is empty/]);
});

t.test("a truncated or damaged capture is read up to there", async (t) => {
  const dir = t.testdir();
  writeRun(dir, { protocol: "icmp", packets: pings(4) });
  const path = join(dir, "captures/5.pcap");
  const whole = readFileSync(path);
  truncateSync(path, whole.length - 10);
  const cut = (await analyzeRun(dir, { findCause: noCause })).flows[0]!;
  t.equal(brief(cut), "delivered - - → - medium");
  t.match(cut.verdict.caveats, [
    /^The capture at node-b vxlan\.calico is damaged: ends within a packet: 104 bytes/,
    /Silent hop/,
  ]);
  writeFileSync(path, whole);
  appendFileSync(path, Buffer.alloc(40, 0xff));
  const damaged = (await analyzeRun(dir, { findCause: noCause })).flows[0]!;
  t.match(damaged.verdict.caveats, [/is damaged: Cannot read record 9 of capture captures\/5\.pcap/]);
  writeRun(dir, { protocol: "icmp", packets: pings(4, (_, reply) => (reply ? null : {})) });
  const far = join(dir, "captures/7.pcap");
  truncateSync(far, 24 + 114 + 1);
  const tail = (await analyzeRun(dir, { findCause: noCause })).flows[0]!;
  t.equal(brief(tail), "unanswered - 7 → - medium", "what came after the damage is not judged");
  t.match(tail.verdict.caveats, [
    /damaged/,
    "3 request packets were not judged: a capture did not cover their time",
  ]);
  truncateSync(far, 24 + 7);
  const none = (await analyzeRun(dir, { findCause: noCause })).flows[0]!;
  t.equal(none.verdict.status, "inconclusive");
});

t.test("captures whose clocks say what no clock can", async (t) => {
  const bytes = ethernet(
    ip({ source: CLIENT, destination: SERVER, protocol: 1 }, icmp(8, 0, { id: 7, seq: 1 })),
  );
  for (const [units, startedAt] of [
    [0n, "1970-01-01T00:00:00.000Z"],
    [2n ** 64n - 1n, "9999-12-31T23:59:59.999Z"],
  ] as const) {
    const dir = t.testdir();
    const path = join(dir, "liar.pcapng");
    const blocks = [sectionHeader("LE"), interfaceBlock("LE", { linktype: 1 })];
    writeFileSync(path, Buffer.concat([...blocks, packetBlock("LE", { interface: 0, units, bytes })]));
    t.equal((await analyzePcaps([path])).run.startedAt, startedAt);
  }
});

t.test("bare captures of one path: the conversation is found", async (t) => {
  const dir = t.testdir();
  writeRun(dir, { protocol: "icmp", packets: lost });
  const findings = await analyzePcaps(files(dir));
  const [flow] = findings.flows;
  t.equal(flow && brief(flow), "lost request 3 → 4 medium");
  t.match(flow, {
    from: { ip: CLIENT, port: null },
    to: { ip: SERVER, port: null },
    protocol: "icmp",
    probe: null,
  });
  t.match(findings.run, { runbook: "analyze", startedAt: new Date(START_US / 1000).toISOString() });
  t.match(flow?.verdict.packets[0], { pcap: join(dir, "captures/3.pcap"), summary: /in VXLAN 4096$/ });
  await t.rejects(analyzePcaps([join(dir, "none.pcap")]), { code: "FILE_UNREADABLE" });
  const empty = join(dir, "empty.pcap");
  writeFileSync(empty, pcap([]));
  await t.rejects(analyzePcaps([empty]), { code: "USAGE", message: /no packet in them/ });
  const other = join(dir, "other.pcap");
  writeFileSync(other, pcap([{ timeUs: START_US, bytes: Buffer.alloc(60) }]));
  await t.rejects(analyzePcaps([other]), {
    code: "USAGE",
    message: /no conversation by .* in their 1 packets/,
  });
  t.equal(
    (await analyzePcaps([empty, ...files(dir)])).flows[0]?.verdict.status,
    "lost",
    "found in the second file",
  );
  const named = await analyzePcaps(files(dir), {
    from: CLIENT,
    to: SERVER,
  });
  t.equal(named.flows[0]?.verdict.status, "lost");
  await t.rejects(analyzePcaps(files(dir), { to: "10.0.0.1" }), { code: "USAGE" });
});

t.test("bare captures: a service's address on one side, its pod's on the other", async (t) => {
  const dir = t.testdir();
  const query = (atUs: number, rest: Partial<SimPacket> = {}): SimPacket => ({
    atUs,
    id: 5,
    udp: Buffer.from(`query ${atUs}`),
    ...rest,
  });
  const packets = [query(0), query(300, { reply: true }), query(1000), query(1300, { reply: true })];
  writeRun(dir, { protocol: "udp", packets, dnatAfter: 1 });
  const [flow] = (await analyzePcaps(files(dir))).flows;
  t.equal(flow && brief(flow), "delivered - - → - medium");
  t.match(flow?.to, { ip: SERVICE, port: 80 });
  t.same(
    flow?.hops.map((hop) => hop.request.packets),
    CALICO.map(() => 2),
  );
});

t.test("bare captures: which end began, by SYN, echo, or the lower port", async (t) => {
  const dir = t.testdir();
  const path = join(dir, "a.pcap");
  const A = "10.0.0.1";
  const B = "10.0.0.2";
  const from = async (...frames: Uint8Array[]): Promise<string> => {
    writeFileSync(
      path,
      pcap(frames.map((bytes, index) => ({ timeUs: START_US + index, bytes: ethernet(bytes) }))),
    );
    const { from: client, to } = (await analyzePcaps([path])).flows[0]!;
    return `${client.ip} → ${to.ip}:${to.port ?? ""}`;
  };
  const segment = (source: string, ports: readonly [number, number], flags: string): Buffer =>
    ip(
      { source, destination: source === A ? B : A, protocol: 6 },
      tcp({ sourcePort: ports[0], destinationPort: ports[1], seq: 1, flags }),
    );
  const datagram = (source: string, ports: readonly [number, number]): Buffer =>
    ip({ source, destination: source === A ? B : A, protocol: 17 }, udp(ports[0], ports[1], Buffer.alloc(4)));
  const echo = (source: string, type: number): Buffer =>
    ip({ source, destination: source === A ? B : A, protocol: 1 }, icmp(type, 0, { seq: 1 }));
  t.equal(await from(segment(A, [80, 9000], "S")), "10.0.0.1 → 10.0.0.2:9000");
  t.equal(await from(segment(A, [80, 9000], "S.")), "10.0.0.2 → 10.0.0.1:80");
  t.equal(await from(segment(A, [80, 9000], ".")), "10.0.0.2 → 10.0.0.1:80");
  t.equal(await from(segment(A, [9000, 80], ".")), "10.0.0.1 → 10.0.0.2:80");
  t.equal(await from(datagram(A, [9000, 53])), "10.0.0.1 → 10.0.0.2:53");
  t.equal(await from(datagram(A, [53, 9000]), datagram(B, [9000, 53])), "10.0.0.2 → 10.0.0.1:53");
  t.equal(await from(echo(A, 0), echo(B, 8)), "10.0.0.2 → 10.0.0.1:");
  t.equal(
    await from(echo(A, 3), echo(A, 8), datagram(B, [1, 2]), echo(A, 8)),
    "10.0.0.1 → 10.0.0.2:",
    "the one with more packets",
  );
  const six = (type: number): Buffer =>
    ip({ source: "fd00::1", destination: "fd00::2", protocol: 1 }, icmp(type, 0, { seq: 1 }));
  t.equal(await from(six(135), six(129)), "fd00::2 → fd00::1:");
  t.equal(await from(six(128)), "fd00::1 → fd00::2:");
  const damaged = Buffer.concat([
    pcap([{ timeUs: START_US, bytes: ethernet(echo(A, 8)) }]),
    Buffer.alloc(16, 0xff),
  ]);
  writeFileSync(path, damaged);
  t.match((await analyzePcaps([path])).flows[0]?.verdict.caveats, [/damaged/]);
});

t.test("more conversations than are told apart", async (t) => {
  const path = join(t.testdir(), "a.pcap");
  const frames = Array.from({ length: 10_100 }, (_, index) =>
    ethernet(
      ip(
        { source: "10.0.0.1", destination: `10.1.${index >> 8}.${index & 255}`, protocol: 17 },
        udp(9000, 53, Buffer.alloc(1)),
      ),
    ),
  );
  writeFileSync(
    path,
    pcap([...frames, frames[7]!].map((bytes, index) => ({ timeUs: START_US + index, bytes }))),
  );
  const [flow] = (await analyzePcaps([path])).flows;
  t.match(flow, { to: { ip: "10.1.0.7" }, hops: [{ request: { packets: 2 } }] });
});

t.test("links and devices in a folder from elsewhere are not followed", async (t) => {
  const dir = t.testdir({ secret: "not yours" });
  const run = join(dir, "run");
  writeRun(run, { protocol: "icmp", packets: lost });
  const path = join(run, "captures/5.pcap");
  rmSync(path);
  symlinkSync("../../secret", path);
  const linked = await analyzeRun(run, { findCause: noCause });
  t.match(linked.run.incomplete, [/captures\/5\.pcap: its path leads through a symbolic link/]);
  symlinkSync("../../secret", join(run, "evidence/link.txt"));
  let texts: (string | undefined)[] = [];
  await analyzeRun(run, {
    findCause(input) {
      texts = ["evidence/link.txt", "evidence/run.json/below", "evidence"].map((name) =>
        input.readText(name),
      );
      return { cause: null, lookedAt: [], caveats: [] };
    },
  });
  t.same(texts, [undefined, undefined, undefined]);
  await t.rejects(analyzePcaps(["/dev/zero"]), { code: "FILE_UNREADABLE", message: /not a regular file/ });
});

t.test("a cause's search hears of the other flows that ended at the same place", async (t) => {
  const dir = t.testdir();
  const flow = writeRun(dir, {
    protocol: "icmp",
    packets: pings(4, (seq, reply) => (reply ? null : { reach: seq === 4 ? 8 : 4 })),
  });
  saveEvidence(dir, "flows.json", {
    flows: [flow, { ...flow, id: "f1" }, { ...flow, id: "f2", protocol: "udp" }],
  });
  const seen: unknown[] = [];
  await analyzeRun(dir, {
    findCause(input) {
      seen.push(input);
      return { cause: null, lookedAt: [], caveats: [] };
    },
  });
  t.match(seen[0], {
    flow: { id: "f0" },
    alike: [{ flow: { id: "f1" }, lostCount: 3, smallestLostIpBytes: 84 }],
    largestPassedIpBytes: 84,
  });
  t.match(seen[2], { status: "inconclusive", alike: [], largestPassedIpBytes: null });

  const many = writeRun(dir, {
    protocol: "icmp",
    packets: pings(70, (_, reply) => (reply ? null : { reach: 4 })),
    captures: { 4: { stoppedAtSec: START_US / 1e6 + 900 } },
  });
  const hops = many.hops.map((hop) => ({ ...hop, mtuBytes: null }));
  const near = { ...many, id: "f2", hops: hops.slice(0, 4) };
  saveEvidence(dir, "flows.json", { flows: [near, { ...many, id: "f1" }, { ...many, hops }] });
  seen.length = 0;
  await analyzeRun(dir, {
    findCause(input) {
      seen.push(input);
      return { cause: null, lookedAt: [], caveats: [] };
    },
  });
  t.match(seen[1], {
    alike: [{ flow: { id: "f2" } }, { flow: { id: "f0" }, lostCount: 70, smallestLostIpBytes: null }],
  });
  t.match(seen[1], { largestPassedIpBytes: null });
  const few = writeRun(dir, {
    protocol: "icmp",
    packets: pings(3, (seq, reply) => (reply ? null : { reach: seq === 1 ? 8 : 4 })),
  });
  const bare = few.hops.map((hop) => ({ ...hop, mtuBytes: null }));
  saveEvidence(dir, "flows.json", {
    flows: [
      { ...few, hops: bare },
      { ...few, id: "f1", hops: few.hops.slice(0, 3) },
    ],
  });
  seen.length = 0;
  await analyzeRun(dir, {
    findCause(input) {
      seen.push(input);
      return { cause: null, lookedAt: [], caveats: [] };
    },
  });
  t.match(seen[0], { largestPassedIpBytes: 84 });
});

t.test("a state record of a pod's namespace, and one of nowhere", async (t) => {
  const dir = t.testdir();
  writeRun(dir, { protocol: "icmp", packets: lost });
  const record = {
    node: "node-a",
    kind: "fdb",
    phase: "after",
    argv: ["bridge"],
    exitCode: 0,
    file: "a.txt",
    stderr: "",
  };
  saveEvidence(dir, "state.json", { state: [{ ...record, netns: { pod: "shop/web" } }] });
  t.same((await analyzeRun(dir, { findCause: noCause })).run.incomplete, []);
  saveEvidence(dir, "state.json", { state: [{ ...record, netns: 7 }] });
  t.match((await analyzeRun(dir, { findCause: noCause })).run.incomplete, [/netns/]);
});
