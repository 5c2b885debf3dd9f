import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { analyzePcaps, analyzeRun, type AnalyzePcapsOptions } from "../../../lib/analysis/index.js";
import type { FlowFinding } from "../../../lib/model/findings.js";
import { noCause } from "../helpers/judge.js";
import { ethernet, icmp, ip, pcap, udp } from "../helpers/packets.js";
import { CALICO, pings, SERVER, START_US, writeRun, type SimPacket } from "../helpers/run.js";

const dir = t.testdir();
const [A, B] = ["10.0.0.1", "10.0.0.2"];

function datagram(source: string, destination: string, [from, to]: readonly [number, number]): Buffer {
  return ip({ source, destination, protocol: 17, id: from + to }, udp(from, to, Buffer.from("what is said")));
}

/** Analyzes captures of one path, each the packets that it shows, a millisecond apart. */
async function analyze(
  files: readonly (readonly (Uint8Array | null)[])[],
  options: AnalyzePcapsOptions = {},
): Promise<readonly FlowFinding[]> {
  const paths = files.map((packets, file) => {
    const path = join(dir, `${file}.pcap`);
    const records = packets.flatMap((bytes, index) =>
      bytes === null ? [] : [{ timeUs: START_US + index * 1000 + file, bytes: ethernet(bytes) }],
    );
    writeFileSync(path, pcap(records));
    return path;
  });
  return (await analyzePcaps(paths, options)).flows;
}

const ends = ({ from, to }: FlowFinding): string => `${from.ip} > ${to.ip}:${to.port ?? ""}`;

t.test("what is sent to many and not answered is no flow to tell of, what is answered is", async (t) => {
  const own = datagram(A, B, [9000, 53]);
  for (const group of ["224.0.0.251", "239.255.255.250", "255.255.255.255", "0.0.0.0", "ff02::fb", "::"]) {
    const asks = datagram(group.includes(":") ? "fd00::1" : A, group, [9001, 5353]);
    t.strictSame((await analyze([[own, asks]])).map(ends), [`${A} > ${B}:53`], group);
  }
  for (const one of ["223.255.255.255", "240.0.0.1"])
    t.strictSame((await analyze([[datagram(A, one, [9001, 53])]])).map(ends), [`${A} > ${one}:53`]);
  const [asks, answers] = [datagram(A, "239.1.1.1", [9001, 53]), datagram("239.1.1.1", A, [53, 9001])];
  t.strictSame((await analyze([[asks, answers]])).map(ends), [`${A} > 239.1.1.1:53`]);
});

t.test("the flows of a port", async (t) => {
  const packets = [53, 123].map((port) => datagram(A, B, [9000, port]));
  t.strictSame((await analyze([packets], { port: 123 })).map(ends), [`${A} > ${B}:123`]);
  await t.rejects(analyze([packets], { port: 99 }), { message: /2 flows, and none that fits/ });
});

t.test("an error that shows beside a flow's way alone was sent by nobody knows which node", async (t) => {
  const asks = datagram(A, B, [9000, 53]);
  const error = ip(
    { source: "203.0.113.9", destination: A, protocol: 1 },
    icmp(3, 13, { payload: asks.subarray(0, 28) }),
  );
  const rejectedBy = async (...files: readonly (readonly (Uint8Array | null)[])[]): Promise<unknown> =>
    (await analyze(files))[0]?.verdict.rejectedBy;
  const who = { ip: "203.0.113.9", how: "ICMP communication administratively prohibited" };
  t.match(await rejectedBy([null, error], [asks], [asks]), { ...who, node: null });
  t.match(await rejectedBy([], [asks, error], [asks]), { ...who, node: "file 2" });
});

t.test("what shows at places of no path is not judged", async (t) => {
  const run = join(dir, "run");
  const bridge = { node: "node-b", role: "bridge", interface: "cni0" } as const;
  const beside = (hidden: readonly number[]): SimPacket => ({
    ...{ atUs: 5000, hidden, raw: datagram("10.9.9.9", SERVER, [9000, 53]) },
  });
  const others = async (hidden: readonly number[]): Promise<readonly string[]> => {
    writeRun(run, {
      protocol: "icmp",
      packets: [...pings(2, (_, reply) => (reply ? {} : { hidden: [8] })), beside(hidden)],
      hops: [...CALICO, bridge],
      requestHops: [0, 1, 2, 3, 4, 5, 6, 7],
      replyHops: [8, 6, 5, 4, 3, 2, 1, 0],
    });
    return (await analyzeRun(run, { findCause: noCause })).flows.slice(1).map(ends);
  };
  t.strictSame(await others([0, 1, 2, 3, 4, 5, 6, 7]), [], "a hop that only replies come through");
  t.strictSame(await others([0, 1, 2, 3, 4, 5, 6]), [`10.9.9.9 > ${SERVER}:53`]);
});
