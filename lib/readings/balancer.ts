import { canonicalIp } from "../linux/address.js";
import { parseProcIpvs, type IpvsService } from "../linux/ipvs.js";
import type { FlowAddress } from "../model/evidence.js";
import type { Protocol } from "../model/traffic.js";
import type { Netns, Reading, StateReader } from "./reader.js";

/** What a node's load balancer (IPVS) has of an address; undefined where it has nothing, or was not read. */
export interface Balanced {
  readonly reading: Reading;
  /** Of all ports and protocols of the address. */
  readonly ofAddress: readonly IpvsService[];
  /** Of the one that is asked for; null: it has others only. */
  readonly service: IpvsService | null;
}

export function readBalancer(
  state: StateReader,
  at: Netns,
  { ip, port, protocol }: FlowAddress & { readonly protocol: Protocol },
): Balanced | undefined {
  const [reading] = state.readings(at, "ipvs");
  const wanted = canonicalIp(ip);
  const ofAddress = parseProcIpvs(reading?.text ?? "").filter((one) => one.ip === wanted);
  if (reading === undefined || ofAddress.length === 0 || protocol === "icmp") return undefined;
  // Port 0 takes all ports of a persistent service.
  const service =
    ofAddress.find((one) => one.protocol === protocol && (one.port === port || one.port === null)) ?? null;
  return { reading, ofAddress, service };
}
