import { parseNumber } from "../../numbers.js";
import { hasOption, valueOf } from "../arguments.js";
import { goOn, passOn } from "./marks.js";
import type { MakeAction } from "./target.js";

/** `CT`: without tracking, or with settings that change nothing for rules. */
export const track: MakeAction = (options) =>
  hasOption(options, "--notrack") ? doNotTrack([]) : () => passOn();

export const doNotTrack: MakeAction =
  () =>
  ({ packet }) =>
    goOn(packet, { connection: { ...packet.connection, state: "untracked" } });

export const setHopLimit: MakeAction = (options) => {
  const [set, add, sub] = ["set", "inc", "dec"].map((way) =>
    parseNumber(valueOf(options, `--ttl-${way}`) ?? valueOf(options, `--hl-${way}`) ?? ""),
  );
  if (set === undefined && add === undefined && sub === undefined) return null;
  return ({ packet }) => {
    const { hopLimit } = packet;
    if (set !== undefined) return goOn(packet, { hopLimit: set });
    return goOn(packet, { hopLimit: hopLimit === null ? null : hopLimit + (add ?? 0) - (sub ?? 0) });
  };
};

export const setTrafficClass: MakeAction = (options) => {
  const dscp = parseNumber(valueOf(options, "--set-dscp") ?? "");
  return ({ packet }) =>
    goOn(packet, {
      trafficClass:
        dscp === undefined || packet.trafficClass === null ? null : (dscp << 2) | (packet.trafficClass & 3),
    });
};
