import type { BreakLocation } from "../../model/steps.js";
import type { DnsAsk, DnsLookup } from "./asks.js";
import type { ResolverConfig } from "./resolv-conf.js";

export type DnsFaultCode =
  | "no-nameserver"
  | "wrong-nameserver"
  | "nobody-listens"
  | "service-not-translated"
  | "query-dropped"
  | "reply-dropped"
  | "server-silent"
  | "node-local-down"
  | "no-endpoints"
  | "no-answer"
  | "endpoint-dead"
  | "aaaa-dropped"
  | "answers-lost"
  | "tcp-blocked"
  | "upstream-silent"
  | "servfail"
  | "refused"
  | "server-error"
  | "name-unknown"
  | "name-without-address"
  | "slow"
  | "slow-search"
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
  /** Of the pod's own node, the device that has the address; null: none has it. Absent: nobody looked. */
  readonly device?: string | null;
  /** Why nobody knows whether it is a Service, and who is behind it. Absent: it is known. */
  readonly unread?: string;
}

export interface DnsEvidence {
  readonly name: string;
  readonly config: ResolverConfig;
  readonly servers: readonly DnsServer[];
  readonly asks: readonly DnsAsk[];
  readonly breaks: readonly BreakLocation[];
}

/** One server of the pod's, what it was asked over UDP, and how a verdict on it is made. */
export interface Asked {
  readonly given: DnsEvidence;
  readonly udp: readonly DnsLookup[];
  readonly say: (code: DnsFaultCode, fault: DnsVerdict["fault"], summary: string) => DnsVerdict;
}
