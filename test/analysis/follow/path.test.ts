import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { analyzeRun } from "../../../lib/analysis/analyze.js";
import type { FlowFinding } from "../../../lib/model/findings.js";
import { brief, noCause } from "../helpers/judge.js";
import { CALICO, writeRun, type SimOptions, type SimPacket } from "../helpers/run.js";
import { fc, inDepth } from "../../fixtures/property.js";

/**
 * Random conversations along a simulated path with routing, translation, a tunnel, segmentation and clock
 * error, broken at a known hop: the verdict has to name that hop.
 */

const LAST = CALICO.length;

async function judgeIn(dir: string, options: SimOptions): Promise<FlowFinding> {
  writeRun(dir, options);
  return (await analyzeRun(dir, { findCause: noCause })).flows[0]!;
}

async function withFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "analysis-"));
  try {
    await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const world = fc.record({
  dnatAfter: fc.option(fc.nat(2), { nil: undefined }),
  ahead: fc.constantFrom(-40_000_000, -800, 0, 0, 0, 1500, 3_600_000_000),
  v6: fc.boolean(),
  snaplenBytes: fc.constantFrom(262_144, 262_144, 192, 128),
});
const worldOf = ({
  dnatAfter,
  ahead,
  ...rest
}: {
  dnatAfter: number | undefined;
  ahead: number;
  v6: boolean;
  snaplenBytes: number;
}) => ({
  ...rest,
  ...(dnatAfter === undefined ? {} : { dnatAfter }),
  aheadUs: { "node-b": ahead },
});
/** Gaps between packets: bursts and pauses. */
const gap = fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1000, max: 900_000 }));

t.test("datagrams: the hop at which they are lost, the number lost, however alike they are", async () => {
  const datagram = fc.record({
    gap,
    payload: fc.constantFrom("a", "a", "bb", "a longer one, more than is hashed of it"),
    lost: fc.boolean(),
  });
  const property = fc.asyncProperty(
    fc.array(datagram, { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 1, max: LAST - 1 }),
    world,
    async (list, reach, shape) => {
      await withFolder(async (dir) => {
        let atUs = 0;
        const packets = list.map(({ gap: pause, payload, lost }, index): SimPacket => {
          atUs += pause;
          return { atUs, id: shape.v6 ? 0 : index, udp: Buffer.from(payload), ...(lost ? { reach } : {}) };
        });
        // One answer that goes all the way ties the clocks together.
        packets.push({ atUs: atUs + 500, reply: true, id: 999, udp: Buffer.from("an answer") });
        const found = await judgeIn(dir, { protocol: "udp", packets, ...worldOf(shape) });
        const lost = list.filter((one) => one.lost).length;
        const { status, lost: said } = found.verdict;
        if (lost === 0) {
          if (brief(found) !== "delivered - - → - high") throw new Error(`Healthy, but ${brief(found)}`);
          return;
        }
        if (lost === list.length) {
          // All lost and yet answered: somebody got one of them, though no hop behind shows it.
          if (said.packets !== lost - 1) throw new Error(`${said.packets} lost, not ${lost - 1}`);
          return;
        }
        const place = `lost request ${reach - 1} → ${reach} `;
        if (!brief(found).startsWith(place) || said.packets !== lost || said.of !== list.length)
          throw new Error(`${status} ${JSON.stringify(said)} ${brief(found)}, not ${place} ${lost}`);
      });
    },
  );
  await fc.assert(property, { numRuns: inDepth(25, 60) });
});

