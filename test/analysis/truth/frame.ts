/** What one end sends, as it is at one place of its way. */

export interface Segment {
  /** Of the connection's stream: 0 is the SYN, data begin at 1. */
  readonly seq: number;
  readonly length: number;
  readonly ack: number;
  /** As tcpdump writes them: "S", "S.", "P.", "F.", ".", "R." */
  readonly flags: string;
  readonly stampMs: number;
  readonly echoMs: number;
  /** What came behind a gap: from, and up to. */
  readonly sacks?: readonly (readonly [number, number])[];
}

export type Body =
  | { readonly kind: "tcp"; readonly segment: Segment }
  | { readonly kind: "udp"; readonly payload: Uint8Array }
  | { readonly kind: "echo"; readonly seq: number; readonly payload: Uint8Array }
  /** Port unreachable, about the frame. */
  | { readonly kind: "refusal"; readonly about: Frame }
  /** A part of a datagram, its header counted with it. */
  | {
      readonly kind: "fragment";
      readonly of: Frame;
      readonly from: number;
      readonly length: number;
      readonly isLast: boolean;
    }
  /** A router's: packets about as long as the frame may have so many bytes. */
  | { readonly kind: "too big"; readonly about: Frame; readonly bytes: number };

export interface Frame {
  readonly flow: number;
  readonly connection: number;
  readonly backend: number;
  readonly isRequest: boolean;
  readonly ipId: number;
  readonly body: Body;
}

export function payloadBytesOf({ body }: Frame): number {
  switch (body.kind) {
    case "tcp":
      return body.segment.length;
    case "udp":
    case "echo":
      return body.payload.length;
    case "fragment":
      return body.length;
    case "refusal":
    case "too big":
      return 0;
  }
}

/** Cuts a TCP frame into pieces of so many payload bytes; one that is short enough stays what it is. */
export function splitFrame(frame: Frame, bytes: number): readonly Frame[] {
  const { body } = frame;
  if (body.kind !== "tcp" || bytes === 0 || body.segment.length <= bytes) return [frame];
  const { segment } = body;
  const pieces: Frame[] = [];
  for (let at = 0; at < segment.length; at += bytes) {
    const isLast = at + bytes >= segment.length;
    const piece = {
      ...segment,
      seq: segment.seq + at,
      length: Math.min(bytes, segment.length - at),
      flags: isLast ? segment.flags : ".",
    };
    pieces.push({
      ...frame,
      ipId: frame.ipId === 0 ? 0 : (frame.ipId + pieces.length) & 0xffff,
      body: { kind: "tcp", segment: piece },
    });
  }
  return pieces;
}

/** On a wire; each has an IP id of its own. */
export function countSegments({ length }: Segment, mssBytes: number): number {
  return Math.max(1, Math.ceil(length / mssBytes));
}

const MOST_MERGED_BYTES = 60_000;

/** The two as one frame, or null where they are none: other connections, a gap, other acknowledgements. */
export function mergeFrames(first: Frame, second: Frame, mssBytes: number): Frame | null {
  if (first.body.kind !== "tcp" || second.body.kind !== "tcp") return null;
  const [a, b] = [first.body.segment, second.body.segment];
  const nextId = first.ipId === 0 ? 0 : (first.ipId + countSegments(a, mssBytes)) & 0xffff;
  const fits =
    second.ipId === nextId &&
    first.flow === second.flow &&
    first.connection === second.connection &&
    first.isRequest === second.isRequest &&
    a.length > 0 &&
    b.length > 0 &&
    a.seq + a.length === b.seq &&
    a.ack === b.ack &&
    a.stampMs === b.stampMs &&
    a.echoMs === b.echoMs &&
    a.flags === "." &&
    (b.flags === "." || b.flags === "P.") &&
    a.length + b.length <= MOST_MERGED_BYTES;
  if (!fits) return null;
  return { ...first, body: { kind: "tcp", segment: { ...a, length: a.length + b.length, flags: b.flags } } };
}
