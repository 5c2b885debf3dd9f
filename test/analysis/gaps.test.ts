import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { analyzeRun } from "../../lib/analysis/index.js";
import type { FlowFinding } from "../../lib/model/findings.js";
import { noCause } from "./helpers/judge.js";
import { CALICO, pings, writeRun, type SimOptions, type SimPacket } from "./helpers/run.js";

/** A capture that lost a part of what it had, in every place: it says less, and nothing that is false. */

function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 24; at + 16 <= file.length;) {
    const end = at + 16 + file.readUInt32LE(at + 8);
    records.push(file.subarray(at, end));
    at = end;
  }
  return records;
}

const kept = (file: Buffer, choose: (records: Buffer[]) => Buffer[]): Buffer =>
  Buffer.concat([file.subarray(0, 24), ...choose(recordsOf(file))]);

/** What is left of a file; null: nothing. */
const GAPS: Readonly<Record<string, (file: Buffer) => Buffer | null>> = {
  "the file is gone": () => null,
  "nothing was written": () => Buffer.alloc(0),
  "a header alone": (file) => file.subarray(0, 24),
  "cut within a record": (file) => file.subarray(0, 24 + Math.floor((file.length - 24) * 0.6) - 3),
  "cut between records": (file) => kept(file, (all) => all.slice(0, Math.ceil(all.length / 2))),
  "its beginning was overwritten": (file) => kept(file, (all) => all.slice(Math.floor(all.length / 2))),
  "a hole in it": (file) =>
    kept(file, (all) => all.filter((_, index) => index < all.length / 3 || index >= (2 * all.length) / 3)),
};

/** Connections of five packets each way, 1 s apart. */
const connections: readonly SimPacket[] = [1, 2, 3, 4].flatMap((number) => {
  const [atUs, clientPort] = [number * 1_000_000, 40_000 + number];
  const [first, last] = [1000 * number, 5000 * number];
  const request = (after: number, tcp: SimPacket["tcp"]): SimPacket => ({
    atUs: atUs + after,
    clientPort,
    tcp: tcp!,
  });
  const reply = (after: number, tcp: SimPacket["tcp"]): SimPacket => ({
    ...request(after, tcp),
    reply: true,
  });
  return [
    request(0, { seq: first, flags: "S" }),
    reply(500, { seq: last, ack: first + 1, flags: "S." }),
    request(1000, { seq: first + 1, ack: last + 1, flags: "." }),
    request(1500, { seq: first + 1, ack: last + 1, flags: "P.", payload: Buffer.from("question") }),
    reply(2000, { seq: last + 1, ack: first + 9, flags: "P.", payload: Buffer.from("answer") }),
    request(2500, { seq: first + 9, ack: last + 7, flags: "F." }),
    reply(3000, { seq: last + 7, ack: first + 10, flags: "F." }),
    request(3500, { seq: first + 10, ack: last + 8, flags: "." }),
  ];
});

const datagrams: readonly SimPacket[] = Array.from({ length: 8 }, (_, index) => ({
  atUs: index * 500_000,
  udp: Buffer.alloc(40, index + 1),
}));

const HEALTHY: Readonly<Record<string, SimOptions>> = {
  pings: { protocol: "icmp", packets: pings(8) },
  connections: { protocol: "tcp", packets: connections, probe: null },
  "one-way datagrams": { protocol: "udp", packets: datagrams, probe: null },
};

const at = ({ hops }: FlowFinding, ref: FlowFinding["verdict"]["lastSeen"]): number =>
  hops.findIndex(({ node, interface: name }) => node === ref?.node && name === ref.interface);

async function judgeWith(
  dir: string,
  hop: number,
  damage: (file: Buffer) => Buffer | null,
): Promise<FlowFinding> {
  const path = join(dir, `captures/${hop}.pcap`);
  const whole = readFileSync(path);
  const left = damage(whole);
  if (left === null) rmSync(path);
  else writeFileSync(path, left);
  const { flows } = await analyzeRun(dir, { findCause: noCause });
  writeFileSync(path, whole);
  return flows[0]!;
}

for (const [name, options] of Object.entries(HEALTHY))
  t.test(`${name} that all arrive, and one capture with a gap`, async (t) => {
    const dir = t.testdir();
    writeRun(dir, options);
    for (const [gap, damage] of Object.entries(GAPS))
      for (const hop of CALICO.keys()) {
        const { verdict } = await judgeWith(dir, hop, damage);
        const said = `${gap} at hop ${hop}: ${verdict.status} ${verdict.lost.packets}/${verdict.lost.of}: ${verdict.caveats.join("; ")}`;
        t.ok(["delivered", "inconclusive"].includes(verdict.status), said);
      }
  });

t.test("a loss between two hops, and one capture with a gap", async (t) => {
  const dir = t.testdir();
  const packets = pings(8, (seq, reply) => (seq % 2 === 0 ? {} : reply ? null : { reach: 4 }));
  writeRun(dir, { protocol: "icmp", packets });
  for (const [gap, damage] of Object.entries(GAPS))
    for (const hop of CALICO.keys()) {
      const flow = await judgeWith(dir, hop, damage);
      const { status, direction, lastSeen, firstMissing, lost } = flow.verdict;
      const [last, first] = [at(flow, lastSeen), at(flow, firstMissing)];
      const said = `${gap} at hop ${hop}: ${status} ${direction} ${last} > ${first}, ${lost.packets}/${lost.of}`;
      const isTrue = last <= 3 && first >= 4 && lost.packets <= 4;
      t.ok(status === "inconclusive" || (status === "lost" && direction === "request" && isTrue), said);
    }
});
