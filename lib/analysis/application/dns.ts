import { formatBytes } from "../../linux/address.js";
import { uint16 } from "../dissect/bytes.js";
import { readName } from "./dns-name.js";
import { nameType } from "./dns-words.js";

const HEADER_BYTES = 12;
/** Type and class behind a question's name; type, class, TTL and length behind a record's. */
const [QUESTION_BYTES, RECORD_BYTES] = [4, 10];
const MOST_ANSWERS = 4;
/** RFC 1035 and its successors use 0 to 6. */
const LAST_OPCODE = 6;
export const RCODE = { noError: 0, nxDomain: 3 } as const;
const TYPE = { a: 1, ns: 2, cname: 5, ptr: 12, aaaa: 28, srv: 33 } as const;

/** CoreDNS, and what answers on nodes, also listens on multicast DNS's port. */
const PORTS = [53, 5353];

export function isDnsPort(port: number): boolean {
  return PORTS.includes(port);
}

/** What a DNS message says, as far as it was captured. */
export interface DnsMessage {
  readonly id: number;
  readonly isAnswer: boolean;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  /** Of the header alone: EDNS's upper bits are not read. */
  readonly rcode: number;
  /** Of the first question: without the last dot, empty for the root; null where there is none or it is cut. */
  readonly name: string | null;
  /** "AAAA"; null as `name` is. */
  readonly type: string | null;
  /** By the header. */
  readonly answerCount: number;
  /** The first ones as text: addresses, names, `target:port`, or the type alone. */
  readonly answers: readonly string[];
}

/** The DNS message in a datagram's payload (RFC 1035, 4); null where it is none. */
export function readDns(bytes: Uint8Array, at: number, end: number): DnsMessage | null {
  if (end - at < HEADER_BYTES) return null;
  const flags = uint16(bytes, at + 2);
  const questions = uint16(bytes, at + 4);
  if (((flags >> 11) & 0xf) > LAST_OPCODE) return null;
  const message = { at, end };
  const question = questions === 0 ? null : readQuestion(bytes, message);
  const answerCount = uint16(bytes, at + 6);
  return {
    id: uint16(bytes, at),
    isAnswer: (flags & 0x8000) !== 0,
    authoritative: (flags & 0x400) !== 0,
    truncated: (flags & 0x200) !== 0,
    rcode: flags & 0xf,
    name: question?.name ?? null,
    type: question?.type ?? null,
    answerCount,
    answers:
      questions === 1 && question !== null ? readAnswers(bytes, message, { question, answerCount }) : [],
  };
}

/** The same over TCP, behind the length of two bytes (RFC 1035, 4.2.2), at the start of a segment. */
export function readDnsOverTcp(bytes: Uint8Array, at: number, end: number): DnsMessage | null {
  if (end - at < 2 + HEADER_BYTES) return null;
  const length = uint16(bytes, at);
  return length < HEADER_BYTES ? null : readDns(bytes, at + 2, Math.min(end, at + 2 + length));
}

interface Message {
  readonly at: number;
  readonly end: number;
}

interface Question {
  readonly name: string;
  readonly type: string;
  readonly next: number;
}

function readQuestion(bytes: Uint8Array, message: Message): Question | null {
  const name = readName(bytes, message.at + HEADER_BYTES, message);
  if (name === null || name.next + QUESTION_BYTES > message.end) return null;
  return { name: name.text, type: nameType(uint16(bytes, name.next)), next: name.next + QUESTION_BYTES };
}

function readAnswers(
  bytes: Uint8Array,
  message: Message,
  from: { readonly question: Question; readonly answerCount: number },
): readonly string[] {
  const answers: string[] = [];
  let at = from.question.next;
  while (answers.length < Math.min(from.answerCount, MOST_ANSWERS)) {
    const owner = readName(bytes, at, message);
    if (owner === null || owner.next + RECORD_BYTES > message.end) break;
    const dataAt = owner.next + RECORD_BYTES;
    const dataEnd = dataAt + uint16(bytes, owner.next + 8);
    if (dataEnd > message.end) break;
    answers.push(describe(bytes, { type: uint16(bytes, owner.next), dataAt, dataEnd }, message));
    at = dataEnd;
  }
  return answers;
}

function describe(
  bytes: Uint8Array,
  record: { readonly type: number; readonly dataAt: number; readonly dataEnd: number },
  message: Message,
): string {
  const { type, dataAt, dataEnd } = record;
  const nameAt = (at: number): string | undefined => readName(bytes, at, message)?.text;
  const known = (): string | undefined => {
    if (type === TYPE.a || type === TYPE.aaaa) return formatBytes([...bytes.subarray(dataAt, dataEnd)]);
    if (type === TYPE.cname || type === TYPE.ns || type === TYPE.ptr) return nameAt(dataAt);
    if (type !== TYPE.srv || dataEnd - dataAt < 7) return undefined;
    const target = nameAt(dataAt + 6);
    return target === undefined ? undefined : `${target}:${uint16(bytes, dataAt + 4)}`;
  };
  return known() ?? nameType(type);
}
