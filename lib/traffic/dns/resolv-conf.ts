import { canonicalIp } from "../../linux/address.js";
import { isQueryName } from "../payloads.js";

/** What a pod's resolver goes by: resolv.conf(5). */
export interface ResolverConfig {
  /** At most three, in their order, and those that are addresses alone. */
  readonly nameservers: readonly string[];
  /** Those of the other family, where one was chosen. */
  readonly leftOut?: readonly string[];
  readonly search: readonly string[];
  readonly ndots: number;
  /** How long the resolver waits for each answer, and how often it asks each server. */
  readonly timeoutSec: number;
  readonly attempts: number;
}

/** glibc's MAXNS; what is behind them is not asked. */
const MAX_NAMESERVERS = 3;
/** A kubelet takes 32 since 1.26. */
const MAX_SEARCH = 32;
const DOMAIN = /^\.?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})$/;

/** The last `search` or `domain` counts, the last of each option too. What is no such line is passed by. */
export function parseResolvConf(text: string): ResolverConfig {
  const nameservers: string[] = [];
  let search: readonly string[] = [];
  const options = new Map<string, number>();
  for (const line of text.slice(0, 65_536).split("\n")) {
    const [word, ...values] = line.trim().split(/\s+/);
    if (word === "nameserver") {
      const ip = canonicalIp(values[0] ?? "");
      if (ip !== undefined && nameservers.length < MAX_NAMESERVERS) nameservers.push(ip);
    } else if (word === "search" || word === "domain") {
      const domains = values.filter((value) => DOMAIN.test(value)).slice(0, MAX_SEARCH);
      search = domains.map((domain) => domain.replace(/^\.|\.$/g, "")).filter((domain) => domain !== "");
    } else if (word === "options") {
      for (const value of values) {
        const [, key = "", number = ""] = /^([a-z]{1,20}):([0-9]{1,4})$/.exec(value) ?? [];
        if (key !== "") options.set(key, Number(number));
      }
    }
  }
  return {
    ...{ nameservers, search },
    ndots: Math.min(options.get("ndots") ?? 1, 15),
    timeoutSec: Math.min(options.get("timeout") ?? 5, 30),
    attempts: Math.min(options.get("attempts") ?? 2, 5),
  };
}

/**
 * The whole names that a resolver asks for one after the other until one has an address: glibc's order, which is musl's
 * too where the name has fewer dots than `ndots`. At most `most`; a name with a dot behind it is whole already. A search
 * domain that makes no name is passed by, as resolvers do.
 */
export function searchWalk(
  name: string,
  { search, ndots }: Pick<ResolverConfig, "search" | "ndots">,
  most = 12,
): readonly string[] {
  const bare = name.replace(/\.$/, "");
  if (bare !== name) return [bare];
  const searched = search.map((domain) => `${bare}.${domain}`).filter(isQueryName);
  const dots = bare.split(".").length - 1;
  const walk = dots >= ndots ? [bare, ...searched] : [...searched, bare];
  const kept = [...new Set(walk)];
  // The name as it is belongs to the walk, however long that is.
  return kept.length <= most ? kept : [...new Set([...kept.slice(0, most - 1), bare])];
}
