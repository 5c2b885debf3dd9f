import type { DnsLookup } from "./asks.js";
import type { Asked, DnsEvidence, DnsVerdict } from "./verdict.js";
import { sayMs, type Walk } from "./walk.js";
import { sayServer } from "./words.js";

/** A walk that takes longer is slow. */
const SLOW_MS = 1000;
/** What a server answers so many times as fast as its slowest answer it knows itself. */
const OWN_FACTOR = 10;

/** What is wrong with answers that all came. */
export function judgeAnswers(
  ip: string,
  { given, walk, say, udp }: Asked & { readonly walk: Walk },
): DnsVerdict {
  const { name } = given;
  const server = sayServer(ip, given);
  const names = `${walk.lines.length} name${walk.lines.length === 1 ? "" : "s"}`;
  const took = sayMs(walk.tookMs);
  if (walk.result === "found") {
    if (walk.tookMs > SLOW_MS) return judgeSlow(server, { given, walk, say, udp });
    return say("none", null, `${server} finds ${name} as ${walk.name} after ${names} and ${took}`);
  }
  const known = findReference(ip, given);
  if (known !== null) {
    return say(
      "wrong-nameserver",
      "resolver",
      `resolv.conf names ${ip}, which does not know ${name}; ${known}`,
    );
  }
  const bad = udp.find(({ said }) => said !== "NOERROR" && said !== "NXDOMAIN");
  if (bad !== undefined) {
    const code = bad.said === "SERVFAIL" ? "servfail" : bad.said === "REFUSED" ? "refused" : "server-error";
    const why = WHY[code];
    return say(code, "server", `${server} answers ${bad.said} for ${bad.name} ${bad.type}: ${why}`);
  }
  if (walk.result === "empty") {
    const empty = udp.find(({ said }) => said === "NOERROR")?.name ?? walk.name;
    const [type, ...more] = new Set(udp.map((one) => one.type));
    const what = more.length > 0 ? "neither an A nor an AAAA record" : `no ${type ?? ""} record`;
    return say("name-without-address", "name", `${server} knows ${empty}, which has ${what}`);
  }
  const each = walk.names.map(({ name: asked, tookMs }) => `${asked} ${sayMs(tookMs)}`).join(", ");
  return say(
    "name-unknown",
    "name",
    `${server} does not know ${name}: NXDOMAIN for all of ${names} that the pod asks for (${each}), in ${took}`,
  );
}

const WHY = {
  servfail: "it failed to find out, as where its own upstream does not answer",
  refused: "it does not answer this for whoever asks",
  "server-error": "it could not make an answer",
} as const;

/** The cluster's own server, where resolv.conf names none that is one and it has an address for one of the names. */
function findReference(ip: string, given: DnsEvidence): string | null {
  if (given.servers.find((server) => server.ip === ip)?.service != null) return null;
  for (const { role, server, lookups } of given.asks) {
    const found = role === "reference" ? lookups.find(({ hasRecord }) => hasRecord) : undefined;
    if (found !== undefined) return `${sayServer(server, given)} does, as ${found.name}`;
  }
  return null;
}

function judgeSlow(server: string, { given, walk, say, udp }: Asked & { readonly walk: Walk }): DnsVerdict {
  const { name, config } = given;
  const before = walk.names.slice(0, -1);
  const spentMs = before.reduce((sum, { tookMs }) => sum + tookMs, 0);
  const last = walk.tookMs - spentMs;
  const upstream = sayUpstream(udp);
  if (spentMs > last) {
    const [slowest] = before.toSorted((one, other) => other.tookMs - one.tookMs);
    return say(
      "slow-search",
      "resolver",
      `${server} finds ${name} as ${walk.name} only after ${sayMs(walk.tookMs)}: ${sayMs(spentMs)} of them go to the ${before.length} names of the search domains that ndots ${config.ndots} puts before it, the slowest ${slowest?.name ?? ""} with ${sayMs(slowest?.tookMs ?? 0)}${upstream}`,
    );
  }
  const slowest = udp.toSorted((one, other) => (other.tookMs ?? 0) - (one.tookMs ?? 0))[0];
  const names = `${walk.lines.length} name${walk.lines.length === 1 ? "" : "s"}`;
  return say(
    "slow",
    "server",
    `${server} finds ${name} as ${walk.name} after ${names} and ${sayMs(walk.tookMs)}, ${sayMs(slowest?.tookMs ?? 0)} of them for ${slowest?.name ?? ""} ${slowest?.type ?? ""}${upstream}`,
  );
}

/** Where some answers come at once and others don't, it is what the server asks in its turn that is slow. */
function sayUpstream(udp: readonly DnsLookup[]): string {
  const times = udp.flatMap(({ tookMs }) => tookMs ?? []);
  const [least, most] = [Math.min(...times), Math.max(...times)];
  if (least * OWN_FACTOR > most) return "";
  return `; it answers what it knows itself within ${sayMs(least)}: its upstream is slow`;
}
