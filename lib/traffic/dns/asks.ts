import type { ProbeAttempt, ProbeRecord } from "../../model/evidence.js";
import type { DnsQuery } from "../check.js";

/** One query and what came of it. */
export interface DnsLookup extends DnsQuery {
  /** `none`: no answer in time; `refused`: an ICMP error, a TCP RST; `error`: it could not be sent. */
  readonly outcome: "answered" | "refused" | "none" | "error";
  /** "NOERROR", "NXDOMAIN"; of what was not answered why. */
  readonly said: string;
  /** Whether a record came with it; what is over TCP as well. */
  readonly hasRecord: boolean;
  /** Cut to what fits a datagram: to be asked over TCP. */
  readonly truncated: boolean;
  readonly tookMs: number | null;
}

/** What one server was asked from one place. */
export interface DnsAsk {
  /** The flow that was followed, where it was. */
  readonly flowId: string | null;
  /** The pod's network namespace, or a node's own. */
  readonly from: "pod" | "node";
  readonly node: string;
  readonly server: string;
  /** One of resolv.conf; a pod behind it; the cluster's own, which resolv.conf does not name. */
  readonly role: "nameserver" | "endpoint" | "reference";
  readonly transport: "udp" | "tcp";
  readonly lookups: readonly DnsLookup[];
  /** Why less was asked than was meant to be; null: all was. */
  readonly error: string | null;
}

export function readLookups(queries: readonly DnsQuery[], { attempts }: ProbeRecord): DnsLookup[] {
  return attempts.flatMap((attempt) => {
    const query = queries[attempt.seq - 1];
    return query === undefined ? [] : [{ ...query, ...readAttempt(attempt) }];
  });
}

const OUTCOMES = { answered: "answered", refused: "refused", timeout: "none", error: "error" } as const;

function readAttempt({ outcome, detail, rttMs }: ProbeAttempt): Omit<DnsLookup, keyof DnsQuery> {
  const [said = "", more = ""] = detail.split(", ");
  // Over TCP a connection that was made and is silent says it in two parts.
  const whole = outcome === "answered" ? said : detail;
  const truncated = more === "truncated";
  const hasRecord = outcome === "answered" && said === "NOERROR" && more !== "no record";
  return { outcome: OUTCOMES[outcome], said: whole, hasRecord, truncated, tookMs: rttMs };
}
