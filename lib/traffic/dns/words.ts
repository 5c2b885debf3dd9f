import type { HopRef } from "../../model/findings.js";
import type { BreakLocation } from "../../model/steps.js";
import type { ResolverConfig } from "./resolv-conf.js";
import type { DnsEvidence } from "./verdict.js";

interface Where {
  readonly direction: "request" | "reply" | null;
  readonly status: BreakLocation["status"];
  readonly text: string;
}

/** Where the followed flow to a server, or to one behind it, breaks. */
export function whereOf(
  ip: string,
  { asks, breaks, servers }: DnsEvidence,
  transport: "udp" | "tcp",
): Where | null {
  const behind = new Set([ip, ...(servers.find((server) => server.ip === ip)?.endpoints ?? [])]);
  const ids = new Set(
    asks.filter((ask) => behind.has(ask.server) && ask.transport === transport).map(({ flowId }) => flowId),
  );
  const found = breaks.filter(({ flowId, status }) => ids.has(flowId) && status !== "delivered");
  const broken = found.find(({ status }) => status === "lost") ?? found[0];
  if (broken === undefined) return null;
  const { status, direction, lastSeen, firstMissing } = broken;
  if (status !== "lost" || lastSeen === null || firstMissing === null)
    return { direction: null, status, text: "" };
  return {
    direction,
    status,
    text: `: last seen at ${sayHop(lastSeen)}, missing at ${sayHop(firstMissing)}`,
  };
}

function sayHop({ node, interface: name, role }: HopRef): string {
  return `${node} ${name} (${role})`;
}

export function sayServer(ip: string, { servers }: DnsEvidence): string {
  const service = servers.find((server) => server.ip === ip)?.service ?? null;
  return service === null ? ip : `${ip} (${service})`;
}

export function sayConfig({ nameservers, leftOut = [], search, ndots }: ResolverConfig): string {
  const others = leftOut.length === 0 ? "" : ` (and ${leftOut.join(" ")}, left out)`;
  return `nameserver ${nameservers.join(" ")}${others}, search ${search.join(" ") || "nothing"}, ndots ${ndots}`;
}

/** What could not be read of the servers. */
export function sayUnread({ servers }: DnsEvidence): string[] {
  return servers.flatMap(({ ip, unread }) =>
    unread === undefined ? [] : [`Whether ${ip} is a Service, and who is behind it, is not known: ${unread}`],
  );
}

/** What others said: each server that was asked directly, and from where. */
export function sayDirect({ asks }: DnsEvidence): string[] {
  return asks
    .filter(({ from, role, lookups }) => (from === "node" || role !== "nameserver") && lookups.length > 0)
    .map(({ from, node, server, transport, lookups }) => {
      const counts = new Map<string, number>();
      for (const { said } of lookups) counts.set(said, (counts.get(said) ?? 0) + 1);
      const words = [...counts].map(([said, count]) => `${count} × ${said}`).join(", ");
      return `${server} asked directly from ${from === "pod" ? "the pod" : node} over ${transport.toUpperCase()}: ${words}`;
    });
}
