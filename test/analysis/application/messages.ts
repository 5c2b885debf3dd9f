import { concat } from "../helpers/packets.js";

/** Builds what applications say, byte by byte. */

export const u16 = (value: number): readonly number[] => [(value >> 8) & 0xff, value & 0xff];
const u24 = (value: number): readonly number[] => [value >> 16, ...u16(value)];

export function name(text: string): Buffer {
  const labels = text === "" ? [] : text.split(".");
  return concat(...labels.map((label) => concat([label.length], Buffer.from(label))), [0]);
}

export interface DnsRecord {
  readonly type: number;
  readonly data: Uint8Array | readonly number[];
  /** Default: a pointer to the question's name. */
  readonly owner?: Uint8Array | readonly number[];
}

export interface DnsOptions {
  readonly id?: number;
  readonly name?: string;
  readonly type?: number;
  readonly isAnswer?: boolean;
  readonly rcode?: number;
  /** Beside QR and the rcode: 0x400 authoritative, 0x200 truncated. */
  readonly flags?: number;
  readonly answers?: readonly DnsRecord[];
  readonly answerCount?: number;
}

export function dns(o: DnsOptions): Buffer {
  const answers = o.answers ?? [];
  const flags = (o.isAnswer === true ? 0x8000 : 0) | (o.flags ?? 0x100) | (o.rcode ?? 0);
  return concat(
    [u16(o.id ?? 7), u16(flags), u16(1), u16(o.answerCount ?? answers.length), u16(0), u16(0)].flat(),
    name(o.name ?? "web.example"),
    [...u16(o.type ?? 1), ...u16(1)],
    ...answers.map(({ type, data, owner }) =>
      concat(owner ?? [0xc0, 12], u16(type), [0, 1, 0, 0, 0, 30], u16(data.length), data),
    ),
  );
}

export const overTcp = (message: Uint8Array): Buffer => concat(u16(message.length), message);

export function record(type: number, body: Uint8Array | readonly number[], length = body.length): Buffer {
  return concat([type, 3, 3], u16(length), body);
}

export function handshake(type: number, body: Uint8Array | readonly number[], length = body.length): Buffer {
  return concat([type], u24(length), body);
}

const extension = (type: number, body: Uint8Array | readonly number[]): Buffer =>
  concat(u16(type), u16(body.length), body);

const vector = (body: Uint8Array): Buffer => concat(u16(body.length), body);

export function clientHello(
  o: {
    readonly serverName?: string;
    readonly protocols?: readonly string[];
    readonly more?: readonly Uint8Array[];
  } = {},
): Buffer {
  const { serverName, protocols = [], more = [] } = o;
  const extensions = [...more];
  if (serverName !== undefined)
    extensions.push(extension(0, vector(concat([0], vector(Buffer.from(serverName))))));
  const list = concat(...protocols.map((protocol) => concat([protocol.length], Buffer.from(protocol))));
  if (protocols.length > 0) extensions.push(extension(16, vector(list)));
  return handshake(
    1,
    concat(
      [3, 3],
      Buffer.alloc(32, 9),
      [4, 1, 2, 3, 4],
      [0, 2, 0x13, 1],
      [1, 0],
      vector(concat(...extensions)),
    ),
  );
}

export function serverHello(o: { readonly version?: number; readonly random?: Uint8Array } = {}): Buffer {
  const extensions = o.version === undefined ? Buffer.alloc(0) : vector(extension(43, u16(o.version)));
  return handshake(2, concat([3, 3], o.random ?? Buffer.alloc(32, 9), [0], [0x13, 1], [0], extensions));
}

export function certificates(...list: readonly Uint8Array[]): Buffer {
  const body = concat(...list.map((one) => concat(u24(one.length), one)));
  return handshake(11, concat(u24(body.length), body));
}
