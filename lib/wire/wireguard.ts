import type { SealedFormat } from "./types.js";

/** The kinds of messages with their lengths; those of packets have at least a header and an empty, sealed body. */
const [INITIATION, RESPONSE, COOKIE, TRANSPORT] = [1, 2, 3, 4];
const LENGTHS: Readonly<Record<number, number>> = { [INITIATION]: 148, [RESPONSE]: 92, [COOKIE]: 64 };
/** A header of 16 bytes, and a tag of 16. */
const LEAST_TRANSPORT_BYTES = 32;
/** Bodies are padded to a multiple, as far as the device's MTU has room. */
const PADDED_TO_BYTES = 16;

/** WireGuard: kind 1, reserved 3 (0), then what only its ends can read (https://www.wireguard.com/protocol/). */
export const wireguard: SealedFormat = {
  kind: "wireguard",
  title: "WireGuard",
  // wg-quick's usual one, the next one that CNIs take for IPv6, and another CNI's own.
  udpPorts: [51820, 51821, 51871],
  linkKinds: ["wireguard"],
  protocols: [],
  recognises(bytes, at, { end, payloadBytes }) {
    if (end - at < 4 || bytes[at + 1] !== 0 || bytes[at + 2] !== 0 || bytes[at + 3] !== 0) return false;
    const kind = bytes[at]!;
    return kind === TRANSPORT ? payloadBytes >= LEAST_TRANSPORT_BYTES : LENGTHS[kind] === payloadBytes;
  },
  mayHold(payloadBytes, ipBytes) {
    const padding = payloadBytes - LEAST_TRANSPORT_BYTES - ipBytes;
    return padding >= 0 && padding < PADDED_TO_BYTES;
  },
};
