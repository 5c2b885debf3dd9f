import type { Test } from "../../chain.js";
import { ofKnown } from "../../truth.js";

const BITS: ReadonlyMap<string, number> = new Map([
  ["FIN", 1],
  ["SYN", 2],
  ["RST", 4],
  ["PSH", 8],
  ["ACK", 16],
  ["URG", 32],
  ["ECE", 64],
  ["CWR", 128],
  ["ALL", 0x3f],
  ["NONE", 0],
]);

const TCP = 6;
const SYN = 2;
/** FIN, SYN, RST, ACK. */
const OF_SYN = 0x17;

/** `--tcp-flags FIN,SYN,RST,ACK SYN`: of the first, those of the second and no other are set. */
export function testFlags([mask = "", set = ""]: readonly string[]): Test | null {
  const [looked, wanted] = [parseFlags(mask), parseFlags(set)];
  return looked === null || wanted === null ? null : testBits(looked, wanted);
}

export function testSyn(): Test {
  return testBits(OF_SYN, SYN);
}

function testBits(mask: number, wanted: number): Test {
  return ({ packet }) =>
    packet.protocol === TCP &&
    ofKnown(packet.tcpFlags, "its TCP flags", (flags) => (flags & mask) === wanted);
}

function parseFlags(text: string): number | null {
  let sum = 0;
  for (const name of text.split(",")) {
    const bit = BITS.get(name) ?? (/^0x[0-9A-F]{1,2}$/i.test(name) ? Number.parseInt(name, 16) : undefined);
    if (bit === undefined) return null;
    sum |= bit;
  }
  return sum;
}
