import type { ResolverConfig } from "./resolv-conf.js";
import type { DnsAsk, DnsLookup } from "./asks.js";

/** What a resolver would have come to with these answers. */
export interface Walk {
  /** found: a name has an address; unknown: none is known; empty: one is known and has no address; failed: no answer that counts. */
  readonly result: "found" | "unknown" | "empty" | "failed";
  /** The name that ended it: the one found, or the last. */
  readonly name: string;
  /** Until there: for each name the slower of its two answers; a silence counts as the resolver's own time-out. */
  readonly tookMs: number;
  readonly names: readonly { readonly name: string; readonly tookMs: number }[];
  /** A line for each name that was asked: "web.shop.svc.cluster.local: A NXDOMAIN 1.2 ms, AAAA NXDOMAIN 1.4 ms". */
  readonly lines: readonly string[];
}

/** glibc's walk (res_nsearch): the first name with a record ends it, an unknown one, an empty one or a failure does not. */
export function followWalk(lookups: readonly DnsLookup[], config: ResolverConfig): Walk {
  const byName = new Map<string, DnsLookup[]>();
  for (const lookup of lookups) byName.set(lookup.name, [...(byName.get(lookup.name) ?? []), lookup]);
  const silenceMs = config.timeoutSec * config.attempts * 1000;
  const lines: string[] = [];
  const names: { name: string; tookMs: number }[] = [];
  let [tookMs, name] = [0, ""];
  const seen: DnsLookup[] = [];
  for (const [asked, answers] of byName) {
    name = asked;
    const ms = Math.max(...answers.map((one) => (one.outcome === "none" ? silenceMs : (one.tookMs ?? 0))));
    tookMs += ms;
    names.push({ name, tookMs: ms });
    lines.push(`${asked}: ${answers.map(sayLookup).join(", ")}`);
    seen.push(...answers);
    if (answers.some(({ hasRecord }) => hasRecord)) return { result: "found", name, tookMs, names, lines };
  }
  return { result: resultOf(seen), name, tookMs, names, lines };
}

function resultOf(seen: readonly DnsLookup[]): Walk["result"] {
  if (seen.length === 0 || seen.some(({ said }) => said !== "NXDOMAIN" && said !== "NOERROR"))
    return "failed";
  return seen.some(({ said }) => said === "NOERROR") ? "empty" : "unknown";
}

function sayLookup({ type, said, outcome, hasRecord, truncated, tookMs }: DnsLookup): string {
  const words = outcome === "answered" && said === "NOERROR" && !hasRecord ? "no record" : said;
  return `${type} ${words}${truncated ? " (truncated)" : ""}${tookMs === null ? "" : ` ${sayMs(tookMs)}`}`;
}

export function sayMs(ms: number): string {
  return ms < 10
    ? `${ms.toFixed(1)} ms`
    : ms < 10_000
      ? `${Math.round(ms)} ms`
      : `${Math.round(ms / 1000)} s`;
}

/** "10.96.0.10 over UDP: web.shop.svc.cluster.local A NXDOMAIN 1.2 ms, …". */
export function sayAsk({ server, transport, lookups }: DnsAsk): string {
  const said = lookups.map((lookup) => `${lookup.name} ${sayLookup(lookup)}`).join("; ");
  return `${server} over ${transport.toUpperCase()}: ${said || "nothing was asked"}`;
}

/** What the pod's resolver comes to for the name, by its first server's answers. */
export function walkOf(asks: readonly DnsAsk[], config: ResolverConfig): Walk {
  const [first] = config.nameservers;
  const own = asks.filter((ask) => ask.server === first && ask.from === "pod" && ask.transport === "udp");
  return followWalk(
    own.flatMap(({ lookups }) => lookups),
    config,
  );
}
