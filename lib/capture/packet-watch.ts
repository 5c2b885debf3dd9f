import type { Argv } from "../model/access.js";
import type { CapturePoint } from "../model/points.js";
import { WATCHED_CHILD } from "../model/watched-child.js";
import { checkPath } from "./names.js";
import { enterWords, IMMEDIATE, NOT_PROMISCUOUS } from "./tcpdump.js";

/** What ps shows beside the script. */
export const PACKET_WATCH_NAME = "hopbook-capture-packet";
const [ENTER, ENTERED] = enterWords("$3");

/**
 * Waits for the first packet that fits a filter, and prints it, constant POSIX sh; every value is a positional argument:
 *   LEASE_SECONDS SECONDS NETNS_PATH|- INTERFACE FILTER
 * Before it tcpdump says "listening on"; what else it says is why it ended. Nothing is written to the node.
 */
export const PACKET_WATCH = `
lease=$1; seconds=$2
${WATCHED_CHILD}
enter=
[ "$3" = - ] || enter=${ENTER}
watched \${enter:+${ENTER}} \${enter:+"${ENTERED}"} \\
  tcpdump -Z root -n ${NOT_PROMISCUOUS} ${IMMEDIATE} -l -tt -c 1 -s 128 -i "$4" -- "$5"
`;

interface WatchTime {
  readonly leaseSeconds: number;
  readonly seconds: number;
}

export function planPacketWatch(
  { netns, interface: name, filter }: Pick<CapturePoint, "netns" | "interface" | "filter">,
  { leaseSeconds, seconds }: WatchTime,
): Argv {
  const place = netns.kind === "path" ? checkPath(netns.path) : "-";
  const words = [String(leaseSeconds), String(Math.ceil(seconds)), place, name, filter];
  return ["sh", "-c", PACKET_WATCH, PACKET_WATCH_NAME, ...words];
}

/** What a line of it means: it listens, a packet came, or (null) something else. */
export function readPacketWatch(line: string): "listening" | { readonly packet: string } | null {
  if (line.includes("listening on ")) return "listening";
  return /^[0-9]{1,12}\.[0-9]+ /.test(line) ? { packet: line } : null;
}
