import type { Argv } from "../model/access.js";

/** What differs from one hop's tcpdump to the next: values where it is planned, words of a script where an agent runs it. */
interface TcpdumpWords {
  readonly flags: readonly string[];
  readonly interface: string;
  readonly snaplenBytes: string;
  readonly bufferKiB: string;
  readonly file: string;
  readonly filter: string;
}

/**
 * Packets come to tcpdump as they arrive, not in blocks up to a second old: what was captured is in the file soon after it
 * passed. The kernel's ring then has a slot of the snaplen for each packet, so that whole packets would leave it too few.
 */
export const IMMEDIATE = "--immediate-mode";
/** At most so many bytes of a packet are taken in immediate mode. */
export const MOST_IMMEDIATE_BYTES = 1024;

/** Without it tcpdump makes the interface promiscuous. */
export const NOT_PROMISCUOUS = "-p";

/** What enters a network namespace for the program behind it. */
export function enterWords(netns: string): readonly [string, string] {
  return ["nsenter", `--net=${netns}`];
}

/** Goes round in so many files of so many 10^6 bytes (tcpdump(8), -C and -W), the oldest of which is overwritten. */
export function ringWords({
  files,
  megabytes,
}: {
  readonly files: string;
  readonly megabytes: string;
}): Argv {
  return ["-C", megabytes, "-W", files];
}

/** The one spelling of a hop's tcpdump: the plan shows it, and the agent's script is made of it. */
export function tcpdumpWords(of: TcpdumpWords): Argv {
  const size = ["-s", of.snaplenBytes, "-B", of.bufferKiB];
  return [
    "tcpdump",
    "-Z",
    "root",
    "-n",
    // Each packet is in the file at once: it can be followed, and is there whatever becomes of tcpdump.
    "-U",
    ...of.flags,
    "-i",
    of.interface,
    ...size,
    "-w",
    of.file,
    "--",
    of.filter,
  ];
}
