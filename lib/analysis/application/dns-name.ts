import { uint16 } from "../dissect/bytes.js";

const MOST_NAME_BYTES = 255;
const POINTER = 0xc0;

/** A domain name, and where what follows it begins. */
interface DnsName {
  /** Without the last dot; empty for the root. What is no printable ASCII is `\DDD` (RFC 1035, 5.1). */
  readonly text: string;
  readonly next: number;
}

/**
 * A domain name at `at` of the message that fills `message` (RFC 1035, 3.1 and 4.1.4); null where it is cut, too long
 * or compressed in a way that cannot be. A pointer has to lead back, so that each walk comes to an end.
 */
export function readName(
  bytes: Uint8Array,
  at: number,
  message: { readonly at: number; readonly end: number },
): DnsName | null {
  const labels: string[] = [];
  let next = -1;
  let before = at;
  let nameBytes = 1;
  for (let here = at; here < message.end;) {
    const length = bytes[here]!;
    if (length === 0) return { text: labels.join("."), next: next < 0 ? here + 1 : next };
    if ((length & POINTER) === POINTER) {
      if (here + 2 > message.end) return null;
      const target = message.at + (uint16(bytes, here) & 0x3fff);
      if (target >= before) return null;
      if (next < 0) next = here + 2;
      before = here = target;
      continue;
    }
    nameBytes += length + 1;
    if ((length & POINTER) !== 0 || nameBytes > MOST_NAME_BYTES || here + 1 + length > message.end)
      return null;
    labels.push(spell(bytes.subarray(here + 1, here + 1 + length)));
    here += 1 + length;
  }
  return null;
}

const [DOT, BACKSLASH] = [0x2e, 0x5c];

function spell(label: Uint8Array): string {
  let text = "";
  for (const byte of label) {
    if (byte === DOT || byte === BACKSLASH) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}
