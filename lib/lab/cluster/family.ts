import { ipVersion, type Family } from "../../linux/address.js";

/** What tools call an IP family, and what the lab's addresses of it are. */
interface FamilyWords {
  readonly family: Family;
  /** Of ip(8), before what it is to do. */
  readonly ip: readonly string[];
  readonly iptables: string;
  /** nftables' word for its header, its tables, and its EtherType. */
  readonly nft: "ip" | "ip6";
  readonly hostBits: number;
  readonly underlayBits: number;
  /** The operator's address on the underlay: the nodes' default gateway. */
  readonly operator: string;
  /** By the last number of an address. */
  readonly node: (last: number) => string;
  readonly service: (last: number) => string;
  /** Of Services, beyond the cluster: nobody has them but the nodes' rules. */
  readonly external: (last: number) => string;
}

export const FAMILIES: Readonly<Record<Family, FamilyWords>> = {
  4: {
    ...{ family: 4, ip: ["ip"], iptables: "iptables", nft: "ip", hostBits: 32, underlayBits: 24 },
    operator: "10.77.0.1",
    node: (last) => `10.77.0.${String(last)}`,
    service: (last) => `10.96.0.${String(last)}`,
    external: (last) => `198.51.100.${String(last)}`,
  },
  6: {
    ...{ family: 6, ip: ["ip", "-6"], iptables: "ip6tables", nft: "ip6", hostBits: 128, underlayBits: 64 },
    operator: "fd00:77::1",
    node: (last) => `fd00:77::${String(last)}`,
    service: (last) => `fd00:96::${String(last)}`,
    external: (last) => `2001:db8:100::${String(last)}`,
  },
};

/** Of the family of an address or a prefix. */
export function wordsOf(address: string): FamilyWords {
  const [ip = ""] = address.split("/");
  return FAMILIES[ipVersion(ip)];
}

/** An address as the prefix that it is alone in. */
export function asHost(ip: string): string {
  return `${ip}/${String(wordsOf(ip).hostBits)}`;
}
