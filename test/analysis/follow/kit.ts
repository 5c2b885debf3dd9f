import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { follow, type Followed, type FollowInput } from "../../../lib/analysis/follow/follow.js";
import type { Flow } from "../../../lib/analysis/follow/flow.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { ethernet, ip, pcap, tcp, type PcapRecord, type TcpOptions } from "../helpers/packets.js";
import { START_US } from "../helpers/run.js";

export const CLIENT = "10.0.0.1";
export const SERVER = "10.0.0.2";

/** What one place showed: IP packets, each some µs after the start. */
export type Shown = readonly (readonly [atUs: number, packet: Uint8Array])[];

/** Follows what places showed, all of one node. `behind` is what stands behind a file's packets, by place. */
export function followed(
  test: { testdir(): string },
  places: readonly Shown[],
  { behind = {}, ...more }: Partial<FollowInput> & { behind?: Readonly<Record<number, Uint8Array>> } = {},
): Followed {
  const dir = test.testdir();
  const captures = places.map((shown, place) => {
    const path = join(dir, `${place}.pcap`);
    const records = shown.map(([atUs, packet]): PcapRecord => ({
      timeUs: START_US + atUs,
      bytes: ethernet(packet),
    }));
    writeFileSync(path, Buffer.concat([pcap(records), behind[place] ?? Buffer.alloc(0)]));
    return {
      ...{ node: "n", pcap: `${place}.pcap`, path, encapsulation: { kind: "none" } as const },
      ...{ listeningUs: null, stoppedUs: null },
    };
  });
  return follow({ captures, targets: [], ...more });
}

/** A direction's ways: the places that showed packets, those that showed any of their bytes otherwise, and how many. */
export function ways({ sets }: Followed, flow: Flow | undefined, direction: 0 | 1): readonly string[] {
  const list = flow?.records[direction].ways ?? [];
  return list
    .map(({ set, elsewhere, packets }) => {
      const others = sets.placesOf(elsewhere.any);
      return `${packets} at ${sets.placesOf(set).join()}${others.length === 0 ? "" : `, cut otherwise at ${others.join()}`}`;
    })
    .sort();
}

/** A segment from the client (port 40000) to the server (port 80), or back. */
export function segment(
  isRequest: boolean,
  o: Partial<TcpOptions> & { readonly id?: number; readonly bytes?: number },
): Buffer {
  const { id = 0, bytes = 0, ...header } = o;
  const [source, destination] = isRequest ? [CLIENT, SERVER] : [SERVER, CLIENT];
  const [sourcePort, destinationPort] = isRequest ? [40_000, 80] : [80, 40_000];
  const payload = Buffer.alloc(bytes, 7);
  return ip({ source, destination, protocol: 6, id }, tcp({ sourcePort, destinationPort, seq: 0, ...header }, payload)); // prettier-ignore
}

/** A packet with some of its fields set. */
export function packetOf(fields: Partial<Packet>): Packet {
  return Object.assign(new Packet(), { version: 4, protocol: 17, source0: 1, destination0: 2, ...fields });
}
