import { basename, resolve } from "node:path";
import type { EvidenceHop } from "../model/evidence.js";
import { LINKTYPE } from "../packets/linktype.js";
import { openCapture } from "../packets/open.js";
import { listPlaces, type Place } from "../packets/places.js";
import type { FilePlace } from "./file-order.js";
import { findWays } from "./ways.js";

/** So many devices of one file are places of their own: each is read for itself. */
export const MOST_DEVICES = 32;

/** The hops of bare captures. */
export interface BarePlaces {
  /** Ways through them. */
  readonly paths: readonly (readonly EvidenceHop[])[];
  /** Those that are one of several devices in a file, by the hop's id. */
  readonly devices: ReadonlyMap<string, number>;
  /** What of the files is not looked at, in words. */
  readonly leftOut: readonly string[];
}

/** Where a file was captured, where that is known. */
export type KnownHop = Pick<EvidenceHop, "node" | "role" | "interface" | "mtuBytes">;

interface PlaceOfFile extends FilePlace {
  readonly name: string | null;
  /** Index of the file. */
  readonly file: number;
}

/**
 * What the places of captures are: each file one, of the path in their order; but where a file shows several devices
 * (`tcpdump -i any`, pcapng), each of these is one, and the packets say how they lie. `links` is what `ip -j link` printed
 * on the node of each file, for the names of devices that a file knows by their index; of a single one for all of them.
 * `known`, by file, is where one was captured.
 * Throws what opening a capture throws.
 */
export function describePlaces(
  files: readonly string[],
  links: readonly string[] = [],
  known: readonly (KnownHop | null)[] = [],
): BarePlaces {
  const found = files.map((path, file) => ({
    ...{ path, file },
    devices: findDevices(path, links.length === 1 ? links[0] : links[file]),
  }));
  if (found.every(({ devices }) => devices.length < 2))
    return {
      paths: [files.map((file, index) => ({ ...describeHop(file, index, null), ...known[index] }))],
      devices: new Map(),
      leftOut: [],
    };
  const places = found.flatMap(({ path, file, devices }): PlaceOfFile[] => {
    if (devices.length < 2) return [{ path, file, device: null, name: null }];
    const busiest = devices.toSorted((a, b) => b.packets - a.packets).slice(0, MOST_DEVICES);
    return busiest.map(({ interfaceIndex: device, name }) => ({
      ...{ path, file, device },
      name: name ?? (device < 0 ? "no interface" : `interface ${device}`),
    }));
  });
  const hops = places.map(({ path, file, name }, index) => {
    const hop = describeHop(path, file, name);
    const own = name === null ? known[file] : null;
    return { ...hop, ...own, id: `${index}.${own?.interface ?? hop.interface}` };
  });
  return {
    paths: findWays(places).map((way) => way.map((place, index) => ({ ...hops[place]!, index }))),
    devices: new Map(
      places.flatMap(({ device }, index) => (device === null ? [] : [[hops[index]!.id, device]])),
    ),
    leftOut: found
      .filter(({ devices }) => devices.length > MOST_DEVICES)
      .map(
        ({ path, devices }) =>
          `Of the ${devices.length} devices in ${basename(path)} only the ${MOST_DEVICES} with the most packets are looked at`,
      ),
  };
}

/** What a file shows of devices; none where it cannot tell them apart: then it is not read for that. */
export function findDevices(file: string, links: string | undefined): readonly Place[] {
  const reader = openCapture(file);
  reader.close();
  const isOfOne = reader.linktype >= 0 && reader.linktype !== LINKTYPE.LINUX_SLL2;
  return isOfOne ? [] : listPlaces(file, links === undefined ? {} : { links });
}

/** A file is of a node of its own: nothing says which one it came from, nor that two share a clock. */
function describeHop(file: string, index: number, device: string | null): EvidenceHop {
  const name = device ?? basename(file);
  return {
    index,
    id: `${index}.${name}`,
    node: `file ${index + 1}`,
    role: "nic",
    interface: name,
    mtuBytes: null,
    encapsulation: { kind: "none" },
    pcap: resolve(file),
  };
}
