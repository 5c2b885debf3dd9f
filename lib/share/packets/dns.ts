import type { PacketContext } from "./context.js";

/** What is needed of a packet's context, also of a message that stands in a text. */
type DnsContext = Pick<PacketContext, "bytes" | "addresses" | "mapping">;

const HEADER_BYTES = 12;
const [QUESTION_BYTES, RECORD_BYTES] = [4, 10];
const MOST_RECORDS = 4096;
const MOST_LABELS = 128;
const POINTER = 0xc0;
const TYPE = {
  a: 1,
  ns: 2,
  cname: 5,
  soa: 6,
  ptr: 12,
  mx: 15,
  aaaa: 28,
  srv: 33,
  dname: 39,
  options: 41,
} as const;
/** How many bytes stand before the names in a record's data, and how many names. */
const NAMES_IN: Readonly<Record<number, { readonly before: number; readonly names: number }>> = {
  [TYPE.ns]: { before: 0, names: 1 },
  [TYPE.cname]: { before: 0, names: 1 },
  [TYPE.ptr]: { before: 0, names: 1 },
  [TYPE.dname]: { before: 0, names: 1 },
  [TYPE.soa]: { before: 0, names: 2 },
  [TYPE.mx]: { before: 2, names: 1 },
  [TYPE.srv]: { before: 6, names: 1 },
};

/**
 * The DNS message from `at` to `end` (RFC 1035, 4), names in place, each label as long as it was; data that is neither an
 * address nor a name is emptied. Where what stays of it ends: `at` where it is no message.
 */
export function rewriteDns(context: DnsContext, at: number, end: number): number {
  const { bytes } = context;
  if (end - at < HEADER_BYTES) return at;
  // Names refer to names before them, which are other ones by then.
  const message = Uint8Array.from(bytes.subarray(at, end));
  if (((message[2]! >> 3) & 0xf) > 6) return at;
  const walk = new DnsWalk(context, message, at);
  const counts = [4, 6, 8, 10].map((offset) => (message[offset]! << 8) | message[offset + 1]!);
  const [questions = 0, ...records] = counts;
  const isWhole =
    walk.repeat(questions, () => walk.question()) &&
    walk.repeat(
      records.reduce((sum, count) => sum + count, 0),
      () => walk.record(),
    );
  return at + (isWhole ? walk.at : walk.whole);
}

class DnsWalk {
  at = HEADER_BYTES;
  /** Up to here all is rewritten. */
  whole = HEADER_BYTES;
  private readonly bytes: Uint8Array;

  constructor(
    private readonly context: DnsContext,
    private readonly message: Uint8Array,
    private readonly start: number,
  ) {
    this.bytes = context.bytes;
  }

  /** False where the message is cut, or is none. */
  repeat(count: number, step: () => boolean): boolean {
    if (count > MOST_RECORDS) return false;
    for (let index = 0; index < count; index++) {
      if (!step()) return false;
      this.whole = this.at;
    }
    return true;
  }

  question(): boolean {
    if (!this.name()) return false;
    this.at += QUESTION_BYTES;
    return this.at <= this.message.length;
  }

  record(): boolean {
    const { message, context, bytes, start } = this;
    if (!this.name() || this.at + RECORD_BYTES > message.length) return false;
    const type = (message[this.at]! << 8) | message[this.at + 1]!;
    const length = (message[this.at + 8]! << 8) | message[this.at + 9]!;
    const data = this.at + RECORD_BYTES;
    const end = data + length;
    if (end > message.length) return false;
    const names = NAMES_IN[type];
    if (type === TYPE.a && length === 4) context.addresses.map4At(bytes, start + data);
    else if (type === TYPE.aaaa && length === 16) context.addresses.map6At(bytes, start + data);
    else if (names === undefined) this.empty(type, data, end);
    else {
      this.at = data + names.before;
      for (let index = 0; index < names.names; index++) if (!this.name()) return false;
    }
    this.at = end;
    return true;
  }

  /** Options (RFC 6891) keep their codes and lengths, everything else its length. */
  private empty(type: number, from: number, end: number): void {
    const { bytes, start, message } = this;
    if (type !== TYPE.options) {
      bytes.fill(0, start + from, start + end);
      return;
    }
    for (let at = from; at + 4 <= end;) {
      const length = (message[at + 2]! << 8) | message[at + 3]!;
      bytes.fill(0, start + at + 4, start + Math.min(end, at + 4 + length));
      at += 4 + length;
    }
  }

  /** The name at the cursor, which then stands behind it. */
  private name(): boolean {
    const { message, bytes, start } = this;
    const labels: string[] = [];
    const own: number[] = [];
    let next = -1;
    let limit = this.at;
    for (let here = this.at; here < message.length && labels.length < MOST_LABELS;) {
      const length = message[here]!;
      if (length === 0) {
        this.at = next < 0 ? here + 1 : next;
        this.write(labels, own);
        return true;
      }
      if ((length & POINTER) === POINTER) {
        if (here + 2 > message.length) break;
        const target = ((length & 0x3f) << 8) | message[here + 1]!;
        if (target >= limit) break;
        if (next < 0) next = here + 2;
        limit = here = target;
        continue;
      }
      if ((length & POINTER) !== 0 || here + 1 + length > message.length) break;
      labels.push(Buffer.from(message.subarray(here + 1, here + 1 + length)).toString("latin1"));
      if (next < 0) own.push(here + 1);
      here += 1 + length;
    }
    // What is left of it is no name that could be told from others.
    bytes.fill(0, start + this.at, start + message.length);
    return false;
  }

  private write(labels: readonly string[], own: readonly number[]): void {
    const { mapping } = this.context;
    if (own.length === 0) return;
    const mapped = mapping.labels(labels);
    for (const [index, at] of own.entries()) {
      const [was, is] = [labels[index]!, mapped[index] ?? ""];
      this.bytes.set(
        Buffer.from(is.length === was.length ? is : "x".repeat(was.length), "latin1"),
        this.start + at,
      );
    }
  }
}
