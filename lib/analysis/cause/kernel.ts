import type { CauseInput, LostPacket } from "../../model/cause.js";
import type { DropEvent } from "../../linux/drop-events.js";
import { parseTrace } from "../../linux/drop-events.js";
import { passedHops } from "./spot.js";

/** The kernel's own word for the loss. */
export interface KernelWord {
  readonly location: string;
  readonly reason: string;
  /** How many of the lost packets it is for. */
  readonly matched: number;
  readonly of: number;
  /** Causes that it speaks for; empty where it speaks for none in particular. */
  readonly codes: readonly string[];
  readonly sentence: string;
}

/** The kernel and tcpdump stamp a packet at slightly different moments. */
const EARLIER_SEC = 0.00005;
const LATER_SEC = 0.001;
/** Closer than this, two packets' events cannot be told apart. */
const APART_SEC = 0.00005;
/** So often an event of others may fall on a packet of ours by chance; above, the events prove nothing. */
const MOST_CHANCE = 0.05;
const ETHERNET_BYTES = 14;
/** IPv4, IPv6, and 0 where the kernel does not tell. */
const IP_PROTOCOLS: ReadonlySet<number> = new Set([0x0800, 0x86dd, 0]);

interface Group {
  readonly location: string;
  readonly reason: string;
  /** Seconds between the packet at the last hop and the event. */
  readonly delays: readonly number[];
  /** Events that tell the device and length. */
  readonly tied: number;
}

/** Causes that a drop event fits, by the kernel's function and reason. */
type CodesOf = (location: string, reason: string) => readonly string[];

/** The word that fits at least three quarters of the traced lost packets; null where there is none. */
export function hearKernel(input: CauseInput, codesOf: CodesOf): KernelWord | null {
  const { flow, lastSeen, firstMissing } = input;
  const nodes = new Set([lastSeen?.node, firstMissing?.node, flow.from.node, flow.to.node]);
  const files = new Set<string>();
  const groups: Group[] = [];
  for (const trace of input.drops) {
    const text = trace.file === null || !nodes.has(trace.node) ? undefined : input.readText(trace.file);
    if (text === undefined || files.has(text)) continue;
    files.add(text);
    groups.push(...groupEvents(input, parseTrace(text), trace.taiOffsetSec));
  }
  const [best] = groups.sort((a, b) => b.delays.length - a.delays.length || b.tied - a.tied);
  if (best === undefined || best.delays.length < input.lost.length * 0.75) return null;
  return { ...say(input, best), codes: codesOf(best.location, best.reason) };
}

/** Events by location and reason, each for one packet only. */
function groupEvents(input: CauseInput, events: readonly DropEvent[], taiOffsetSec: number): Group[] {
  const devices = listDevices(input);
  const byKey = new Map<string, DropEvent[]>();
  for (const event of events) {
    if (!IP_PROTOCOLS.has(event.protocol)) continue;
    const key = `${event.location} ${event.reason}`;
    const own = byKey.get(key);
    if (own === undefined) byKey.set(key, [event]);
    else own.push(event);
  }
  return [...byKey.values()].flatMap((own) => pairEvents(input.lost, own, { devices, taiOffsetSec }));
}

function pairEvents(
  lost: readonly LostPacket[],
  events: readonly DropEvent[],
  { devices, taiOffsetSec }: { devices: ReadonlySet<string>; taiOffsetSec: number },
): Group[] {
  const free = new Set(events);
  const delays: number[] = [];
  let tied = 0;
  for (const packet of lost) {
    for (const event of free) {
      const delay = event.atSec - taiOffsetSec - packet.seenAtSec;
      if (delay < -EARLIER_SEC || delay > LATER_SEC || !fits(event, packet, devices)) continue;
      free.delete(event);
      delays.push(Math.max(0, delay));
      if (event.device !== null) tied += 1;
      break;
    }
  }
  const [first, last] = [lost[0], lost.at(-1)];
  const [event] = events;
  if (delays.length === 0 || first === undefined || last === undefined || event === undefined) return [];
  const [from, to] = [first.seenAtSec - 1, last.seenAtSec + 1];
  const others = [...free].filter((other) => {
    const atSec = other.atSec - taiOffsetSec;
    return atSec >= from && atSec <= to && fits(other, first, devices);
  });
  const chance = (others.length / (to - from)) * (EARLIER_SEC + LATER_SEC);
  const { location, reason } = event;
  return chance > MOST_CHANCE ? [] : [{ location, reason, delays, tied }];
}

/**
 * Devices on which the lost packet's buffer may have come in last: those of the last hop's node that it passed
 * before the break. An event of another namespace on the same kernel is told by its device only.
 */
function listDevices(input: CauseInput): Set<string> {
  const { lastSeen, firstMissing } = input;
  const passed = passedHops(input).filter(({ node }) => node === lastSeen?.node);
  const devices = new Set(passed.map((hop) => hop.interface));
  if (firstMissing !== null && firstMissing.node !== lastSeen?.node) devices.add(firstMissing.interface);
  return devices;
}

/** Where the event tells its device and length, they have to be the packet's. */
function fits(event: DropEvent, packet: LostPacket, devices: ReadonlySet<string>): boolean {
  if (event.device === null) return true;
  const lengths: (number | null)[] = [packet.ipBytes, packet.frameBytes, packet.frameBytes - ETHERNET_BYTES];
  return devices.has(event.device) && lengths.includes(event.bytes);
}

function say(input: CauseInput, { location, reason, delays, tied }: Group): Omit<KernelWord, "codes"> {
  const paired = input.lost
    .slice(1)
    .every((packet, index) => packet.seenAtSec - input.lost[index]!.seenAtSec >= APART_SEC);
  const micros = delays.map((delay) => Math.round(delay * 1e6));
  const when = `${Math.min(...micros)}–${Math.max(...micros)} µs after ${input.lastSeen?.interface ?? "the last hop"} saw them`;
  const how = paired ? when : "counted, not paired: some are less than 50 µs apart";
  const of = input.lost.length;
  const at = input.lastSeen === null ? "" : `${input.lastSeen.node}: `;
  return {
    location,
    reason,
    matched: delays.length,
    of,
    sentence: `${at}${delays.length} of ${of} dropped by the kernel in ${location}: ${reason}, ${how}${tied === 0 ? " (tied by time alone)" : ""}`,
  };
}
