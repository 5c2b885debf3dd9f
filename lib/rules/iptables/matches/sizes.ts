import type { Test } from "../../chain.js";
import { isWithin, parseNumber, parseRange } from "../../numbers.js";
import { ofKnown } from "../../truth.js";
import type { MatchFamily } from "./family.js";

/** Whatever a packet's IP header says in a number. */
export const length: MatchFamily = {
  names: ["length"],
  options: {
    "--length": ([text = ""]) => {
      const range = parseRange(text);
      if (range === undefined) return null;
      return ({ packet }) => ofKnown(packet.lengthBytes, "its length", (bytes) => isWithin(bytes, range));
    },
  },
};

type Compare = (value: number, wanted: number) => boolean;

const hops =
  (compare: Compare) =>
  ([text = ""]: readonly string[]): Test | null => {
    const wanted = parseNumber(text);
    if (wanted === undefined) return null;
    return ({ packet }) => ofKnown(packet.hopLimit, "its hop limit", (value) => compare(value, wanted));
  };

const [equal, less, greater] = [hops((a, b) => a === b), hops((a, b) => a < b), hops((a, b) => a > b)];

export const hopLimit: MatchFamily = {
  names: ["ttl", "hl"],
  options: {
    ...{ "--ttl-eq": equal, "--ttl-lt": less, "--ttl-gt": greater },
    ...{ "--hl-eq": equal, "--hl-lt": less, "--hl-gt": greater },
  },
};

/** DSCP is the upper six bits. */
export const trafficClass: MatchFamily = {
  names: ["dscp", "tos"],
  options: {
    "--dscp": ([text = ""]) => {
      const wanted = parseNumber(text);
      if (wanted === undefined) return null;
      return ({ packet }) => ofKnown(packet.trafficClass, "its DSCP", (value) => value >> 2 === wanted);
    },
    "--tos": ([text = ""]) => {
      const [value = "", mask = "0xff"] = text.split("/");
      const [wanted, looked] = [parseNumber(value), parseNumber(mask)];
      if (wanted === undefined || looked === undefined) return null;
      return ({ packet }) => ofKnown(packet.trafficClass, "its TOS", (byte) => (byte & looked) === wanted);
    },
  },
};
