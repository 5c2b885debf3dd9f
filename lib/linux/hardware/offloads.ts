import { linesOf } from "../lines.js";

/** `ethtool -k DEVICE`: whether each feature is on, as its driver has it now (ethtool(8)). */
export function parseOffloads(text: string): ReadonlyMap<string, boolean> {
  return new Map(
    linesOf(text).flatMap((line): (readonly [string, boolean])[] => {
      const [, name = "", state] = /^\s*([\w-]+): (on|off)(?: \[.*\])?$/.exec(line) ?? [];
      return state === undefined ? [] : [[name, state === "on"]];
    }),
  );
}

/** The driver's name by `ethtool -i DEVICE`; null where it does not say. */
export function parseDriver(text: string): string | null {
  return /^driver: (\S+)$/m.exec(text)?.[1] ?? null;
}

/** Of `uname -r`: 5.4.0-42-generic. null where it is none. */
export function parseKernelRelease(text: string): { readonly major: number; readonly minor: number } | null {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})\b/.exec(text.trim()) ?? [];
  return major === undefined ? null : { major: Number(major), minor: Number(minor) };
}
