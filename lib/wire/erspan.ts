import { ETHERTYPE, hexType, IP_TYPE } from "./ethertype.js";
import { GRE_PROTOCOL, hasSequence, openGre } from "./gre-packet.js";
import { matchIp, plus } from "./ip.js";
import type { WireFormat } from "./types.js";

/** GRE's protocol types: one for versions I and II, which differ by the sequence number that II has, one for III. */
const TYPE = { one: 0x88be, three: 0x22eb } as const;
/** GRE with a sequence number; the headers of II and III; what follows that of III where its last bit says so. */
const [GRE_BYTES, SECOND_BYTES, THIRD_BYTES, PLATFORM_BYTES] = [8, 8, 12, 8];
const FRAME = GRE_BYTES + SECOND_BYTES;
const SESSION = 0x03ff;

/**
 * ERSPAN, which carries copies of frames (draft-foschiano-erspan).
 *
 *     I    | frame |
 *     II   | version 4 bits, VLAN 12 bits | class 3 bits, kind 2, cut 1, session 10 | reserved 12 bits, index 20 | frame |
 *     III  | version 4 bits, VLAN 12 bits | class 3 bits, kind 2, cut 1, session 10 | time 4 | tag 2, flags 2 | frame |
 */
export const erspan: WireFormat = {
  kind: "erspan",
  title: "ERSPAN",
  carrier: { over: "ip", protocols: { 4: GRE_PROTOCOL, 6: GRE_PROTOCOL } },
  linkKinds: ["erspan", "ip6erspan"],
  // The identifier is the session.
  fields: { vni: "maybe" },
  farEnd: ["remote"],
  farEndChecks: [],
  overheadBytes: { 4: 50, 6: 70 },
  optionBytes: THIRD_BYTES - SECOND_BYTES + PLATFORM_BYTES,
  // Of the versions that Linux sends, the filter knows the one that is usual: II, which it counts as 1.
  wornBy: ({ data }, outer) => ((data["erspan_ver"] ?? 1) === 1 ? { kind: "erspan", outer } : null),
  reach({ outer, vni }, inner) {
    const { unit, base, guards } = matchIp(outer, GRE_PROTOCOL);
    const session = vni === undefined ? [] : [`${unit}[${plus(base, GRE_BYTES + 2)}:2]&0x03ff=${vni}`];
    return {
      unit,
      base: plus(base, FRAME + 14),
      guards: [
        ...guards,
        // A sequence number, and nothing else.
        `${unit}[${base}:2]&0xf007=0x1000`,
        `${unit}[${plus(base, 2)}:2]=${hexType(TYPE.one)}`,
        ...session,
        `${unit}[${plus(base, FRAME + 12)}:2]=${hexType(IP_TYPE[inner])}`,
      ],
    };
  },
  peel(bytes, at, into) {
    if (!openGre(bytes, at, into)) return false;
    const { innerAt, innerType } = into;
    if (innerType !== TYPE.one && innerType !== TYPE.three) return false;
    into.innerType = ETHERTYPE.frame;
    into.tunnelId = -1;
    if (innerType === TYPE.one && !hasSequence(bytes, at)) return true;
    const headerBytes = innerType === TYPE.one ? SECOND_BYTES : THIRD_BYTES;
    if (into.end - innerAt < headerBytes) return false;
    into.tunnelId = ((bytes[innerAt + 2]! << 8) | bytes[innerAt + 3]!) & SESSION;
    const hasPlatform = innerType === TYPE.three && (bytes[innerAt + THIRD_BYTES - 1]! & 1) === 1;
    into.innerAt = innerAt + headerBytes + (hasPlatform ? PLATFORM_BYTES : 0);
    return true;
  },
};
