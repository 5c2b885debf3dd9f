import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { follow } from "../../../lib/analysis/follow/follow.js";
import type { NeighbourQuestion } from "../../../lib/analysis/follow/neighbours.js";
import { arp, concat, ethernet, icmp, ip, pcap } from "../helpers/packets.js";

const path = join(t.testdir(), "a.pcap");

function questions(...frames: readonly Uint8Array[]): readonly NeighbourQuestion[] {
  writeFileSync(path, pcap(frames.map((bytes, index) => ({ timeUs: index + 1, bytes }))));
  const capture = {
    ...{ node: "n", pcap: "a.pcap", path, encapsulation: { kind: "none" } as const },
    ...{ listeningUs: null, stoppedUs: null },
  };
  return follow({ captures: [capture], targets: [] }).questions;
}

const [ASKER, TARGET] = ["10.0.0.1", "10.0.0.9"];
const frame = (operation: number, sender: string, target: string): Buffer =>
  ethernet(arp({ operation, sender, target }), { type: 0x0806 });
const tell = (list: readonly NeighbourQuestion[]): readonly string[] =>
  list.map(({ protocol, asker, target, requests, replies }) => `${protocol} ${asker} ${target} ${requests.join()} ${replies.join()}`); // prettier-ignore

t.test("who asks for an address, and how often it is answered", async (t) => {
  const asks = frame(1, ASKER, TARGET);
  t.strictSame(tell(questions(asks, asks, frame(2, TARGET, ASKER))), [`arp ${ASKER} ${TARGET} 2 1`]);
  t.strictSame(
    tell(questions(frame(2, TARGET, ASKER), asks)),
    [`arp ${ASKER} ${TARGET} 1 0`],
    "an answer to nobody",
  );
});

t.test("who tells its own address, or looks whether it is free, asks nobody", async (t) => {
  t.strictSame(questions(frame(1, ASKER, ASKER), frame(1, "0.0.0.0", ASKER)), []);
});

t.test(
  "neighbour discovery asks of the same pair another question than ARP; of none it says nothing",
  async (t) => {
    const [asker, target] = ["fd00::1", "fd00::9"];
    const body = (option: readonly number[]): Buffer =>
      concat(
        ip({ source: target, destination: target, protocol: 1 }, Buffer.alloc(0)).subarray(8, 24),
        option,
      );
    const solicit = (source: string): Buffer =>
    ethernet(ip({ source, destination: "ff02::1:ff00:9", protocol: 1 }, icmp(135, 0, { payload: body([1, 1, 2, 0, 0, 0, 0, 1]) }))); // prettier-ignore
    const advertise = ethernet(ip({ source: target, destination: asker, protocol: 1 }, icmp(136, 0, { payload: body([2, 1, 2, 0, 0, 0, 0, 9]) }))); // prettier-ignore
    t.strictSame(tell(questions(solicit(asker), advertise)), [`nd ${asker} ${target} 1 1`]);
    t.strictSame(questions(solicit("::"), advertise), [], "duplicate address detection");
  },
);

t.test("questions are bounded in number, and those that are known go on to count", async (t) => {
  const many = Array.from({ length: 4097 }, (_, index) =>
    frame(1, ASKER, `10.1.${index >> 8}.${index & 255}`),
  );
  const found = questions(...many, many[0]!, frame(2, "10.1.16.0", ASKER));
  t.equal(found.length, 4096);
  t.strictSame(found[0]?.requests, [2]);
  t.ok(
    found.every(({ replies }) => replies[0] === 0),
    "the answer to the one that is not kept is no other's",
  );
});
