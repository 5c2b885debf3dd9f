import { canonicalIp } from "../linux/address.js";
import { commandOf, type Netns, type Reading } from "../readings/reader.js";
import type { AuditWorld } from "./check.js";

interface Question {
  readonly to: string;
  /** By which the packet came in; null: it is the place's own. */
  readonly inDevice: string | null;
}

/** The kernel's answer to `ip route get`, also where it has none; undefined where it was not asked. */
export function askedRoute(
  { state }: AuditWorld,
  at: Netns,
  { to, inDevice }: Question,
): Reading | undefined {
  return state.readings(at, "route-get", { failed: true }).find(({ record }) => {
    const words = commandOf(record);
    const asked = words[words.indexOf("get") + 1] ?? "";
    const iif = words.includes("iif") ? (words[words.indexOf("iif") + 1] ?? "") : null;
    return canonicalIp(asked) === canonicalIp(to) && iif === inDevice;
  });
}

/** Whether the kernel refused the packet for the way back to its source: older ones say EXDEV, newer EINVAL as for a blackhole. */
export function isReversePathFailure(
  world: AuditWorld,
  at: Netns,
  { to, reading }: { readonly to: string; readonly reading: Reading },
): boolean {
  const { stderr, exitCode } = reading.record;
  if (exitCode === 0) return false;
  if (/cross-device/i.test(stderr)) return true;
  if (!/invalid argument/i.test(stderr) || !commandOf(reading.record).includes("iif")) return false;
  return askedRoute(world, at, { to, inDevice: null })?.record.exitCode === 0;
}
