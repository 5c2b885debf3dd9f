import type { SealedFormat } from "./types.js";

/** Security parameters index and sequence number. */
const HEADER_BYTES = 8;
/** Behind them: an initialisation vector, padding with its length and the next header, and the check value. */
const LEAST_AROUND_BYTES = HEADER_BYTES + 8 + 2 + 8;
const MOST_AROUND_BYTES = HEADER_BYTES + 16 + 15 + 2 + 32;

/**
 * ESP (RFC 4303), over IP and over UDP (RFC 3948), where four zero bytes in place of the index mean a message of the key
 * exchange, and a single byte keeps a NAT's entry alive.
 */
export const esp: SealedFormat = {
  kind: "esp",
  title: "ESP",
  udpPorts: [4500],
  linkKinds: ["xfrm"],
  protocols: [50],
  recognises(bytes, at, { end, payloadBytes }) {
    if (payloadBytes < HEADER_BYTES || end - at < 4) return false;
    return (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) !== 0;
  },
  mayHold(payloadBytes, ipBytes) {
    const around = payloadBytes - ipBytes;
    return around >= LEAST_AROUND_BYTES && around <= MOST_AROUND_BYTES;
  },
};
