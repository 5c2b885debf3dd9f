import { createHash } from "node:crypto";

export type Protocol = "icmp" | "udp" | "tcp";
export type ProbeKind =
  "ping" | "ping-large" | "udp" | "dns-udp" | "dns-tcp" | "tcp-connect" | "http" | "https" | "tls";

/**
 * The 6 bytes that mark one probe's packets, as 12 hex digits: the run's tag with the flow's id mixed in, so
 * that two flows of a run between the same ends are told apart too.
 */
export function tagOf(runTag: string, flowId: string): string {
  return createHash("sha256").update(`${runTag}\n${flowId}`).digest("hex").slice(0, 12);
}

/** Of the probes by which a trigger waits, whose flow is no other step's. */
export const TRIGGER_FLOW = "trigger";
