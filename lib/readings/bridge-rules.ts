import { ipVersion } from "../linux/address.js";
import { BRIDGE_RULES, parseSysctl } from "../linux/sysctls.js";
import type { Netns, Reading, StateReader } from "./reader.js";

interface BridgeRules {
  readonly reading: Reading;
  /** Packets of one port that go to another pass the node's rules. */
  readonly asked: boolean;
  /** What says so. */
  readonly said: string;
  /** As sysctl(8) takes it. */
  readonly name: string;
}

/** A look names its keys, and what is missing then is not there; a file of a bundle has all. */
const isAskedFor = (key: string, argv: readonly string[]): boolean =>
  argv[0] !== "sysctl" || argv.includes(key);

/** Whether what bridges pass on to and from `ip` goes through the node's rules; null where that was not read. */
export function readBridgeRules(state: StateReader, at: Netns, ip: string): BridgeRules | null {
  const key = BRIDGE_RULES[ipVersion(ip)];
  const reading = state.readings(at, "sysctls").find(({ record: { argv } }) => isAskedFor(key, argv));
  if (reading === undefined) return null;
  const value = parseSysctl(reading.text).get(key);
  const said = value === undefined ? `${key} is not there: br_netfilter is not loaded` : `${key} is ${value}`;
  return { reading, asked: value === "1", said, name: key.replaceAll("/", ".") };
}
