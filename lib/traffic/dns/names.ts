import type { Argv } from "../../model/access.js";
import type { NetnsRef } from "../../model/cluster.js";
import type { DnsQuery } from "../check.js";
import { buildQuery, escapeBytes, queryIdOf, withRoomFor } from "../payloads.js";
import { buildUdpScript } from "../udp-script.js";
import { parseAddressAnswer, type AddressAnswer } from "./records.js";

/** What a resolver is told there is room for: it crosses any path unbroken (DNS flag day 2020). */
const ANSWER_BYTES = 1232;

export const NAMES_SCRIPT_NAME = "hopbook-names";

/**
 * Asks a name server, and tells its answers whole: `sh -c SCRIPT hopbook-names datagram IP 53 INTERVAL_MS TIMEOUT_MS QUERY…`, as the
 * script of UDP probes.
 */
export const NAMES_SCRIPT = buildUdpScript(ANSWER_BYTES);

const INTERVAL_MS = 20;
const SLACK_MS = 5000;

interface Asked {
  /** Where from. */
  readonly netns: NetnsRef;
  readonly server: string;
  readonly queries: readonly DnsQuery[];
  readonly waitMs: number;
  /** 12 hex digits. */
  readonly tagHex: string;
  /** Whether answers may be longer than 512 bytes (RFC 6891), which few old servers refuse to be told. */
  readonly hasRoom: boolean;
}

/** The command, and how long it may take. Pure. Throws INPUT_INVALID where a name is none. */
export function planNames({ netns, server, queries, waitMs, tagHex, hasRoom }: Asked): {
  readonly argv: Argv;
  readonly timeoutMs: number;
} {
  const payloads = queries.map(({ name, type }, index) => {
    const options = { id: queryIdOf(tagHex, index + 1), family: type === "A" ? 4 : 6 } as const;
    const query = buildQuery(name, options);
    return escapeBytes(hasRoom ? withRoomFor(query, ANSWER_BYTES) : query);
  });
  const words = [NAMES_SCRIPT_NAME, "datagram", server, "53", String(INTERVAL_MS), String(waitMs)];
  const command: Argv = ["sh", "-c", NAMES_SCRIPT, ...words, ...payloads];
  return {
    argv: netns.kind === "path" ? ["nsenter", `--net=${netns.path}`, ...command] : command,
    timeoutMs: queries.length * INTERVAL_MS + waitMs + SLACK_MS,
  };
}

/** One query and what came back; null: nothing did that is an answer. */
export interface NameAnswer extends DnsQuery {
  readonly answer: AddressAnswer | null;
}

const LINE = /^attempt ([0-9]{1,4}) [0-9]{1,20} [0-9-]{1,5} [0-9-]{1,12} reply ([0-9a-f]{1,8192})(?: .*)?$/;
const MOST_CHARS = 1_000_000;

/** What the command said, query by query: somebody else's text. */
export function readNames(
  stdout: string,
  { queries, tagHex }: Pick<Asked, "queries" | "tagHex">,
): NameAnswer[] {
  const replies = new Map<number, Buffer>();
  for (const line of stdout.slice(0, MOST_CHARS).split("\n")) {
    const [, seq = "", hex = ""] = LINE.exec(line) ?? [];
    if (seq !== "" && !replies.has(Number(seq))) replies.set(Number(seq), Buffer.from(hex, "hex"));
  }
  return queries.map((query, index) => {
    const bytes = replies.get(index + 1);
    // Of another's query it may be anything; a shared run's ids are as they were.
    const isOurs =
      bytes !== undefined && bytes.length > 1 && bytes.readUInt16BE(0) === queryIdOf(tagHex, index + 1);
    return { ...query, answer: (isOurs ? parseAddressAnswer(bytes) : undefined) ?? null };
  });
}

/** What came of a host's name: the first whole name of its resolver's order that has an address (getaddrinfo(3)). */
interface FoundName {
  readonly name: string;
  readonly addresses: readonly string[];
  /** There may be more than these: an answer was cut, or did not come. */
  readonly partial: boolean;
}

/** null: none of the names has an address, by answers to all of them; undefined: not all of them were answered. */
export function findName(
  walk: readonly string[],
  answers: readonly NameAnswer[],
): FoundName | null | undefined {
  let isWhole = true;
  for (const name of walk) {
    const own = answers.filter((each) => each.name === name);
    const addresses = [...new Set(own.flatMap(({ answer }) => answer?.addresses ?? []))];
    if (addresses.length > 0) {
      return { name, addresses, partial: own.some(({ answer }) => answer?.truncated !== false) };
    }
    isWhole &&= own.length > 0 && own.every(({ answer }) => answer !== null && isDefinite(answer.rcode));
  }
  return isWhole ? null : undefined;
}

const [NOERROR, NXDOMAIN] = [0, 3];

function isDefinite(rcode: number): boolean {
  return rcode === NOERROR || rcode === NXDOMAIN;
}
