import type { SealedFormat } from "./types.js";

/** Security parameters index and sequence number. */
const HEADER_BYTES = 8;

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
};
