import { uint16 } from "../dissect/bytes.js";
import { namesOfCertificate } from "./certificate.js";
import { readClientHello, readServerHello, type ClientHello, type ServerHello } from "./tls-hello.js";

const RECORD_BYTES = 5;
const HANDSHAKE_BYTES = 4;
const TYPE = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;
const HANDSHAKE = { clientHello: 1, serverHello: 2, certificate: 11 } as const;
const MOST_RECORD_BYTES = 16_384 + 2048;
const MOST_MESSAGES = 16;

export interface TlsAlert {
  readonly kind: "alert";
  readonly isFatal: boolean;
  readonly description: number;
}

interface TlsCertificate {
  readonly kind: "certificate";
  /** Of the sender's own, the first one; empty where it is not whole within the payload. */
  readonly names: readonly string[];
}

/** From here on the sender's handshake is encrypted. */
interface TlsChange {
  readonly kind: "changed";
}

export type TlsMessage = ClientHello | ServerHello | TlsAlert | TlsCertificate | TlsChange;

/** Whether a payload begins with a TLS record (RFC 8446, 5.1). */
export function isTls(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < RECORD_BYTES) return false;
  const type = bytes[at]!;
  const length = uint16(bytes, at + 3);
  return (
    type >= TYPE.changeCipherSpec &&
    type <= TYPE.applicationData &&
    bytes[at + 1] === 3 &&
    bytes[at + 2]! <= 4 &&
    length > 0 &&
    length <= MOST_RECORD_BYTES
  );
}

/** What can be read of the records that a payload begins with: hellos, certificates of TLS 1.2 and older, plain alerts. */
export function readTls(bytes: Uint8Array, at: number, end: number): readonly TlsMessage[] {
  const messages: TlsMessage[] = [];
  for (let count = 0; count < MOST_MESSAGES && isTls(bytes, at, end); count++) {
    const from = at + RECORD_BYTES;
    const to = from + uint16(bytes, at + 3);
    const within = Math.min(to, end);
    const type = bytes[at];
    if (type === TYPE.changeCipherSpec) messages.push({ kind: "changed" });
    // An encrypted alert is longer.
    if (type === TYPE.alert && to - from === 2 && within === to)
      messages.push({ kind: "alert", isFatal: bytes[from] === 2, description: bytes[from + 1]! });
    if (type === TYPE.handshake && !messages.some(({ kind }) => kind === "changed"))
      readHandshake(bytes, { at: from, end: within }, messages);
    at = to;
  }
  return messages;
}

function readHandshake(
  bytes: Uint8Array,
  record: { readonly at: number; readonly end: number },
  into: TlsMessage[],
): void {
  let { at } = record;
  for (let count = 0; count < MOST_MESSAGES && at + HANDSHAKE_BYTES <= record.end; count++) {
    const from = at + HANDSHAKE_BYTES;
    const to = from + uint24(bytes, at + 1);
    const message = readMessage(bytes, { type: bytes[at]!, from, to: Math.min(to, record.end) });
    if (message !== null) into.push(message);
    at = to;
  }
}

function readMessage(
  bytes: Uint8Array,
  { type, from, to }: { readonly type: number; readonly from: number; readonly to: number },
): TlsMessage | null {
  if (type === HANDSHAKE.clientHello) return readClientHello(bytes, from, to);
  if (type === HANDSHAKE.serverHello) return readServerHello(bytes, from, to);
  if (type !== HANDSHAKE.certificate || to - from < 6) return null;
  const end = from + 6 + uint24(bytes, from + 3);
  return { kind: "certificate", names: end > to ? [] : namesOfCertificate(bytes.subarray(from + 6, end)) };
}

function uint24(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 16) | uint16(bytes, at + 1);
}
