import type { DnsLookup } from "./asks.js";
import type { Asked, DnsEvidence, DnsVerdict } from "./verdict.js";
import { sayServer, whereOf } from "./words.js";

/** Why some queries are answered and others not. */
export function judgePartial(
  ip: string,
  { given, udp, missing, say }: Asked & { readonly missing: readonly DnsLookup[] },
): DnsVerdict {
  const server = sayServer(ip, given);
  const ofType = (type: string): readonly DnsLookup[] => udp.filter((one) => one.type === type);
  const isSilent = (type: string): boolean =>
    ofType(type).length > 0 && ofType(type).every(({ outcome }) => outcome === "none");
  const where = whereOf(ip, given, "udp")?.text ?? "";
  if (isSilent("AAAA") && !ofType("A").some(({ outcome }) => outcome === "none")) {
    const cost = given.config.timeoutSec * given.config.attempts;
    return say(
      "aaaa-dropped",
      where === "" ? "server" : "network",
      `A queries to ${server} are answered, AAAA queries never: each lookup waits up to ${cost} s for them${where}`,
    );
  }
  const silent = where === "" ? findSilentNames(udp) : [];
  if (silent.length > 0 && isSilentNearby(silent, given)) {
    const names = silent.slice(0, 3).join(", ");
    return say(
      "upstream-silent",
      "server",
      `${server} answers for what it knows itself, and never for ${names}: the upstream that it asks for them does not answer`,
    );
  }
  return say(
    "answers-lost",
    where === "" ? null : "network",
    `${missing.length} of ${udp.length} queries to ${server} got no answer${where}`,
  );
}

/** Names of which no query was answered, where each other name's all were: chance loses queries of any name. */
function findSilentNames(udp: readonly DnsLookup[]): readonly string[] {
  const missing = new Set(udp.flatMap(({ name, outcome }) => (outcome === "none" ? [name] : [])));
  return udp.some(({ name, outcome }) => outcome !== "none" && missing.has(name)) ? [] : [...missing];
}

/** Whether the servers behind, asked on their own nodes, are silent for the same names; without such asks nobody denies it. */
function isSilentNearby(names: readonly string[], { asks }: DnsEvidence): boolean {
  const near = asks
    .filter(({ from, role }) => from === "node" && role === "endpoint")
    .flatMap(({ lookups }) => lookups)
    .filter(({ name }) => names.includes(name));
  return near.every(({ outcome }) => outcome === "none");
}
