import { ipVersion, type Family } from "../../linux/address.js";
import type { ResolverConfig } from "../../traffic/index.js";

/** `both` leaves it to the pod's resolver, which asks for both and asks servers of either. */
const FAMILIES = { both: null, "4": 4, "6": 6, ipv4: 4, ipv6: 6 } as const;

export type FamilyChoice = keyof typeof FAMILIES;

export const familySchema = { enum: Object.keys(FAMILIES), default: "both" } as const;

/** null: both. */
export function familyOf(choice: FamilyChoice | undefined): Family | null {
  return FAMILIES[choice ?? "both"];
}

/** The servers of one family alone; all of them where none is of it, since a server of either knows A and AAAA. */
export function keepFamily(config: ResolverConfig, family: Family | null): ResolverConfig {
  const { nameservers } = config;
  const kept = nameservers.filter((ip) => family === null || ipVersion(ip) === family);
  if (kept.length === 0 || kept.length === nameservers.length) return config;
  return { ...config, nameservers: kept, leftOut: nameservers.filter((ip) => !kept.includes(ip)) };
}