t.test("TCP: segments cut differently at each hop, lost for good or sent again", async () => {
  const segment = fc.record({
    gap,
    bytes: fc.integer({ min: 1, max: 6000 }),
    fate: fc.constantFrom("fine", "fine", "fine", "again", "lost"),
  });
  const property = fc.asyncProperty(
    fc.array(segment, { minLength: 1, maxLength: 25 }),
    fc.integer({ min: 1, max: LAST - 1 }),
    fc.record({ wire: fc.integer({ min: 200, max: 1400 }), isn: fc.constantFrom(1, 0xfffff000, 0x7ffffff0) }),
    world,
    async (list, reach, { wire, isn }, shape) => {
      await withFolder(async (dir) => {
        const packets: SimPacket[] = [
          { atUs: 0, tcp: { seq: 50, flags: "S", timestamp: 1 } },
          { atUs: 300, reply: true, tcp: { seq: isn, ack: 51, flags: "S.", timestamp: 1 } },
        ];
        let [atUs, seq] = [1000, isn + 1];
        for (const [index, { gap: pause, bytes, fate }] of list.entries()) {
          atUs += pause;
          const payload = Buffer.alloc(bytes, index);
          const data: SimPacket = {
            atUs,
            reply: true,
            tcp: { seq, ack: 51, payload, timestamp: 10 + index },
          };
          packets.push(fate === "fine" ? data : { ...data, reach });
          if (fate === "again")
            packets.push({ ...data, atUs: atUs + 250_000, tcp: { ...data.tcp!, timestamp: 1000 + index } });
          seq += bytes;
        }
        const found = await judgeIn(dir, {
          protocol: "tcp",
          packets,
          pieces: { 3: wire, 4: wire },
          ...worldOf(shape),
        });
        // A transmission that was lost is lost, whether it was repeated or not.
        const lost = list.some(({ fate }) => fate !== "fine");
        const place = lost
          ? `lost reply ${LAST - reach} → ${LAST - reach - 1} high`
          : "delivered - - → - high";
        if (brief(found) !== place)
          throw new Error(`${brief(found)}, not ${place}: ${found.verdict.caveats.join("; ")}`);
      });
    },
  );
  await fc.assert(property, { numRuns: inDepth(25, 60) });
});

t.test("pings: either way, at any hop", async () => {
  const ping = fc.record({ gap, fate: fc.constantFrom("fine", "out", "back", "unanswered") });
  const property = fc.asyncProperty(
    fc.array(ping, { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 1, max: LAST - 1 }),
    world,
    async (list, reach, shape) => {
      await withFolder(async (dir) => {
        let atUs = 0;
        const packets = list.flatMap(({ gap: pause, fate }, seq): SimPacket[] => {
          atUs += pause;
          const request = { atUs, id: seq, icmp: { seq } };
          const reply = { atUs: atUs + 500, id: seq + 100, reply: true, icmp: { seq } };
          if (fate === "out") return [{ ...request, reach }];
          if (fate === "unanswered") return [request];
          return [request, fate === "back" ? { ...reply, reach } : reply];
        });
        const found = await judgeIn(dir, { protocol: "icmp", packets, ...worldOf(shape) });
        const count = (fate: string): number => list.filter((one) => one.fate === fate).length;
        const [out, back, answered] = [count("out"), count("back"), count("fine") + count("back")];
        const unanswered = count("unanswered");
        const expected =
          out > 0
            ? `lost request ${reach - 1} → ${reach}`
            : back > 0
              ? `lost reply ${LAST - reach} → ${LAST - reach - 1}`
              : answered === 0 || unanswered > 1 || (unanswered === 1 && list.at(-1)?.fate !== "unanswered")
                ? "unanswered - 7 → -"
                : "delivered - - → -";
        if (brief(found) !== `${expected} high`) throw new Error(`${brief(found)}, not ${expected}`);
        if (out > 0 && found.verdict.lost.packets !== out)
          throw new Error(`${found.verdict.lost.packets}, not ${out}`);
      });
    },
  );
  await fc.assert(property, { numRuns: inDepth(25, 60) });
});

t.test("random bytes inside valid captures end in findings", async () => {
  const noise = fc.array(fc.record({ gap, raw: fc.uint8Array({ minLength: 1, maxLength: 120 }) }), {
    maxLength: 20,
  });
  const property = fc.asyncProperty(noise, fc.constantFrom("icmp", "udp", "tcp"), async (list, protocol) => {
    await withFolder(async (dir) => {
      const packets = list.map(({ gap: atUs, raw }): SimPacket => ({ atUs, raw }));
      const found = await judgeIn(dir, { protocol, packets });
      if (found.verdict.status !== "inconclusive") throw new Error(brief(found));
    });
  });
  await fc.assert(property, { numRuns: inDepth(20, 40) });
});
