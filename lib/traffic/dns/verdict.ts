import type { BreakLocation } from "../../model/steps.js";
import type { DnsAsk } from "./asks.js";
import type { ResolverConfig } from "./resolv-conf.js";

export type DnsFaultCode =
  | "no-nameserver"
  | "wrong-nameserver"
  | "nobody-listens"
  | "service-not-translated"
  | "query-dropped"
  | "reply-dropped"
  | "server-silent"
  | "no-answer"
  | "endpoint-dead"
  | "aaaa-dropped"
  | "answers-lost"
  | "tcp-blocked"
  | "servfail"
  | "refused"
  | "server-error"
  | "name-unknown"
  | "name-without-address"
  | "slow"
  | "none";

export interface DnsVerdict {
  readonly code: DnsFaultCode;
  /** What is at fault; null: nothing is, or nobody can tell. */
  readonly fault: "name" | "server" | "network" | "resolver" | null;
  /** One sentence for people. */
  readonly summary: string;
  readonly evidence: readonly string[];
}

export interface DnsServer {
  readonly ip: string;
  readonly role: "nameserver" | "reference";
  /** `namespace/name` of the Service that it is; null where it is none that is known. */
  readonly service: string | null;
  /** Addresses behind it. */
  readonly endpoints: readonly string[];
}

export interface DnsEvidence {
  readonly name: string;
  readonly config: ResolverConfig;
  readonly servers: readonly DnsServer[];
  readonly asks: readonly DnsAsk[];
  readonly breaks: readonly BreakLocation[];
}
