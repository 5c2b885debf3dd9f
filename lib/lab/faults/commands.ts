import type { LabCommandResult } from "../enter.js";
import type { FaultPlace, FaultStep } from "./types.js";

const succeeded = (seen: LabCommandResult): boolean => seen.exitCode === 0;

/** A rule at the top of a chain, by the program of its family. `match` holds all but the chain. */
export function insertRule(
  place: FaultPlace,
  chain: string,
  { iptables, match }: { readonly iptables: string; readonly match: readonly string[] },
): FaultStep {
  const rule = (action: readonly string[]): { argv: string[] } => ({
    argv: [iptables, "-w", "5", ...action, ...match],
  });
  return {
    place,
    probe: rule(["-C", chain]),
    isOn: succeeded,
    on: [rule(["-I", chain, "1"])],
    off: [rule(["-D", chain])],
  };
}

/** An nftables table of its own, which goes as a whole. */
export function addTable(
  place: FaultPlace,
  table: { family: string; name: string; body: string },
): FaultStep {
  const { family, name, body } = table;
  return {
    place,
    probe: { argv: ["nft", "list", "table", family, name] },
    isOn: succeeded,
    on: [{ argv: ["nft", "-f", "-"], stdin: `table ${family} ${name} {\n${body}\n}\n` }],
    off: [{ argv: ["nft", "delete", "table", family, name] }],
  };
}

/** A kernel setting below /proc/sys, by its path with slashes. */
export function setSysctl(place: FaultPlace, key: string, values: { on: string; off: string }): FaultStep {
  const set = (value: string): { argv: string[] } => ({ argv: ["sysctl", "-q", "-w", `${key}=${value}`] });
  return {
    place,
    probe: { argv: ["sysctl", "-n", key] },
    isOn: (seen) => seen.stdout.trim() === values.on,
    on: [set(values.on)],
    off: [set(values.off)],
  };
}

/** Offloads of an interface that are switched off for the fault; all of them are on otherwise. */
export function disableOffloads(
  place: FaultPlace,
  device: string,
  features: Readonly<Record<string, string>>,
): FaultStep {
  const set = (value: "on" | "off"): { argv: string[] } => ({
    argv: ["ethtool", "-K", device, ...Object.keys(features).flatMap((feature) => [feature, value])],
  });
  const [shown = ""] = Object.values(features);
  return {
    place,
    probe: { argv: ["ethtool", "-k", device] },
    isOn: (seen) => seen.stdout.includes(`${shown}: off`),
    on: [set("off")],
    off: [set("on")],
  };
}
