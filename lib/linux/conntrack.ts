import { canonicalIp } from "./address.js";
import { linesOf, wordsOf } from "./lines.js";

/** One way of a connection, as the kernel tells its packets by. */
interface Tuple {
  readonly source: string;
  readonly destination: string;
  /** null for protocols without ports. */
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** Of ICMP echoes. */
  readonly icmpId: number | null;
  /** With net.netfilter.nf_conntrack_acct. */
  readonly packets: number | null;
  readonly bytes: number | null;
}

/** An entry of the connection tracking table. */
export interface Connection {
  readonly protocol: string;
  /** Until it is forgotten; null for one that is offloaded. */
  readonly timeoutSec: number | null;
  /** ESTABLISHED, SYN_SENT, TIME_WAIT…; null for protocols without states. */
  readonly state: string | null;
  readonly original: Tuple;
  /** What answers look like: where it is not the original turned round, an address was translated. */
  readonly reply: Tuple;
  /** UNREPLIED, ASSURED, OFFLOAD, HW_OFFLOAD… */
  readonly flags: readonly string[];
  readonly mark: number | null;
  readonly zone: number | null;
}

/** `conntrack -L` with or without `-o extended`, and /proc/net/nf_conntrack. Lines that are cut are passed over. */
export function parseConntrack(text: string): Connection[] {
  return linesOf(text)
    .map(parseLine)
    .filter((connection) => connection !== null);
}

function parseLine(line: string): Connection | null {
  const words = wordsOf(line);
  // Extended lines begin with the network protocol's name and number.
  const rest = /^ipv[46]$/.test(words[0] ?? "") ? words.slice(2) : words;
  const [protocol = "", , ...more] = rest;
  const fields = more.filter((word) => word.includes("=")).map(splitField);
  const second = fields.findIndex(([key], index) => key === "src" && index > 0);
  if (second < 0) return null;
  const original = readTuple(new Map(fields.slice(0, second)));
  const answers = new Map(fields.slice(second).reverse());
  const reply = readTuple(answers);
  if (original === null || reply === null) return null;
  const plain = more.filter((word) => !word.includes("=") && !word.startsWith("["));
  return {
    protocol,
    timeoutSec: numberOf(plain[0]),
    state: plain.find((word) => /^[A-Z][A-Z_0-9]*$/.test(word)) ?? null,
    original,
    reply,
    flags: more.flatMap((word) => /^\[([A-Z_]+)\]$/.exec(word)?.[1] ?? []),
    mark: numberOf(answers.get("mark")),
    zone: numberOf(answers.get("zone")),
  };
}

function splitField(word: string): [string, string] {
  const at = word.indexOf("=");
  return [word.slice(0, at), word.slice(at + 1)];
}

function readTuple(fields: ReadonlyMap<string, string>): Tuple | null {
  const source = canonicalIp(fields.get("src") ?? "");
  const destination = canonicalIp(fields.get("dst") ?? "");
  if (source === undefined || destination === undefined) return null;
  const of = (key: string): number | null => numberOf(fields.get(key));
  return {
    ...{ source, destination, sourcePort: of("sport"), destinationPort: of("dport") },
    ...{ icmpId: of("id"), packets: of("packets"), bytes: of("bytes") },
  };
}

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
}
