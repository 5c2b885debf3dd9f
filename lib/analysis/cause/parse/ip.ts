import { recordsOf, numberOf, parseJson, textOf, textsOf } from "../../../linux/json.js";

/** `ip -j -s -d link show`, as far as a loss needs it. */
export interface Link {
  readonly name: string;
  readonly up: boolean;
  readonly mtuBytes: number | null;
  readonly mac: string | null;
}

export function parseLinks(text: string): Link[] {
  return recordsOf(parseJson(text)).map((link) => {
    const flags = textsOf(link["flags"]);
    const state = textOf(link["operstate"]);
    return {
      name: textOf(link["ifname"]) ?? "",
      up:
        flags.includes("UP") &&
        !flags.includes("NO-CARRIER") &&
        state !== "DOWN" &&
        state !== "LOWERLAYERDOWN",
      mtuBytes: numberOf(link["mtu"]),
      mac: textOf(link["address"])?.toLowerCase() ?? null,
    };
  });
}

/** `ip -j neigh show dev D`. */
export interface Neighbour {
  readonly ip: string;
  readonly mac: string | null;
  readonly states: readonly string[];
}

export function parseNeighbours(text: string): Neighbour[] {
  return recordsOf(parseJson(text)).map((entry) => ({
    ip: textOf(entry["dst"]) ?? "",
    mac: textOf(entry["lladdr"])?.toLowerCase() ?? null,
    states: textsOf(entry["state"]),
  }));
}

/** `bridge -j fdb show dev D`. */
export interface FdbEntry {
  readonly mac: string;
  readonly destination: string | null;
}

export function parseFdb(text: string): FdbEntry[] {
  return recordsOf(parseJson(text)).map((entry) => ({
    mac: textOf(entry["mac"])?.toLowerCase() ?? "",
    destination: textOf(entry["dst"]),
  }));
}

/** `ip -j route get …`. */
export interface Route {
  readonly device: string | null;
}

export function parseRoutes(text: string): Route[] {
  return recordsOf(parseJson(text)).map((route) => ({ device: textOf(route["dev"]) }));
}
