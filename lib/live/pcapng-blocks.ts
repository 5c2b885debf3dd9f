/**
 * Blocks of a pcapng stream (draft-ietf-opsawg-pcapng), little-endian, each whole in a buffer of its own. Times are
 * microseconds since 1970. Pure.
 */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const COMMENT = 1;
const SECTION = { application: 4 } as const;
const INTERFACE = { name: 2, description: 3, resolution: 9, filter: 11 } as const;
const STATISTICS = {
  ...{ start: 2, end: 3, droppedByInterface: 5, received: 6, droppedByKernel: 7, delivered: 8 },
} as const;
const MICROSECONDS = 6;
/** if_filter: what follows is text, as libpcap takes it. */
const FILTER_IS_TEXT = 0;
/** Any longer text is cut: an option's length has 16 bits, and a reader may have less room. */
const MOST_TEXT_BYTES = 4096;
const WORD = 2 ** 32;

export interface InterfaceAbout {
  /** https://www.tcpdump.org/linktypes.html */
  readonly linktype: number;
  readonly snaplenBytes: number;
  readonly name: string;
  readonly description: string;
  readonly filter: string;
  readonly comment: string;
}

/** What was counted at an interface; null: not known, and not said. */
interface InterfaceCounts {
  readonly startUs: number | null;
  readonly endUs: number | null;
  readonly received: number | null;
  readonly droppedByKernel: number | null;
  readonly droppedByInterface: number | null;
  /** Packets of it in this stream. */
  readonly delivered: number;
  readonly comment: string;
}

export function sectionBlock(application: string, comment: string): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  head.writeUInt16LE(1, 4);
  // Its length is not known: it is a stream.
  head.writeBigInt64LE(-1n, 8);
  return blockOf(BLOCK.section, [
    head,
    ...options([
      [SECTION.application, textOf(application)],
      [COMMENT, textOf(comment)],
    ]),
  ]);
}

export function interfaceBlock(about: InterfaceAbout): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(about.linktype, 0);
  head.writeUInt32LE(about.snaplenBytes, 4);
  const filter =
    about.filter === "" ? null : Buffer.concat([Buffer.of(FILTER_IS_TEXT), textOf(about.filter)]);
  return blockOf(BLOCK.interface, [
    head,
    ...options([
      [INTERFACE.name, textOf(about.name)],
      [INTERFACE.description, textOf(about.description)],
      [INTERFACE.filter, filter],
      [INTERFACE.resolution, Buffer.of(MICROSECONDS)],
      [COMMENT, textOf(about.comment)],
    ]),
  ]);
}

/** `interfaceIndex` counts the interface blocks of the stream from 0. */
export function packetBlock(packet: {
  readonly interfaceIndex: number;
  readonly timeUs: number;
  readonly wireBytes: number;
  readonly bytes: Uint8Array;
  readonly comments?: readonly string[];
}): Buffer {
  const { interfaceIndex, timeUs, wireBytes, bytes, comments = [] } = packet;
  const head = Buffer.alloc(20);
  head.writeUInt32LE(interfaceIndex, 0);
  writeTime(head, timeUs, 4);
  head.writeUInt32LE(bytes.length, 12);
  head.writeUInt32LE(wireBytes, 16);
  const said = comments.map((text) => [COMMENT, textOf(text)] as const);
  return blockOf(BLOCK.packet, [head, padded(bytes), ...(said.length === 0 ? [] : options(said))]);
}

export function statisticsBlock(interfaceIndex: number, timeUs: number, counts: InterfaceCounts): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(interfaceIndex, 0);
  writeTime(head, timeUs, 4);
  return blockOf(BLOCK.statistics, [
    head,
    ...options([
      [STATISTICS.start, timeOf(counts.startUs)],
      [STATISTICS.end, timeOf(counts.endUs)],
      [STATISTICS.droppedByInterface, countOf(counts.droppedByInterface)],
      [STATISTICS.received, countOf(counts.received)],
      [STATISTICS.droppedByKernel, countOf(counts.droppedByKernel)],
      [STATISTICS.delivered, countOf(counts.delivered)],
      [COMMENT, textOf(counts.comment)],
    ]),
  ]);
}

/** The upper 32 bits first. */
function writeTime(into: Buffer, timeUs: number, at: number): void {
  into.writeUInt32LE(Math.floor(timeUs / WORD) % WORD, at);
  into.writeUInt32LE(timeUs % WORD, at + 4);
}

function timeOf(timeUs: number | null): Buffer | null {
  if (timeUs === null) return null;
  const bytes = Buffer.alloc(8);
  writeTime(bytes, timeUs, 0);
  return bytes;
}

function countOf(count: number | null): Buffer | null {
  if (count === null) return null;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(count), 0);
  return bytes;
}

/** UTF-8, cut between characters. */
function textOf(text: string): Buffer {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= MOST_TEXT_BYTES) return bytes;
  let end = MOST_TEXT_BYTES;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** Those that have a value, and their end; none: nothing. */
function options(pairs: readonly (readonly [code: number, value: Buffer | null])[]): Uint8Array[] {
  const written = pairs.flatMap(([code, value]) => {
    if (value === null || value.length === 0) return [];
    const head = Buffer.alloc(4);
    head.writeUInt16LE(code, 0);
    head.writeUInt16LE(value.length, 2);
    return [head, padded(value)];
  });
  return written.length === 0 ? [] : [...written, Buffer.alloc(4)];
}

function padded(bytes: Uint8Array): Uint8Array {
  const rest = (4 - (bytes.length % 4)) % 4;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(rest)]);
}

function blockOf(type: number, body: readonly Uint8Array[]): Buffer {
  const length = 12 + body.reduce((sum, { length: own }) => sum + own, 0);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(length, 4);
  return Buffer.concat([head, ...body, head.subarray(4)]);
}
