import type { EvidenceHop } from "../../../model/evidence.js";
import { wireOf } from "../../../wire/registry.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import type { Link } from "../../../linux/links.js";
import { parseLinks } from "../../../linux/links.js";
import { passedHops } from "../spot.js";
import type { Netns } from "../../../readings/reader.js";
import { describeNetns } from "../../../readings/reader.js";

/** The device that the packets did not come to is down; or, on the wire, the one that they left by. */
export const linkDown: Detector = {
  causes: { "link-down": { title: "A device on the way is down", reasons: ["NO_SOCKET", "DEV_READY"] } },
  ofSwitched: true,
  detect: detectLinkDown,
};

function detectLinkDown(given: DetectorInput): readonly Candidate[] {
  const { firstMissing, lastSeen } = given.input;
  const ends = [firstMissing, given.spot.kind === "wire" ? lastSeen : null].filter((hop) => hop !== null);
  for (const hop of ends) {
    const link = linkOf(given, hop);
    if (link === undefined || link.up) continue;
    const where = describeNetns(netnsOf(given, hop));
    const evidence = [`${where}: ip link show ${hop.interface}: not up`];
    return [{ code: "link-down", summary: `${where}: ${hop.interface} is down`, evidence, strength: 3 }];
  }
  return [];
}

/** The device that the packets did not come to takes none of their size. */
export const mtu: Detector = {
  causes: {
    "mtu-exceeded": {
      title: "The packets are larger than a device on the way takes",
      reasons: ["PKT_TOO_BIG"],
      locations: ["br_dev_queue_push_xmit"],
    },
  },
  ofSwitched: true,
  detect: detectMtu,
};

function detectMtu(given: DetectorInput): readonly Candidate[] {
  const { input, spot } = given;
  const { firstMissing, lastSeen } = input;
  // Nobody looks at the MTU of a tunnel that packets come out of, and what ended at an end has passed all of them.
  if (lastSeen === null || firstMissing === null || spot.kind === "decapsulate") return [];
  const passed = input.largestPassedIpBytes ?? 0;
  const smallest = Math.min(...input.lost.map(({ ipBytes }) => ipBytes));
  const seenBy = leastMtu(passedHops(input));
  // What looks larger than the path's devices take was cut on its way (GSO), and nobody saw the pieces.
  if (input.lost.length === 0 || smallest <= passed || smallest > seenBy) return [];
  const around = spot.outer ? overheadOf(input.flow.hops) : 0;
  const link = linkOf(given, firstMissing);
  if (link?.mtuBytes == null || smallest + around <= link.mtuBytes)
    return spot.kind === "wire" ? detectHole(given, smallest) : [];
  const where = describeNetns(netnsOf(given, firstMissing));
  const size = smallest + around;
  return [
    {
      code: "mtu-exceeded",
      summary: `${where}: ${firstMissing.interface} takes ${link.mtuBytes} bytes, the lost packets have ${size} and more there`,
      evidence: [
        `${where}: MTU of ${firstMissing.interface} is ${link.mtuBytes}`,
        `all lost packets have at least ${size} bytes there`,
        ...(passed === 0 ? [] : [`packets of up to ${passed + around} bytes pass`]),
      ],
      strength: 2,
    },
  ];
}

/** No node shows it, so only the sizes speak: small ones of the same run pass, and all large ones are lost. */
function detectHole({ input }: DetectorInput, smallest: number): Candidate[] {
  const passed = input.largestPassedIpBytes ?? null;
  const others = (input.alike ?? [])
    .filter(({ direction, lastSeen }) => direction === input.direction && lastSeen?.id === input.lastSeen?.id)
    .map(({ smallestLostIpBytes }) => smallestLostIpBytes);
  if (passed === null || input.lostCount < 2 || smallest < SMALL_BYTES) return [];
  if (others.some((bytes) => bytes === null || bytes <= passed)) return [];
  const between = `${String(input.lastSeen?.node)} and ${String(input.firstMissing?.node)}`;
  const least = leastMtu(input.flow.hops);
  const known = Number.isFinite(least) ? `no node of the path has an MTU below ${least}: ` : "";
  return [
    {
      code: "mtu-exceeded",
      summary: `packets of ${smallest} bytes and more are lost and those of up to ${passed} pass, with none of a size between tried; ${known}look at the network between ${between}`,
      evidence: [
        `inner IP packets of up to ${passed} bytes pass between ${between}`,
        `all ${input.lostCount} lost there have ${smallest} bytes or more`,
      ],
      strength: 1,
    },
  ];
}

/** Every host takes packets of this size (RFC 791, section 3.1). */
const SMALL_BYTES = 576;

function leastMtu(hops: readonly EvidenceHop[]): number {
  return Math.min(...hops.flatMap(({ mtuBytes }) => mtuBytes ?? []));
}

/** What the path's tunnel puts around an IP packet. */
function overheadOf(hops: readonly EvidenceHop[]): number {
  const wire = hops.map(({ encapsulation }) => wireOf(encapsulation)).find((each) => each !== null);
  return wire == null ? 0 : wire.format.overheadBytes[wire.worn.outer];
}

function linkOf(given: DetectorInput, hop: EvidenceHop): Link | undefined {
  const reading = given.state.readings(netnsOf(given, hop), "links")[0];
  return parseLinks(reading?.text ?? "").find((link) => link.name === hop.interface);
}

/** The source's pod where packets did not even leave it, else the target's. */
function netnsOf({ spot }: DetectorInput, hop: EvidenceHop): Netns {
  const end = spot.kind === "pod-out" ? spot.source : spot.target;
  return { node: hop.node, pod: hop.role === "pod" ? end.pod : null };
}
