import { canonicalIp } from "./address.js";
import { isInterfaceName } from "./interface-name.js";
import { integerOf, parseJson, recordsOf, textOf, textsOf } from "./json.js";
import { canonicalMac } from "./mac.js";

/** `bridge -j fdb show [dev D]`: bridge(8). */
export interface FdbEntry {
  readonly mac: string;
  readonly dev: string | null;
  /** The far end of a tunnel; null for entries that name a port. */
  readonly dst: string | null;
  readonly vlan: number | null;
  /** UDP port, VNI and source VNI where they are not the device's. */
  readonly port: number | null;
  readonly vni: number | null;
  readonly sourceVni: number | null;
  readonly nexthopId: number | null;
  readonly master: string | null;
  /** permanent, static, stale; null for one that was learnt. */
  readonly state: string | null;
  /** self, extern_learn, offload, sticky… */
  readonly flags: readonly string[];
}

export function parseFdb(text: string): FdbEntry[] {
  return recordsOf(parseJson(text)).flatMap((entry) => {
    const mac = canonicalMac(textOf(entry, "mac"));
    const dev = textOf(entry, "ifname") ?? textOf(entry, "dev");
    if (mac === null) return [];
    return [
      {
        mac,
        dev: dev !== null && isInterfaceName(dev) ? dev : null,
        dst: canonicalIp(textOf(entry, "dst") ?? "") ?? null,
        vlan: integerOf(entry, "vlan"),
        port: integerOf(entry, "port"),
        vni: integerOf(entry, "vni"),
        sourceVni: integerOf(entry, "src_vni"),
        nexthopId: integerOf(entry, "nhid"),
        master: textOf(entry, "master"),
        state: textOf(entry, "state"),
        flags: textsOf(entry, "flags"),
      },
    ];
  });
}
